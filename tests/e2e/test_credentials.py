"""Credentials that are fetched: from wherever AWS's users have them, renewed in time, and never a request without."""

import contextlib
import copy
import http.client
import itertools
import json
import threading
import time

import botocore.config
import botocore.exceptions
import botocore.session
import pytest

import envoy_config
import processes
from admin import Admin
from aws_endpoints import ACCOUNT, ROLES, Endpoints
from gateway import KEY
from settings import ROOT

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
ROLE = ACCOUNT + "bedrock"
FRAGMENT = envoy_config.read(ROOT / "envoy/credentials.yaml")["static_resources"]
NUMBERS = itertools.count(1)
STATIC = {"access_key_id": "ASIASTATIC", "secret_access_key": "static-secret", "session_token": "static-token"}
ASSUME = {"cluster": "sts", "role_arn": ROLE, "external_id": "external/1", "session_name": "gate+way@1"}


def container(uri="http://169.254.170.23/v1/credentials", cluster="pod-identity", **more):
    return {"container": {"cluster": cluster, "uri": uri} | more}


def web_identity():
    token = {"cluster": "token-files", "path": "/web-identity"}
    return {"web_identity": {"cluster": "sts", "role_arn": ROLE, "session_name": "pod", "token": token}}


FILE = {"cluster": "token-files", "path": "/pod-identity"}
SOURCES = {
    "container": container(),
    "container by token": container(authorization_token="pod-token"),
    "container by token file": container(authorization_token_file=FILE),
    "ecs": container("/v2/credentials/task-1", "ecs"),
    "instance": {"instance": {"cluster": "imds"}},
    "instance by role": {"instance": {"cluster": "imds", "role": "node-role"}},
    "web identity": web_identity(),
}


@pytest.fixture
def files(tmp_path):
    """The directory of the token files."""
    put(tmp_path / "eks-pod-identity-token", "pod-token\n")
    put(tmp_path / "token", "web.identity.token\n")
    return tmp_path


def put(path, text):
    """As Kubernetes does: the new file is there whole, in the place of the old one."""
    new = path.parent / f".{path.name}.{next(NUMBERS)}"
    new.write_text(text)
    new.rename(path)


@pytest.fixture
def endpoints(emulator):
    with Endpoints(emulator) as endpoints:
        endpoints.pod_token = None
        yield endpoints


def fragment(files, ports):
    """A patch: the sample's clusters, sending to `ports` by their names, and its token files."""

    def patch(config):
        resources = copy.deepcopy(FRAGMENT)
        socket = str(processes.RUN / f"files-{next(NUMBERS)}.sock")
        [listener] = resources["listeners"]
        listener["address"]["pipe"]["path"] = socket
        [manager] = listener["filter_chains"][0]["filters"]
        for route in manager["typed_config"]["route_config"]["virtual_hosts"][0]["routes"]:
            body = route["direct_response"]["body"]
            body["filename"] = str(files / body["filename"].rpartition("/")[2])
            body["watched_directory"]["path"] = str(files)
        for cluster in resources["clusters"]:
            [host] = envoy_config.hosts(cluster)
            if cluster["name"] == "token-files":
                host["endpoint"]["address"]["pipe"]["path"] = socket
                continue
            cluster["type"] = "STATIC"
            cluster.pop("transport_socket", None)
            port = ports if isinstance(ports, int) else ports[cluster["name"]]
            host["endpoint"]["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": port}
        for name, found in resources.items():
            config["static_resources"][name] += found

    return patch


@pytest.fixture
def start_with(world, files, endpoints, emulator):
    """Starts a gateway with these credentials."""
    with contextlib.ExitStack() as stack:

        def started(credentials, ready=True, ports=None, upstream=None, patch=None, changes=None, **how):
            own = fragment(files, ports or endpoints.port)

            def both(config):
                own(config)
                if patch:
                    patch(config)

            changes = {"credentials": credentials} | (changes or {})
            gateway = world.start_gateway(upstream or emulator.endpoint, changes=changes, patch=both, **how)
            stack.callback(world.end_gateways, [gateway])
            if ready:
                until(lambda: chat(gateway)[0] == 200)
            return gateway

        yield started


def chat(gateway):
    with gateway.connection() as connection:
        answer = connection.chat(BODY)
    return answer.status, answer.json


def until(ready, seconds=10):
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def signed_by(request):
    return request["headers"]["authorization"].split("Credential=")[1].split("/")[0]


