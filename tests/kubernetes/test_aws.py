"""What AWS is asked for: CloudFormation takes it, and the role may do what the filter calls and nothing else."""

import re
import subprocess

import yaml

from settings import ROOT

TEMPLATE = ROOT / "deploy/aws/gateway.yaml"


def test_cloudformation_finds_nothing_to_say():
    command = [ROOT / "target/venv/bin/cfn-lint", "--regions", "us-east-1", "eu-central-1", "--", TEMPLATE]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


class Tags(yaml.SafeLoader):
    """Reads CloudFormation's tags as what they are given."""


def tagged(loader, _, node):
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


Tags.add_multi_constructor("!", tagged)


def test_the_role_may_do_what_the_documentation_says_that_the_filter_calls():
    role = yaml.load(TEMPLATE.read_text(), Tags)["Resources"]["Role"]["Properties"]
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    allowed = set()
    for statement in statements:
        actions = statement["Action"]
        allowed |= {actions} if isinstance(actions, str) else set(actions)
    page = (ROOT / "docs/operations.md").read_text() + (ROOT / "docs/kubernetes.md").read_text()
    documented = set(re.findall(r"`(bedrock:[A-Z]\w+)`", page))
    # Keys of Bedrock's are not what a role is for.
    assert allowed == documented - {"bedrock:CallWithBearerToken"}
