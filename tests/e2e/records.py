"""What becomes of requests in Envoy's access log."""

import itertools
import json
import time

import processes

TYPE = "type.googleapis.com/envoy.extensions.access_loggers."
NUMBERS = itertools.count(1)
PATIENCE = 20  # seconds


class Records:
    """A patch: each request's record becomes a line of a file of its own."""

    def __init__(self):
        self.name = f"records-{next(NUMBERS)}.jsonl"
        self.read = 0

    @property
    def path(self):
        return processes.RUN / self.name

    def __call__(self, config):
        [listener] = config["static_resources"]["listeners"]
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        line = {
            "usage": "%TYPED_CEL(filter_state['wasm.bedrock.usage'])%",
            "line": "%FILTER_STATE(wasm.bedrock.record:PLAIN)%",
            "caller": "%FILTER_STATE(wasm.bedrock.caller:PLAIN)%",
            "team": "%CEL(filter_state['wasm.bedrock.team'])%",
            "span": "%FILTER_STATE(wasm.bedrock.span:PLAIN)%",
            "details": "%RESPONSE_CODE_DETAILS%",
            "flags": "%RESPONSE_FLAGS%",
            "id": "%REQ(X-REQUEST-ID)%",
        }
        manager.setdefault("access_log", []).append(
            {
                "name": "records",
                "typed_config": {
                    "@type": TYPE + "file.v3.FileAccessLog",
                    "path": str(self.path),
                    "log_format": {"json_format": line},
                },
            }
        )

    def forget(self):
        """What was written until now is of no interest."""
        time.sleep(0.3)
        self.take()

    def take(self):
        text = self.path.read_text() if self.path.exists() else ""
        lines = text[self.read :].splitlines()
        whole = [line for line in lines if line.endswith("}")]
        self.read += sum(len(line) + 1 for line in whole)
        return [self.one(json.loads(line)) for line in whole]

    @staticmethod
    def one(line):
        """A line, whose record as text is the same as Envoy makes of the Struct."""
        text = line.pop("line")
        assert (json.loads(text) if text else None) == line["usage"]
        return line

    def lines(self, count=1):
        """The lines that were written since, once there are so many, but for health's."""
        found, until = [], time.monotonic() + PATIENCE
        while len(found) < count:
            assert time.monotonic() < until, f"{count} lines awaited, and there are {found}"
            time.sleep(0.05)
            found += [line for line in self.take() if line["usage"] is not None]
        # Each request has one, and no more.
        time.sleep(0.15)
        found += [line for line in self.take() if line["usage"] is not None]
        assert len(found) == count, found
        return found

    def records(self, count=1):
        return [line["usage"] for line in self.lines(count)]

    def record(self):
        [record] = self.records()
        return record