def log_of(gateway):
    return gateway.log


@pytest.mark.parametrize("source", SOURCES)
def test_a_request_is_signed_with_what_the_source_gives(source, start_with, endpoints, emulator):
    endpoints.pod_token = "pod-token" if "token" in source else None
    start_with(SOURCES[source])
    [made] = endpoints.issued
    request = emulator.requests()[-1]
    assert (signed_by(request), request["status"]) == (made["access_key_id"], 200)
    assert request["headers"]["x-amz-security-token"] == made["session_token"]
    paths = {
        "container": ["/v1/credentials"],
        "ecs": ["/v2/credentials/task-1"],
        "instance": ["/latest/api/token", ROLES, ROLES + "node-role"],
        "instance by role": ["/latest/api/token", ROLES + "node-role"],
        "web identity": ["/"],
    }
    assert [path for _, path, _, _ in endpoints.seen] == paths[source.split(" by token")[0]]
    hosts = {"container": "169.254.170.23", "ecs": "169.254.170.2", "instance": "169.254.169.254"}
    host = hosts.get(source.split(" ")[0], "sts.us-east-1.amazonaws.com")
    envoys = {"x-envoy-internal", "x-envoy-expected-rq-timeout-ms", "x-forwarded-proto", "x-request-id"}
    for method, path, headers, _ in endpoints.seen:
        assert headers["host"] == host and "x-forwarded-for" not in headers
        own = headers.keys() - envoys - {"host", "content-length", "accept"}
        if source.startswith("instance"):
            name = "x-aws-ec2-metadata-token" + ("-ttl-seconds" if method == "PUT" else "")
            assert own == {name}
        elif source == "web identity":
            assert own == {"content-type"}
        else:
            assert own == ({"authorization"} if endpoints.pod_token else set())


@pytest.mark.parametrize("xml", [False, True])
@pytest.mark.parametrize("source", ["static", "container", "instance", "web identity"])
def test_a_role_is_assumed_on_top_of_any_source(source, xml, start_with, endpoints, emulator):
    known = {**STATIC, "expires": int(time.time()) + 3600}
    endpoints.secrets[STATIC["access_key_id"]] = known
    endpoints.external_id = "external/1"
    endpoints.xml = xml
    start_with(SOURCES.get(source, STATIC) | {"assume_role": ASSUME | {"duration_seconds": 1800}})
    assert signed_by(emulator.requests()[-1]) == endpoints.issued[-1]["access_key_id"]
    _, _, headers, body = endpoints.seen[-1]
    base = STATIC if source == "static" else endpoints.issued[-2]
    assert f"Credential={base['access_key_id']}/" in headers["authorization"]
    for part in ["RoleSessionName=gate%2Bway%401", "DurationSeconds=1800", "ExternalId=external%2F1"]:
        assert part in body.split("&")


def test_one_gateway_serves_two_accounts_and_fails_over_between_them(world, start_with, emulator):
    """The first account knows only the first region's credentials, the second only the second's."""
    west = world.start_emulator(region="us-west-2")
    regions = {"us-east-1": emulator.endpoint, "us-west-2": west.endpoint}
    model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    with Endpoints(emulator) as first, Endpoints(west) as second:
        targets = [
            {"model": model, "region": "us-east-1"},
            {"model": model, "region": "us-west-2", "credentials": SOURCES["web identity"] | {"assume_role": ASSUME}},
        ]
        second.external_id = "external/1"
        ports = {"pod-identity": first.port, "ecs": first.port, "imds": second.port, "sts": second.port}
        changes = {"models": [{"name": "gpt-4o", "targets": targets}]}
        gateway = start_with(
            SOURCES["container"], ports=ports, upstream=regions, sample="failover", changes=changes, workers=2
        )
        until(lambda: len(second.issued) == 2)
        assert signed_by(emulator.requests()[-1]) == first.issued[0]["access_key_id"]
        emulator.faults("error=ThrottlingException")
        try:
            until(lambda: chat(gateway)[0] == 200)
            for _ in range(20):
                assert chat(gateway)[0] == 200
        finally:
            emulator.faults()
        assert {signed_by(request) for request in west.requests()} == {second.issued[-1]["access_key_id"]}
        assert {signed_by(request) for request in emulator.requests()} == {first.issued[0]["access_key_id"]}
        assert len(west.requests()) >= 20


