"""Callers without a key: a token that Envoy has verified, or the client's certificate."""

import base64
import hashlib
import hmac
import http.client
import json
import ssl
import subprocess
import time

import pytest

import aws_client
import processes
import wire
from gateway import KEY

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
TYPE = "type.googleapis.com/envoy.extensions."
SECRET = b"a secret of the issuer's, of 32 b"
ISSUER = "https://login.example"
IDENTITIES = [
    {"name": "alice", "claim": {"path": ["sub"], "is": "alice"}},
    {"name": "analysts", "claim": {"path": ["realm", "roles"], "has": "analyst"}, "models": ["nova-lite"]},
    {"name": "robots", "claim": {"path": ["sub"], "is": "robot-*"}, "endpoints": ["embeddings"]},
    {"name": "indexer", "san": "spiffe://cluster.local/ns/search/*"},
]


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(secret=SECRET, issuer=ISSUER, expires=3600, **claims):
    claims |= {"iss": issuer, "exp": int(time.time()) + expires}
    parts = [encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signature = hmac.new(secret, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, encoded(signature)])


def signed(name, authority, subject):
    """A certificate with this URI, and its key."""
    paths = [processes.RUN / f"{name}.{kind}" for kind in ("pem", "key", "csr")]
    certificate, key, request = map(str, paths)
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", key]
    if authority is None:
        subprocess.run([*new, "-x509", "-days", "2", "-out", certificate], check=True, capture_output=True)
        return certificate, key
    subprocess.run([*new, "-out", request], check=True, capture_output=True)
    extension = processes.RUN / f"{name}.ext"
    extension.write_text(f"subjectAltName=URI:{subject}\n")
    sign = ["openssl", "x509", "-req", "-in", request, "-CA", authority[0], "-CAkey", authority[1], "-CAcreateserial"]
    subprocess.run([*sign, "-days", "2", "-extfile", extension, "-out", certificate], check=True, capture_output=True)
    return certificate, key


@pytest.fixture(scope="module")
def authority():
    return signed("authority", None, None)


@pytest.fixture(scope="module")
def gateway(start, authority):
    def patch(config):
        [listener] = config["static_resources"]["listeners"]
        for chain in listener["filter_chains"]:
            [manager] = chain["filters"]
            manager["typed_config"]["http_filters"].insert(0, tokens())
        context = listener["filter_chains"][1]["transport_socket"]["typed_config"]
        context["require_client_certificate"] = True
        context["common_tls_context"]["validation_context"] = {"trusted_ca": {"filename": authority[0]}}

    plain = aws_client.over_tls()

    def both(config):
        plain(config)
        patch(config)

    techniques = {"cluster": "gateway", "default": "re2"}
    return start(changes={"identities": IDENTITIES, "techniques": techniques}, patch=both, workers=2)


def tokens():
    jwks = {"keys": [{"kty": "oct", "alg": "HS256", "k": encoded(SECRET)}]}
    provider = {
        "issuer": ISSUER,
        "local_jwks": {"inline_string": json.dumps(jwks)},
        "payload_in_metadata": "payload",
        "forward": True,
    }
    either = {"requires_any": {"requirements": [{"provider_name": "company"}, {"allow_missing_or_failed": {}}]}}
    return {
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": TYPE + "filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": {"company": provider},
            "rules": [{"match": {"prefix": "/"}, "requires": either}],
        },
    }


def chat(gateway, key, **more):
    with gateway.connection(key=key) as connection:
        return connection.chat(BODY | more)


@pytest.mark.parametrize(
    ("claims", "name", "model"),
    [
        ({"sub": "alice"}, "alice", "gpt-4o"),
        ({"sub": "bob", "realm": {"roles": ["x", "analyst"]}}, "analysts", "nova-lite"),
    ],
)
def test_a_verified_token_says_who_calls(gateway, emulator, claims, name, model):
    assert chat(gateway, token(**claims), model=model).status == 200
    request = emulator.request()
    assert request["body"]["requestMetadata"]["api_key"] == name
    assert "eyJ" not in json.dumps(request["headers"])


