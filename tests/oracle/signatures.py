"""What AWS's own client signs: writes tests/golden/signatures.json from botocore.

Every case is a real call on a real botocore client, endpoint rules, serialiser and signer included; only the
clock is set and the request is caught just before it would be sent. `--check` writes nothing and fails when
the file is not what botocore says today.
"""

import argparse
import datetime
import difflib
import json
import os
import sys
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

GOLDEN = Path(__file__).parents[1] / "golden" / "signatures.json"

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull

import botocore.session  # noqa: E402  (reads the environment)
from botocore.awsrequest import AWSResponse  # noqa: E402
from botocore.config import Config  # noqa: E402

# The example keys of AWS's documentation, and some that need care.
LASTING = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
TEMPORARY = {
    "access_key_id": "ASIAIOSFODNN7EXAMPLE",
    "secret_access_key": "c+x/P0W=r==wJalr+XUtnFEMI//K7MDENG+bPxRf",
    "session_token": "IQoJb3JpZ2luX2VjEJv//////////wEaCXVzLWVhc3QtMSJ+a/b=c==" + "Ab9+/" * 40 + "==",
}
LOCAL = {"access_key_id": "test", "secret_access_key": "=", "session_token": "t"}

NOVA = "us.amazon.nova-pro-v1:0"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6"
NOON = "2026-11-22T12:00:00Z"