def test_ten_renewals_under_load_fail_no_request(start_with, endpoints, running_emulator):
    # The endpoints share a processor with the load: their four calls may take a second, of the two that there are.
    endpoints.life = 10
    gateway = start_with(SOURCES["instance"] | {"assume_role": ASSUME}, workers=2)
    callers, least, renewals = 4, 10_000, 10
    statuses, stop = [], threading.Event()
    begun = len(endpoints.issued) // 2

    def call():
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        body = json.dumps(BODY)
        while not stop.is_set():
            connection.request("POST", "/v1/chat/completions", body, headers)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: len(statuses) >= least and len(endpoints.issued) // 2 - begun > renewals, 300)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert set(statuses) == {200}, {status: statuses.count(status) for status in set(statuses)}
    # The emulator lets nobody in whose credentials are unknown or have expired; and each set but the last was used.
    used = endpoints.used()
    assert sum(used.values()) >= len(statuses)
    assert len([count for count in used.values() if count > 0]) > renewals


@pytest.mark.parametrize("left", [-1, 3600])
def test_the_emulator_lets_in_whom_it_was_told_of_until_they_expire(emulator, endpoints, left):
    endpoints.life = left
    made = endpoints.issue("test")
    names = {"aws_access_key_id": "access_key_id", "aws_secret_access_key": "secret_access_key"}
    names |= {"aws_session_token": "session_token"}
    client = botocore.session.get_session().create_client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=emulator.endpoint.url,
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
        **{name: made[own] for name, own in names.items()},
    )
    said = [{"role": "user", "content": [{"text": "hello"}]}]
    if left > 0:
        client.converse(modelId="us.amazon.nova-pro-v1:0", messages=said)
        return
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client.converse(modelId="us.amazon.nova-pro-v1:0", messages=said)
    assert caught.value.response["Error"]["Code"] == "ExpiredTokenException"


def test_until_there_are_credentials_the_answer_is_503(start_with, endpoints, emulator):
    endpoints.stop()
    gateway = start_with(SOURCES["container"], ready=False, workers=2)
    until(lambda: "not fetched" in log_of(gateway))
    for _ in range(5):
        status, body = chat(gateway)
        assert (status, body["error"]["code"], body["error"]["type"]) == (503, "credentials_unavailable", "server_error")
    assert emulator.requests() == []
    log = log_of(gateway)
    assert "credentials: not fetched, and there are none: the container endpoint (cluster 'pod-identity')" in log
    assert "credentials: the credentials are not there yet: requests get 503" in log
    endpoints.start()
    until(lambda: chat(gateway)[0] == 200)
    assert "credentials: fetched again after" in log_of(gateway)


def test_while_renewals_fail_what_is_there_is_used_until_it_ends(start_with, endpoints, emulator):
    endpoints.life = 9
    gateway = start_with(SOURCES["web identity"], workers=2)
    [made] = endpoints.issued
    endpoints.trouble = (500, "text/plain", "trouble")
    # Renewal begins after six seconds at the latest, and nothing may be used in the last.
    while time.time() < made["expires"] - 1.2:
        assert chat(gateway)[0] == 200
        time.sleep(0.02)
    assert "credentials: not renewed: STS (cluster 'sts', role" in log_of(gateway)
    until(lambda: chat(gateway)[0] == 503)
    count = len(emulator.requests())
    for _ in range(10):
        assert chat(gateway)[1]["error"]["code"] == "credentials_unavailable"
    assert "credentials: the credentials have expired: requests get 503" in log_of(gateway)
    # What has expired is never sent.
    assert len(emulator.requests()) == count
    endpoints.trouble = None
    until(lambda: chat(gateway)[0] == 200, 20)
    assert "credentials: fetched again after" in log_of(gateway)


def test_a_token_file_that_changes_is_read_again(start_with, endpoints, files):
    endpoints.life = 9
    endpoints.pod_token = "pod-token"
    gateway = start_with(SOURCES["container by token file"])
    endpoints.pod_token = "another-token"
    put(files / "eks-pod-identity-token", "another-token")
    tokens = lambda: {headers.get("authorization") for _, _, headers, _ in endpoints.seen}  # noqa: E731
    until(lambda: "another-token" in tokens())
    until(lambda: len(endpoints.issued) > 1)
    assert chat(gateway)[0] == 200


