"""The Bedrock emulator: what it has seen and what it has recorded."""

import http.client
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import processes
import service_model
from settings import ROOT, Endpoint

TOKEN = "emulator-token"


def without_points(blocks):
    """Blocks of a body without the cache points among them."""
    return [block for block in blocks if "cachePoint" not in block]


@dataclass
class Emulator:
    endpoint: Endpoint
    process: processes.Process
    records: Path
    checked: set = field(default_factory=set)
    leaks: int = 0

    @classmethod
    def start(cls, name, options=(), region="us-east-1", port=0):
        program = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release/bedrock-emulator"
        records = processes.RUN / f"{name}-records"
        process = processes.Process(name, [program, "--port", port, "--record", records, *options], {"EMULATOR_REGION": region})
        try:
            return cls(Endpoint.parse(processes.emulator_url(process)), process, records)
        except BaseException:
            process.__exit__()
            raise

    def call(self, method, path, body=None):
        """Asks the emulator itself, past the gateway."""
        connection = http.client.HTTPConnection(self.endpoint.host, self.endpoint.port, timeout=10)
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        connection.request(method, path, body and json.dumps(body), headers)
        answer = connection.getresponse().read()
        connection.close()
        return answer

    def faults(self, directives=""):
        """Faults of every request from now on; none where nothing is said."""
        connection = http.client.HTTPConnection(self.endpoint.host, self.endpoint.port, timeout=10)
        connection.request("POST", "/_emulator/faults", directives)
        assert connection.getresponse().status == 200
        connection.close()

    def change(self, **changes):
        """Models and profiles come and go: see the emulator's page. Without any, all is as at the start."""
        answer = self.call("POST", "/_emulator/models", changes) if changes else self.call("DELETE", "/_emulator/models")
        assert answer == b"", answer

    def forget(self):
        self.call("DELETE", "/_emulator/requests")

    def requests(self):
        """Every request since `forget`."""
        return json.loads(self.call("GET", "/_emulator/requests"))

    def request(self):
        """The one request since `forget`."""
        [request] = self.requests()
        return request

    def body(self):
        """The body of the one request since `forget`."""
        return self.request()["body"]

    def health(self):
        return json.loads(self.call("GET", "/_emulator/health"))

    def count(self):
        """How many requests it was ever sent."""
        return self.health()["requests"]

    def unsound(self, may_refuse):
        """What is wrong with the requests that came since the last time."""
        found = []
        before, self.leaks = self.leaks, self.health()["leaks"]
        if self.leaks > before:
            found.append("headers came that must not reach Bedrock: the log has `leak:`")
        names = set(os.listdir(self.records)) - self.checked
        self.checked |= names
        for name in sorted(names):
            path = self.records / name
            record = json.loads(path.read_text())
            if not record["accepted"] and not may_refuse:
                found.append(f"Bedrock refused {record['modelId']}: {record['error']}: {record['body']}")
            if record["accepted"]:
                found += [f"{problem}: {record['body']}" for problem in service_model.of_record(record)]
        return found