MODELS = {
    "plain": "amazon.titan-text-lite-v1",
    "colon": NOVA,
    "two colons": "anthropic.claude-3-haiku-20240307-v1:0:200k",
    "profile ARN": PROFILE,
    "model ARN of China": "arn:aws-cn:bedrock:cn-north-1::foundation-model/amazon.nova-lite-v1:0",
    "deployment ARN": "arn:aws:sagemaker:us-west-2:123456789012:endpoint/my_endpoint-1",
    "unreserved": "aZ09-._~",
    "reserved": "!$&'()*+,;=:@/?#[]",
    "not for URLs": ' "%<>\\^`{|}',
    "encoded already": "nova%3A0%2F",
    "doubled and trailing slashes": "//a//b/",
    "dots inside": "a/../b/./c",
    "other scripts": "modèle-模型-😀",
    "control characters": "a\r\nx-amz-date: 1\t\x7f",
    "long": "m" * 1000,
}
REGIONS = [
    "us-east-1", "us-west-2", "eu-central-1", "eu-west-3", "ap-northeast-1", "ap-southeast-5", "ca-central-1",
    "sa-east-1", "me-central-1", "il-central-1", "mx-central-1", "af-south-1", "us-gov-east-1", "us-gov-west-1",
    "cn-north-1", "cn-northwest-1", "eusc-de-east-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1",
    "us-isof-south-1",
]  # fmt: skip
TIMES = [
    "1970-01-01T00:00:00Z", "2000-02-29T00:00:00Z", "2015-08-30T12:36:00Z", "2024-02-28T23:59:59Z",
    "2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z",
    "2100-02-28T23:59:59Z", "2100-03-01T00:00:00Z", "9999-12-31T23:59:59Z",
]  # fmt: skip
BODIES = {
    "empty": {"text": ""},
    "ASCII": {"text": '{"inputText": "Hello, world!"}'},
    "UTF-8": {"text": '{"inputText": "Grüße, 世界 🌍"}'},
    "all bytes": {"bytes": 256},
    "one SHA-256 block": {"bytes": 64},
    "100 KB": {"bytes": 102_400},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the file, write nothing")
    check = parser.parse_args().check
    golden = json.dumps([result(**case) for case in cases()], indent=1, ensure_ascii=True) + "\n"
    if not check:
        GOLDEN.write_text(golden)
        return 0
    found = GOLDEN.read_text()
    sys.stdout.writelines(difflib.unified_diff(found.splitlines(True), golden.splitlines(True), str(GOLDEN), "botocore"))
    return int(found != golden)


def cases():
    """Each case varies one thing; the last ones cross them."""
    for label, model in MODELS.items():
        yield case(f"model id: {label}", model=model)
    for region in REGIONS:
        yield case(f"region: {region}", region=region)
    for region in ["us-west-2", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"]:
        for fips, dual_stack in [(True, False), (False, True), (True, True)]:
            label = f"endpoint: {region}{' fips' * fips}{' dual-stack' * dual_stack}"
            yield case(label, region=region, fips=fips, dual_stack=dual_stack)
    for endpoint in ["http://127.0.0.1:9100", "https://vpce-1a2b.example.com", "https://gateway.example:8443"]:
        yield case(f"endpoint: {endpoint}", endpoint=endpoint)
    for time in TIMES:
        yield case(f"time: {time}", time=time)
    for label, credentials in {"temporary": TEMPORARY, "local": LOCAL}.items():
        yield case(f"credentials: {label}", credentials=credentials)
    for label, body in BODIES.items():
        yield case(f"body: {label}", operation="invoke_model", body=body)
    for content_type in ["application/json; charset=utf-8", "application/json;  two  spaces", "text/plain"]:
        yield case(f"content type: {content_type}", operation="invoke_model", content_type=content_type)
    yield case("operation: stream", operation="converse_stream")
    yield case("operation: count tokens", operation="count_tokens")
    yield case("operation: list models", operation="list_foundation_models", arguments={})
    yield case(
        "operation: list models, filtered",
        operation="list_foundation_models",
        arguments={"byProvider": "Amazon Web", "byOutputModality": "TEXT", "byInferenceType": "ON_DEMAND"},
    )
    yield case(
        "operation: list profiles",
        operation="list_inference_profiles",
        arguments={"nextToken": "a+b/c==&d e%2F~é", "typeEquals": "APPLICATION", "maxResults": 1000},
        credentials=TEMPORARY,
    )
    crossed = zip(MODELS.items(), REGIONS[-len(MODELS) :], (TIMES * 2), strict=False)
    for (label, model), region, time in crossed:
        yield case(
            f"crossed: {label}, {region}, {time}",
            operation="invoke_model_with_response_stream",
            model=model,
            region=region,
            time=time,
            credentials=TEMPORARY,
            body={"bytes": 1000 + len(model)},
        )


def case(name, **changes):
    return {"name": name, "credentials": LASTING, "region": "us-east-1", "time": NOON, "operation": "converse"} | changes


def result(name, credentials, region, time, operation, fips=False, dual_stack=False, endpoint=None, model=NOVA, **more):
    """The case, and the request that botocore would send for it."""
    control_plane = operation.startswith("list_")
    arguments = more.get("arguments") or arguments_of(operation, model, more)
    client = client_for(credentials, region, fips, dual_stack, endpoint, control_plane)
    request = sent(client, operation, arguments, time)
    url = urlsplit(request.url)
    headers = {name.lower(): text(value) for name, value in request.headers.items()}
    return {
        "name": name,
        "credentials": credentials,
        "region": region,
        "endpoint": None if endpoint else {"control_plane": control_plane, "fips": fips, "dual_stack": dual_stack},
        "unix_time": int(moment(time).timestamp()),
        "model": None if control_plane else model,
        "request": {
            "method": request.method,
            "host": url.netloc,
            "path": url.path,
            "query": url.query,
            "content_type": headers.get("content-type"),
            "body": more.get("body") or {"text": text(request.body or b"")},
        },
        "signed": {name: headers[name] for name in SIGNED if name in headers},
    }


SESSION = botocore.session.get_session()
SIGNED = ["authorization", "x-amz-date", "x-amz-security-token"]
MESSAGES = [{"role": "user", "content": [{"text": "Grüße!"}]}]


def arguments_of(operation, model, more):
    match operation:
        case "converse" | "converse_stream":
            return {"modelId": model, "messages": MESSAGES}
        case "count_tokens":
            return {"modelId": model, "input": {"converse": {"messages": MESSAGES}}}
        case "invoke_model" | "invoke_model_with_response_stream":
            content_type = more.get("content_type", "application/json")
            return {"modelId": model, "contentType": content_type, "body": body_of(more.get("body", BODIES["ASCII"]))}
        case _:
            return {}


def body_of(body):
    """A body is a text or, by its length alone, bytes that tests/signatures.rs makes in the same way."""
    if "text" in body:
        return body["text"].encode()
    return bytes((i * 167 + (i >> 8)) & 0xFF for i in range(body["bytes"]))


def client_for(credentials, region, fips, dual_stack, endpoint, control_plane):
    return SESSION.create_client(
        "bedrock" if control_plane else "bedrock-runtime",
        region_name=region,
        aws_access_key_id=credentials["access_key_id"],
        aws_secret_access_key=credentials["secret_access_key"],
        aws_session_token=credentials.get("session_token"),
        endpoint_url=endpoint,
        config=Config(use_fips_endpoint=fips, use_dualstack_endpoint=dual_stack, retries={"total_max_attempts": 1}),
    )


def sent(client, operation, arguments, time):
    """Calls the client and catches what it would send."""
    caught = []

    def catch(request, **_):
        caught.append(request)
        return AWSResponse(request.url, 200, {}, Raw())

    client.meta.events.register("before-send.*.*", catch)
    with mock.patch("botocore.auth.get_current_datetime", lambda: moment(time)):
        getattr(client, operation)(**arguments)
    [request] = caught
    return request


class Raw:
    """An empty answer."""

    def stream(self, **_):
        yield b"{}"


def moment(time):
    return datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)


def text(value):
    return value.decode() if isinstance(value, bytes | bytearray) else value


if __name__ == "__main__":
    sys.exit(main())
