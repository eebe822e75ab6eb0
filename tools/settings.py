"""The environment variables of `make run`, read and completed once."""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
EMULATOR_KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEMULATOR", "AWS_SECRET_ACCESS_KEY": "emulator-secret"}
CREDENTIALS = [*EMULATOR_KEYS, "AWS_SESSION_TOKEN"]
RUNTIME_URL, CONTROL_URL = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL_BEDROCK"


class Problem(Exception):
    """Something that the person at the keyboard can put right; the text says how."""


@dataclass(frozen=True)
class Endpoint:
    """Where requests go: `http(s)://host[:port]`."""

    tls: bool
    host: str
    port: int

    @classmethod
    def parse(cls, url):
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        tls = parts.scheme == "https"
        extra = parts.path.strip("/") or parts.query or parts.username
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or extra:
            raise Problem(f"not an endpoint: {url!r}; it looks like https://host or http://host:port")
        return cls(tls, parts.hostname, port or (443 if tls else 80))

    @property
    def url(self):
        """As configuration and signature want it: without a port that goes without saying."""
        scheme, default = ("https", 443) if self.tls else ("http", 80)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}" + (f":{self.port}" if self.port != default else "")

    @property
    def is_address(self):
        try:
            return bool(ipaddress.ip_address(self.host))
        except ValueError:
            return False


@dataclass(frozen=True)
class Settings:
    """What was asked for. `runtime` and `control` are None where the emulator is to serve, `port` where any will do."""

    port: int | None
    environment: dict
    runtime: Endpoint | None
    control: Endpoint | None
    filter_config: Path | None
    envoy_config: Path = ROOT / "envoy/envoy.yaml"
    has_page: bool = False

    @property
    def api_key(self):
        return self.environment["API_KEY"]

    @classmethod
    def read(cls, environment=os.environ):
        # An empty variable is one that is not set: make passes those on.
        given = {name: value for name, value in environment.items() if value}
        variables = {"API_KEY": "bedrock", "AWS_REGION": "us-east-1"} | given
        if given.get("BEDROCK", "aws") != "aws":
            raise Problem(f"BEDROCK={given['BEDROCK']}: the only value is aws; leave it out for the emulator")
        if "BEDROCK" in given:
            runtime, control = aws_endpoints(variables["AWS_REGION"])
            variables = with_aws_credentials(variables)
        else:
            runtime = parsed(given.get(RUNTIME_URL))
            control = parsed(given.get(CONTROL_URL)) or runtime
            variables = with_emulator_credentials(variables)
        filter_config = Path(given["FILTER_CONFIG"]) if "FILTER_CONFIG" in given else None
        envoy_config = Path(given.get("ENVOY_CONFIG", cls.envoy_config))
        port = port_number(given["PORT"]) if "PORT" in given else None
        has_page = given.get("UI", "0") != "0"
        return cls(port, variables, runtime, control, filter_config, envoy_config, has_page)


def port_number(text):
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Problem(f"PORT={text}: not a port")
    return int(text)


def parsed(url):
    return Endpoint.parse(url) if url else None


def with_emulator_credentials(variables):
    """Half a key pair is none."""
    if all(name in variables for name in EMULATOR_KEYS):
        return variables
    return {name: value for name, value in variables.items() if name not in CREDENTIALS} | EMULATOR_KEYS


def aws_endpoints(region):
    """The region's own, or what the SDK's variables (endpoint, FIPS, dual stack) make of them."""
    import botocore.exceptions
    import botocore.session

    session = botocore.session.get_session()
    try:
        clients = [session.create_client(name, region_name=region) for name in ("bedrock-runtime", "bedrock")]
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        raise Problem(f"AWS_REGION={region}: {error}") from error
    return [Endpoint.parse(client.meta.endpoint_url) for client in clients]


def with_aws_credentials(variables):
    """A Bedrock API key, or whatever keys the SDK finds: variables, profile, single sign-on, role."""
    if "AWS_BEARER_TOKEN_BEDROCK" in variables:
        return variables
    import botocore.exceptions
    import botocore.session

    try:
        found = botocore.session.get_session().get_credentials()
        keys = found and found.get_frozen_credentials()
    except botocore.exceptions.BotoCoreError as error:
        raise Problem(f"no AWS credentials: {error}") from error
    if not keys:
        raise Problem(
            "BEDROCK=aws needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a Bedrock API "
            "key in AWS_BEARER_TOKEN_BEDROCK, or log in with the AWS CLI"
        )
    values = {name: value for name, value in zip(CREDENTIALS, keys[:3], strict=True) if value}
    return {name: value for name, value in variables.items() if name not in CREDENTIALS} | values