def test_what_calls_the_gateway_itself_repeats_the_token(gateway):
    for more, choices in [({"n": 2}, 2), ({"optillm_approach": "moa"}, 1), ({}, 1)]:
        answer = chat(gateway, token(sub="alice"), **more)
        assert answer.status == 200 and len(answer.json["choices"]) == choices, answer


def test_an_identity_is_held_to_its_rules(gateway, running_emulator):
    before = running_emulator.count()
    for claims, code in [
        ({"sub": "bob", "realm": {"roles": ["analyst"]}}, "model_not_allowed"),
        ({"sub": "robot-7"}, "endpoint_not_allowed"),
    ]:
        answer = chat(gateway, token(**claims))
        assert (answer.status, answer.error["code"]) == (403, code)
    assert running_emulator.count() == before


@pytest.mark.parametrize(
    "given",
    [
        token(b"a secret of nobody's, of 32 byte", sub="alice"),
        token(issuer="https://evil.example", sub="alice"),
        token(expires=-3600, sub="alice"),
        token(sub="mallory"),
        token(sub="Alice"),
        token(sub=["alice"]),
        token(sub="x", realm={"roles": "analyst"}),
        token(sub="x", realm=["analyst"]),
        token(sub="x", realm={"roles": {"analyst": "yes"}}),
        token(sub="x", realm={"roles": {"analyst": ""}}),
        token(sub="alice") + "x",
        "no-token-and-no-key",
        None,
    ],
)
def test_what_proves_nothing_is_let_in_by_nobody(gateway, running_emulator, given):
    before = running_emulator.count()
    answer = chat(gateway, given)
    assert (answer.status, answer.error["code"]) == (401, "invalid_api_key")
    assert running_emulator.count() == before


def test_keys_are_still_keys(gateway):
    assert chat(gateway, KEY).status == 200


def over_tls(gateway, certificate):
    context = ssl.create_default_context(cafile=str(aws_client.certificate()[0]))
    if certificate:
        context.load_cert_chain(*certificate)
    connection = wire.Connection.__new__(wire.Connection)
    connection.key, connection.opened = None, 1
    connection.http = http.client.HTTPSConnection("127.0.0.1", gateway.port, timeout=20, context=context)
    return connection


def test_a_certificate_says_who_calls(gateway, emulator, authority):
    uri = "spiffe://cluster.local/ns/search/sa/indexer"
    with over_tls(gateway, signed("indexer", authority, uri)) as connection:
        assert connection.chat(BODY).status == 200
    assert emulator.request()["body"]["requestMetadata"]["api_key"] == "indexer"


def test_what_only_a_certificate_proves_makes_no_calls_to_the_gateway_itself(gateway, emulator, authority):
    uri = "spiffe://cluster.local/ns/search/sa/indexer"
    with over_tls(gateway, signed("alone", authority, uri)) as connection:
        # A default is gone without.
        assert connection.chat(BODY).status == 200 and len(emulator.requests()) == 1
        answer = connection.chat(BODY | {"optillm_approach": "moa"})
        assert (answer.status, answer.error["code"]) == (403, "technique_not_allowed")
        # A bearer that proves nothing is none that can be repeated.
        answer = connection.chat(BODY | {"optillm_approach": "moa"}, {"authorization": "Bearer anything"})
        assert (answer.status, answer.error["code"]) == (403, "technique_not_allowed")
        assert connection.chat(BODY | {"n": 2}).status == 400
    assert len(emulator.requests()) == 1


def test_another_certificate_or_none_says_nothing(gateway, running_emulator, authority):
    before = running_emulator.count()
    uri = "spiffe://cluster.local/ns/other/sa/indexer"
    with over_tls(gateway, signed("other", authority, uri)) as connection:
        answer = connection.chat(BODY)
        assert (answer.status, answer.error["code"]) == (401, "invalid_api_key")
    stranger = signed("stranger-authority", None, None)
    uri = "spiffe://cluster.local/ns/search/sa/indexer"
    for certificate in (signed("stranger", stranger, uri), None):
        with over_tls(gateway, certificate) as connection, pytest.raises((ssl.SSLError, OSError)):
            connection.chat(BODY)
    assert running_emulator.count() == before
