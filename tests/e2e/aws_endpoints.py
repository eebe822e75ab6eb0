"""What AWS gives credentials by, on one port: the container endpoint, EC2's instance metadata, and STS.

It is as strict as AWS where that matters to a caller, gives credentials that live for seconds, and tells the Bedrock
emulator of each, so that only what was issued and has not expired is let in.
"""

import contextlib
import datetime
import http.server
import json
import re
import secrets
import threading
import time
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

import ports
from threaded import ThreadedServer

ROLES = "/latest/meta-data/iam/security-credentials/"
ACCOUNT = "arn:aws:iam::123456789012:role/"


class Refused(Exception):
    def __init__(self, status, code, message=""):
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class Endpoints:
    def __init__(self, *emulators, life=3600):
        self.emulators, self.life = emulators, life
        self.port = ports.hold()
        self.seen = []
        self.issued = []
        self.secrets = {}
        self.sessions = set()
        # What callers have to know, and what is wrong.
        self.pod_token = None
        self.web_token = "web.identity.token"
        self.role_name = "node-role"
        self.external_id = None
        # Roles whose trust policy lacks `sts:TagSession`, and the sessions that there are, by their key ids.
        self.untagged = set()
        self.assumed = {}
        self.forbidden = set()
        self.xml = False
        self.trouble = None
        self.http = None
        self.lock = threading.Lock()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        endpoints = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    status, kind, answer = endpoints.answer(self.command, self.path, headers, body.decode())
                    self.send_response(status)
                    self.send_header("content-type", kind)
                    self.send_header("content-length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer.encode())

            do_GET = do_PUT = do_POST = handle_any

            def log_message(self, *_):
                pass

        self.http = ThreadedServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self):
        if self.http:
            self.http.shutdown()
            self.http.server_close()
            self.http = None

    def answer(self, method, path, headers, body):
        with self.lock:
            self.seen.append((method, path, headers, body))
            try:
                if self.trouble is not None:
                    return self.trouble
                if method == "PUT" and path == "/latest/api/token":
                    return self.imds_token(headers)
                if method == "GET" and path.startswith(ROLES):
                    return self.imds(path.removeprefix(ROLES), headers)
                if method == "GET" and path.startswith(("/v1/credentials", "/v2/credentials/")):
                    return self.container(headers)
                if method == "POST" and path == "/":
                    return self.sts(headers, body)
                raise Refused(404, "NotFound")
            except Refused as refused:
                error = {"Error": {"Code": refused.code, "Message": refused.message, "Type": "Sender"}}
                if self.xml:
                    inner = f"<Code>{refused.code}</Code><Message>{refused.message}</Message>"
                    return refused.status, "text/xml", f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>"
                return refused.status, "application/json", json.dumps(error | {"code": refused.code})

    def issue(self, by):
        """New credentials, which the emulators take from now on until they expire."""
        number = len(self.issued)
        made = {
            "access_key_id": f"ASIA{by.upper()}{number}{secrets.token_hex(4).upper()}",
            "secret_access_key": secrets.token_urlsafe(30),
            "session_token": secrets.token_urlsafe(100) + "==",
            "expires": int(time.time()) + self.life,
        }
        self.issued.append(made)
        self.secrets[made["access_key_id"]] = made
        for emulator in self.emulators:
            assert emulator.call("POST", "/_emulator/credentials", made) == b""
        return made

    def container(self, headers):
        # Whoever is asked through a proxy is not asked by the container.
        if "x-forwarded-for" in headers:
            raise Refused(403, "Forwarded")
        if self.pod_token is not None and headers.get("authorization") != self.pod_token:
            raise Refused(403, "AccessDeniedException", f"{headers.get('authorization')} is wrong")
        return 200, "application/json", json.dumps(metadata(self.issue("pod")) | {"AccountId": "123456789012"})

    def imds_token(self, headers):
        if "x-forwarded-for" in headers or not 1 <= int(headers["x-aws-ec2-metadata-token-ttl-seconds"]) <= 21600:
            raise Refused(403, "Forbidden")
        token = secrets.token_urlsafe(40)
        self.sessions.add(token)
        return 200, "text/plain", token

    def imds(self, role, headers):
        if headers.get("x-aws-ec2-metadata-token") not in self.sessions:
            raise Refused(401, "Unauthorized")
        if role == "":
            return 200, "text/plain", self.role_name
        if role != self.role_name:
            raise Refused(404, "NotFound")
        return 200, "application/json", json.dumps({"Code": "Success"} | metadata(self.issue("ec2")))

    def sts(self, headers, body):
        assert headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"
        form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
        assert form.pop("Version") == "2011-06-15"
        action, arn = form["Action"], form["RoleArn"]
        if action == "AssumeRole":
            self.check_signature(headers, body)
            if self.external_id is not None and form.get("ExternalId") != self.external_id:
                raise Refused(403, "AccessDenied", f"not authorized to perform: sts:AssumeRole on resource: {arn}")
        elif form.get("WebIdentityToken") != self.web_token:
            raise Refused(400, "InvalidIdentityToken", f"{form['WebIdentityToken']} is not valid")
        if arn in self.forbidden:
            raise Refused(403, "AccessDenied", f"not authorized to perform: sts:{action} on resource: {arn}")
        session = form["RoleSessionName"]
        if not re.fullmatch(r"[\w+=,.@-]{2,64}", session, re.ASCII):
            raise Refused(400, "ValidationError", "Value at 'roleSessionName' failed to satisfy constraint")
        tags = tags_of(form)
        if tags and arn in self.untagged:
            raise Refused(403, "AccessDenied", f"not authorized to perform: sts:TagSession on resource: {arn}")
        made = self.issue("sts" if action == "AssumeRole" else "web")
        self.assumed[made["access_key_id"]] = (arn, session, tags)
        credentials = {
            "AccessKeyId": made["access_key_id"],
            "SecretAccessKey": made["secret_access_key"],
            "SessionToken": made["session_token"],
            "Expiration": made["expires"] + 0.0,
        }
        if headers.get("accept") == "application/json" and not self.xml:
            found = {f"{action}Response": {f"{action}Result": {"Credentials": credentials}}}
            return 200, "application/json", json.dumps(found)
        credentials["Expiration"] = iso(made["expires"])
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in credentials.items())
        text = f"<Credentials>{inner}</Credentials>"
        text = f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>{text}'
        return 200, "text/xml", f"{text}</{action}Result></{action}Response>"

    def check_signature(self, headers, body):
        """Signs the request a second time, as botocore does."""
        given = headers["authorization"]
        key, _, region, service, _ = given.split("Credential=")[1].split(",")[0].split("/")
        known = self.secrets.get(key)
        if known is None or headers.get("x-amz-security-token") != known["session_token"]:
            raise Refused(403, "InvalidClientTokenId")
        if known["expires"] <= time.time():
            raise Refused(403, "ExpiredToken")
        names = given.split("SignedHeaders=")[1].split(",")[0].split(";")
        signed = {name: headers[name] for name in names}
        request = botocore.awsrequest.AWSRequest("POST", f"http://{headers['host']}/", signed, body.encode())
        request.context["timestamp"] = headers["x-amz-date"]
        keys = botocore.credentials.Credentials(key, known["secret_access_key"])
        signer = botocore.auth.SigV4Auth(keys, "sts", "us-east-1")
        text = signer.string_to_sign(request, signer.canonical_request(request))
        is_whole = {"host", "x-amz-date", "content-type"} <= set(names) and (region, service) == ("us-east-1", "sts")
        if not is_whole or not given.endswith("Signature=" + signer.signature(text, request)):
            raise Refused(403, "SignatureDoesNotMatch", f"The signature of {known['session_token']} is wrong.")

    def used(self):
        """How many requests the emulators were sent with each of the credentials."""
        lists = [json.loads(emulator.call("GET", "/_emulator/credentials")) for emulator in self.emulators]
        own = {made["access_key_id"] for made in self.issued}
        entries = [entry for found in lists for entry in found if entry["access_key_id"] in own]
        return {entry["access_key_id"]: entry["requests"] for entry in entries}


def tags_of(form):
    """The tags of a session, as AWS takes them: numbered from 1 without a gap, at most 50, names alike by no letter's size."""
    tags = {}
    given = {name for name in form if name.startswith("Tags.")}
    while (name := f"Tags.member.{len(tags) + 1}.Key") in given:
        value = name.removesuffix("Key") + "Value"
        key, text = form[name], form.get(value, "")
        given -= {name, value}
        is_good = re.fullmatch(r"[\w\s.:/=+@-]{1,128}", key) and re.fullmatch(r"[\w\s.:/=+@-]{0,256}", text)
        if not is_good or key.lower() in {known.lower() for known in tags}:
            raise Refused(400, "ValidationError", f"Value at '{name}' failed to satisfy constraint")
        tags[key] = text
    if given or len(tags) > 50:
        raise Refused(400, "ValidationError", "Value at 'tags' failed to satisfy constraint")
    return tags


def metadata(made):
    return {
        "AccessKeyId": made["access_key_id"],
        "SecretAccessKey": made["secret_access_key"],
        "Token": made["session_token"],
        "Expiration": iso(made["expires"]),
    }


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
