"""Envoy's own counts, by its admin interface."""

import http.client
import json
import re
import time
import urllib.parse

import ports

LINE = re.compile(r'^(\w+?)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Admin:
    """A patch that opens the interface, and what it tells then."""

    def __init__(self):
        self.port = ports.hold()

    def __call__(self, config):
        config["admin"] = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": self.port}}}

    def ask(self, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status == 200, (path, body)
        return body

    def stats(self, pattern):
        """Counts by their names, of those that fit."""
        body = self.ask("GET", f"/stats?format=json&filter={urllib.parse.quote(pattern)}")
        return {found["name"]: found["value"] for found in json.loads(body)["stats"] if "value" in found}

    def series(self):
        """All series of the filter's, by name and labels, as Prometheus reads them."""
        found = {}
        for line in self.ask("GET", "/stats/prometheus").decode().splitlines():
            if line.startswith("bedrock_"):
                name, labels, value = LINE.match(line).groups()
                found[name, frozenset(LABEL.findall(labels or ""))] = float(value)
        return found

    def settled(self, name, is_good=lambda count: count == 0, patience=20):
        """A count once it is good, or what it is after `patience` seconds."""
        deadline = time.monotonic() + patience
        while not is_good(value := self.stats(f"^{name}$").get(name, 0)) and time.monotonic() < deadline:
            time.sleep(0.02)
        return value
