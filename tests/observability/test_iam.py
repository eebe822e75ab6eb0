"""The IAM policies: JSON, actions that AWS has, rights on named resources only, and each explained."""

import json
import re

import botocore.session
import pytest

from metrics import ROOT

POLICIES = sorted((ROOT / "deploy/iam").glob("*.json"))
# Actions that are no operation of the service (Service Authorization Reference).
ONLY_ACTIONS = {"bedrock:CallWithBearerToken", "sts:TagSession"}
# Actions that know no resource (the same).
WITHOUT_RESOURCE = {"bedrock:ListFoundationModels", "bedrock:ListInferenceProfiles", "bedrock:CallWithBearerToken"}
ARN = re.compile(r"arn:aws:(bedrock|iam):[a-z0-9*-]*:(\d{12}|\*|):[a-z-]+/[\w.*:-]+")
PARTS = {"Sid", "Effect", "Action", "Resource", "NotResource", "Condition", "Principal"}
KEYS = {
    "aws:RequestedRegion",
    "aws:ResourceTag/team",
    "bedrock:GuardrailIdentifier",
    "bedrock:InferenceProfileArn",
    "bedrock:bearerTokenType",
    "sts:ExternalId",
    "sts:RoleSessionName",
}


def each(value):
    return value if isinstance(value, list) else [value]


def known_actions():
    session = botocore.session.get_session()
    services = {"bedrock": "bedrock", "bedrock-runtime": "bedrock", "sts": "sts"}
    operations = {
        f"{prefix}:{name}" for service, prefix in services.items() for name in session.get_service_model(service).operation_names
    }
    return operations | ONLY_ACTIONS


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_a_policy_is_one_that_aws_has_words_for(path):
    policy = json.loads(path.read_text())
    assert policy.keys() == {"Version", "Statement"} and policy["Version"] == "2012-10-17"
    known = known_actions()
    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(set(sids)) == len(sids) and all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
    for statement in policy["Statement"]:
        assert statement.keys() <= PARTS and statement["Effect"] in ("Allow", "Deny")
        is_deny = statement["Effect"] == "Deny"
        for action in each(statement["Action"]):
            assert action in known or (is_deny and action == "bedrock:*"), action
        for resource in each(statement.get("Resource", [])) + each(statement.get("NotResource", [])):
            is_all = is_deny or set(each(statement["Action"])) <= WITHOUT_RESOURCE
            assert ARN.fullmatch(resource) or (resource == "*" and is_all), resource
        for operator, conditions in statement.get("Condition", {}).items():
            assert re.fullmatch("String(Not)?(Equals|Like)", operator) and conditions.keys() <= KEYS, (operator, conditions)
        assert ("Principal" in statement) == path.stem.endswith("-trust")


def test_what_is_allowed_is_never_all_models_without_a_condition():
    for path in POLICIES:
        for statement in json.loads(path.read_text())["Statement"]:
            for resource in each(statement.get("Resource", [])):
                if statement["Effect"] == "Allow" and resource.endswith("foundation-model/*"):
                    assert "bedrock:InferenceProfileArn" in str(statement["Condition"]), path


def test_each_policy_is_explained():
    page = (ROOT / "docs/iam.md").read_text()
    named = re.findall(r"^\| \[([\w-]+)\.json\]\(\.\./deploy/iam/\1\.json\)", page, re.MULTILINE)
    assert sorted(named) == sorted(path.stem for path in POLICIES)


def test_residency_lets_nothing_out():
    """By the ARNs as they are: what the policy does not deny stays in the EU."""
    policy = json.loads((ROOT / "deploy/iam/residency.json").read_text())
    [models] = [each(found["NotResource"]) for found in policy["Statement"] if "NotResource" in found]

    def is_denied(arn):
        return not any(re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), arn) for pattern in models)

    account = "123456789012"
    for arn, denied in [
        ("arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0", False),
        (f"arn:aws:bedrock:eu-west-1:{account}:inference-profile/eu.amazon.nova-pro-v1:0", False),
        (f"arn:aws:bedrock:eu-west-1:{account}:inference-profile/global.amazon.nova-2-lite-v1:0", True),
        (f"arn:aws:bedrock:us-east-1:{account}:inference-profile/us.amazon.nova-pro-v1:0", True),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", True),
        # What a global profile leads to has no region.
        ("arn:aws:bedrock:::foundation-model/amazon.nova-2-lite-v1:0", True),
        (f"arn:aws:bedrock:eu-west-1:{account}:application-inference-profile/abc", True),
    ]:
        assert is_denied(arn) == denied, arn
