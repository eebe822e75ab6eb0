"""AWS's own client, pointed at a gateway as its users point it: an endpoint URL and a token in the environment. It sends a
token over TLS only."""

import contextlib
import copy
import functools
import os
import subprocess
from unittest import mock

import botocore.session
from botocore.config import Config

import processes
from gateway import KEY

TYPE = "type.googleapis.com/envoy.extensions."


@functools.cache
def certificate():
    """Of 127.0.0.1, and its key."""
    found = processes.RUN / "certificate.pem", processes.RUN / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-out", found[0], "-keyout", found[1]], check=True, capture_output=True)
    return found


@functools.cache
def over_tls(patch=None):
    """A patch: the sample's listener, after another patch, speaks TLS as well to clients that do."""

    def patched(config):
        if patch:
            patch(config)
        [listener] = config["static_resources"]["listeners"]
        [plain] = listener["filter_chains"]
        chain, key = ({"filename": str(path)} for path in certificate())
        tls = copy.deepcopy(plain) | {"filter_chain_match": {"transport_protocol": "tls"}}
        tls["transport_socket"] = {
            "name": "tls",
            "typed_config": {
                "@type": TYPE + "transport_sockets.tls.v3.DownstreamTlsContext",
                "common_tls_context": {"tls_certificates": [{"certificate_chain": chain, "private_key": key}]},
            },
        }
        listener["filter_chains"].append(tls)
        inspector = {"@type": TYPE + "filters.listener.tls_inspector.v3.TlsInspector"}
        listener["listener_filters"] = [{"name": "tls_inspector", "typed_config": inspector}]

    return patched


@contextlib.contextmanager
def bedrock(gateway, key=KEY):
    """A client of bedrock-runtime that never tries again."""
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=20)
    with mock.patch.dict(os.environ, {"AWS_BEARER_TOKEN_BEDROCK": key}):
        client = botocore.session.Session().create_client(
            "bedrock-runtime",
            region_name="eu-south-1",  # the gateway knows better
            endpoint_url=f"https://127.0.0.1:{gateway.port}",
            verify=str(certificate()[0]),
            config=config,
        )
        # It reads the token when it first needs it.
        yield client
        client.close()
