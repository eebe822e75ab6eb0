"""The metrics of docs/metrics.md, by their names, and those of Envoy's own that are looked at."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
OBSERVABILITY = ROOT / "envoy/observability"
# | `bedrock_requests` | counter | caller, team | …
ROW = re.compile(r"^\| `(bedrock_\w+)` \| (\w+) \| ([^|]*)\|", re.MULTILINE)
OF_ENVOY = {"up", "ALERTS", "envoy_server_memory_physical_size"}
NAME = re.compile(r"\b(?:bedrock_\w+|envoy_\w+)\b")


def metrics():
    """Kind and labels of each."""
    rows = ROW.findall((ROOT / "docs/metrics.md").read_text())
    return {name: (kind, re.findall(r"`(\w+)`", labels)) for name, kind, labels in rows}


def series():
    """All names that Prometheus gets: a histogram has three."""
    found = set(OF_ENVOY)
    for name, (kind, _) in metrics().items():
        found |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return found


def names(expression):
    """The metrics that an expression asks for."""
    return set(NAME.findall(expression))
