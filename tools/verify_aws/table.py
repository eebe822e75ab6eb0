"""The filter's table of families, as `tests/verify_aws.rs` writes it."""

import functools
import json
import re
from pathlib import Path

PREFIX = re.compile(r"^(?:us|us-gov|eu|apac|jp|au|ca|in|uk|me|af|sa|mx|il|global)\.")


@functools.cache
def rows():
    return json.loads(Path(__file__).with_name("table.json").read_text())


def find(model):
    """The row of the longest beginning that fits; None where no row knows the model."""
    base = PREFIX.sub("", model.rsplit("/", 1)[-1])
    fitting = [(len(id), row) for row in rows() for id in row["ids"] if base.startswith(id)]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def row(model):
    """What the row says that the model takes, by capability; nothing where there is none."""
    found = find(model)
    return found["takes"] if found else {}


def sources(model, capability):
    """Who says so, in the row itself or in those that it is like."""
    found = find(model)
    while found:
        if capability in found["sources"]:
            return found["sources"][capability]
        found = next((row for row in rows() if row["name"] == found["like"]), None)
    return []
