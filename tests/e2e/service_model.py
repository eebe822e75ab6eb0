"""Checks Converse bodies against AWS's own service model, as botocore ships it.

    python tests/e2e/service_model.py FILE...

Each FILE holds a Converse body, or a record of one: an object with a `body` and, where known, the `modelId` and the
`operation`; or a golden case: an object with a `request`, its `model`, and the `converse` that it becomes.
"""

import base64
import binascii
import functools
import json
import re
import sys
from pathlib import Path

import botocore.loaders
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

MODEL_ID = "amazon.nova-lite-v1:0"  # for bodies that come without


def problems(body, operation="Converse", model_id=MODEL_ID):
    """What is wrong with the body, a line each; nothing where AWS's client would send it."""
    shape = service().operation_model(operation).input_shape
    found = []
    parameters = decode(body, shape, operation, found)
    if isinstance(parameters, dict):
        parameters["modelId"] = model_id
        report = ParamValidator().validate(parameters, shape)
        found += report.generate_report().splitlines() if report.has_errors() else []
    return found


@functools.cache
def service():
    return ServiceModel(botocore.loaders.create_loader().load_service_model("bedrock-runtime", "service-2"))


def decode(value, shape, place, found):
    """JSON as it is on the wire becomes what botocore is called with: members by their own names, bytes for base64.

    What botocore does not look at is looked at here: patterns, enumerations and upper limits.
    """
    if getattr(shape, "is_document_type", False):
        return value
    if value is None:
        found.append(f"{place}: null")
        return value
    kind = shape.type_name
    decoder = {"structure": structure, "list": items, "map": entries, "blob": blob}.get(kind)
    if decoder:
        value = decoder(value, shape, place, found)
    limits(value, shape, place, found)
    return value


def structure(value, shape, place, found):
    if not isinstance(value, dict):
        return value
    wire = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
    decoded = {}
    for name, inner in value.items():
        # A name that is not there stays, for botocore to complain about.
        own, member = wire.get(name, (name, None))
        decoded[own] = decode(inner, member, f"{place}.{name}", found) if member else inner
    return decoded


def items(value, shape, place, found):
    if not isinstance(value, list):
        return value
    return [decode(item, shape.member, f"{place}[{at}]", found) for at, item in enumerate(value)]


def entries(value, shape, place, found):
    if not isinstance(value, dict):
        return value
    for name in value:
        limits(name, shape.key, f"{place}: the name {name!r}", found)
    return {name: decode(inner, shape.value, f"{place}.{name}", found) for name, inner in value.items()}


def blob(value, _, place, found):
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        found.append(f"{place}: not base64")
        return b"-"


def limits(value, shape, place, found):
    rules = shape.metadata
    size = value if isinstance(value, int | float) else len(value)
    if "max" in rules and size > rules["max"]:
        found.append(f"{place}: {size} is more than {rules['max']}")
    if isinstance(value, str):
        if rules.get("enum") and value not in rules["enum"]:
            found.append(f"{place}: {value!r} is none of {rules['enum']}")
        # botocore ships patterns and hides them.
        pattern = shape._shape_model.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            found.append(f"{place}: {value!r} does not match {pattern}")


def of_record(content):
    """The problems of a file's content; none where it holds no Converse body, as an embedding or a refusal."""
    if "request" in content:
        body, model_id = content.get("converse"), content["model"]
        operation = "ConverseStream" if content["request"].get("stream") is True else "Converse"
    else:
        body, model_id = content.get("body", content), content.get("modelId", MODEL_ID)
        operation = content.get("operation", "Converse")
        # By its name, or by the last segment of its path.
        operation = {"converse": "Converse", "converse-stream": "ConverseStream"}.get(operation, operation)
        if operation not in service().operation_names:
            return [f"{operation}: no such operation"]
    if body is None or operation not in ("Converse", "ConverseStream"):
        return []
    return problems(body, operation, model_id)


def main(paths):
    failed = False
    for path in paths:
        for problem in of_record(json.loads(Path(path).read_text())):
            failed = True
            print(f"{path}: {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