TROUBLE = {
    "neither XML nor JSON": ((200, "text/html", "<html><body>hello"), "answered with neither XML nor JSON"),
    "nothing in it": ((200, "application/json", "{}"), "answered without a good key id"),
    "an error": ((500, "text/plain", "oops"), "answered 500"),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_an_answer_of_stss_that_is_none_is_told(trouble, start_with, endpoints, emulator):
    endpoints.trouble, told = TROUBLE[trouble]
    gateway = start_with(SOURCES["web identity"], ready=False)
    until(lambda: told in log_of(gateway))
    assert chat(gateway)[1]["error"]["code"] == "credentials_unavailable"
    assert emulator.requests() == []


def test_a_role_that_cannot_be_assumed_is_told_and_nobody_else_is_used(start_with, endpoints, emulator):
    endpoints.external_id = "another"
    gateway = start_with(SOURCES["instance"] | {"assume_role": ASSUME}, ready=False)
    until(lambda: f"answered 403: AccessDenied: not authorized to perform: sts:AssumeRole on resource: {ROLE}" in log_of(gateway))
    assert chat(gateway)[1]["error"]["code"] == "credentials_unavailable"
    # The base's own credentials would have been let in.
    assert endpoints.issued and emulator.requests() == []


def test_a_cluster_that_is_not_there_is_told(start_with, emulator):
    gateway = start_with({"instance": {"cluster": "nowhere"}}, ready=False)
    until(lambda: "credentials: not fetched, and there are none: there is no cluster 'nowhere'" in log_of(gateway))
    assert chat(gateway)[1]["error"]["code"] == "credentials_unavailable"


def test_workers_share_what_one_has_fetched(start_with, endpoints, emulator):
    gateway = start_with(SOURCES["container"], workers=4)
    for _ in range(40):
        assert chat(gateway)[0] == 200
    time.sleep(1)
    assert len(endpoints.issued) == 1
    assert {signed_by(request) for request in emulator.requests()} == {endpoints.issued[0]["access_key_id"]}


def test_workers_share_renewals(start_with, endpoints):
    endpoints.life = 6
    gateway = start_with(SOURCES["container"], workers=4)
    begun = time.monotonic()
    until(lambda: len(endpoints.issued) >= 4, 30)
    # Each lives five seconds or six; none is renewed before half of that is over.
    assert time.monotonic() - begun > 3 * 2.5
    assert chat(gateway)[0] == 200


def test_no_log_line_and_no_error_tells_a_secret(start_with, endpoints):
    """Whatever the other side says, and at the level `debug`."""
    endpoints.life = 4
    endpoints.external_id = "external/1"
    credentials = SOURCES["container by token file"] | {"assume_role": ASSUME}
    gateway = start_with(credentials, wasm_log="debug")
    answers = []
    # These errors repeat what was sent.
    for change in [{"pod_token": "another"}, {"pod_token": None, "external_id": "another"}]:
        for name, value in change.items():
            setattr(endpoints, name, value)
        until(lambda: chat(gateway)[0] == 503, 20)
        answers.append(json.dumps(chat(gateway)[1]))
        endpoints.pod_token, endpoints.external_id = None, "external/1"
        until(lambda: chat(gateway)[0] == 200, 40)
    text = log_of(gateway) + "".join(answers)
    assert "credentials: fetched, good for" in text and "credentials: not renewed" in text
    for made in endpoints.issued:
        assert made["secret_access_key"] not in text and made["session_token"] not in text
    assert "pod-token" not in text and "external/1" not in text


def test_metrics_tell_when_credentials_came_and_when_they_last_failed(start_with, endpoints):
    admin = Admin()

    def states():
        return {name: value for (name, labels), value in admin.series().items() if ("account", "credentials") in labels}

    endpoints.trouble = 500, "text/plain", "no"
    begun = int(time.time())
    gateway = start_with(SOURCES["container"], ready=False, patch=admin)
    until(lambda: states().get("bedrock_credentials_failures", 0) >= 1)
    failed = states()
    assert begun <= failed["bedrock_credentials_failed"] <= time.time()
    assert failed.keys() == {"bedrock_credentials_failed", "bedrock_credentials_failures"}
    endpoints.trouble = None
    until(lambda: states()["bedrock_credentials_failures"] == 0, 20)
    found = states()
    assert failed["bedrock_credentials_failed"] <= found["bedrock_credentials_failed"] <= found["bedrock_credentials_fetched"] <= time.time()
    assert found["bedrock_credentials_expires"] == endpoints.issued[-1]["expires"] and chat(gateway)[0] == 200
