"""`make check CONFIG=file.yaml`: what the filter would say of a configuration, without starting anything.

The file is a configuration of the filter, or has some: a configuration of Envoy's, manifests of Kubernetes. The judge is the filter's own
loader, built for this machine (crates/check-configuration); here is found what it judges, and in which line is what it says.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import places
from envoy_config import VARIABLE
from settings import ROOT, Problem, with_emulator_credentials

JUDGE = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/check-configuration"
WITHOUT_DEFAULT = r"\$\{(\w+)\}"
# What is taken for variables that `make run` and AWS's platforms set; for others a text that no two have, and no shorter than a key.
IN_PLACE = {
    "BEDROCK_ENDPOINT": "http://127.0.0.1:9100",
    "BEDROCK_CONTROL_ENDPOINT": "http://127.0.0.1:9100",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/0",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/example",
}


def main(paths):
    try:
        return max([check(Path(path)) for path in paths])
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1


def check(path):
    """Prints what there is to say of a file; 1 where the filter would refuse it, else 0."""
    found = places.read(path)
    environment = with_emulator_credentials({"AWS_REGION": "us-east-1"} | {k: v for k, v in os.environ.items() if v})
    given = [variables(written, environment) for written in found]
    told = []
    for written, (_, missing), verdict in zip(found, given, judged(found, given), strict=True):
        told += of_plugin(written, missing, verdict)
    told += differences(found)
    # The same of both roles, where they share what is written.
    told = list(dict.fromkeys(told))
    for line, severity, text in sorted(told):
        print(f"{path}:{line}: {severity}{text}", file=sys.stderr)
    if any(not severity for _, severity, _ in told):
        return 1
    missing = sorted({name for _, names in given for name in names})
    if missing:
        print(f"{path}: not set here, so anything was taken for them: {' '.join(missing)}")
    print(f"{path}: {len(found)} configuration{'s' * (len(found) > 1)}, as the filter takes them")
    return 0


def variables(written, environment):
    """What the filter would be given for the variables that are named, and those of them that are not set here."""
    text = json.dumps(written.value())
    seen = written.let_through if written.role is not None else set(VARIABLE.findall(text))
    values = {name: environment[name] for name in seen if name in environment} | written.fixed
    missing = {name for name in re.findall(WITHOUT_DEFAULT, text) if name in seen and name not in values}
    return values | {name: IN_PLACE.get(name, f"in-the-place-of-{name}") for name in missing}, missing


def judged(found, given):
    if not JUDGE.exists():
        raise Problem(f"{JUDGE} is missing: start this with `make check`")
    plugins = [
        {"role": written.role, "configuration": written.value(), "variables": values}
        for written, (values, _) in zip(found, given, strict=True)
    ]
    done = subprocess.run([JUDGE], input=json.dumps(plugins), capture_output=True, text=True)
    if done.returncode:
        raise Problem(done.stderr.strip())
    return json.loads(done.stdout)


def of_plugin(written, missing, verdict):
    """(line, severity, text) of each thing there is to say."""
    for path, line in written.twice():
        yield line, "", f"{path}: written twice"
    if error := verdict["error"]:
        there = json.dumps(written.value(error["path"])) if error["path"] else ""
        names = [name for name in sorted(missing) if f"${{{name}}}" in there]
        about = f" ({', '.join(names)}: not set here; set what belongs there)" if names else ""
        yield written.line(error["path"]), "", joined(error) + about
    for warning in verdict["warnings"]:
        yield written.line(warning["path"]), "warning: ", joined(warning)


def joined(told):
    return ": ".join(filter(None, (told["path"], told["reason"])))


def differences(found):
    """Roles that share a VM, and have not the same configuration."""
    first = {}
    for written in found:
        other = first.setdefault(written.vm_id, written)
        if other.role != written.role and "fetch" not in (other.role, written.role) and other.value() != written.value():
            text = f"{written.role}: not the configuration of the role {other.role} in line {other.line()}"
            yield written.line(), "warning: ", text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
