"""Mints an API key: prints it once, and the entry of `api_keys` that has its hash alone."""

import argparse
import datetime
import hashlib
import json
import re
import secrets

MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def mint():
    """A key of 256 random bits, in letters that no shell or header minds."""
    return f"sk-{secrets.token_urlsafe(32)}"


def entry(name, key, team=None, models=None, expires_at=None):
    """The entry of `api_keys`, in YAML."""
    lines = [f"- name: {json.dumps(name)}", f"  sha256: {hashlib.sha256(key.encode()).hexdigest()}"]
    if team:
        lines.append(f"  team: {json.dumps(team)}")
    if models:
        lines.append(f"  models: {json.dumps(models)}")
    if expires_at:
        lines.append(f"  expires_at: {json.dumps(expires_at.strftime(MOMENT))}")
    return "\n".join(lines)


def days(text):
    if not re.fullmatch(r"[1-9]\d{0,4}", text):
        raise argparse.ArgumentTypeError("a number of days, such as 90")
    return datetime.timedelta(days=int(text))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="what logs and Bedrock's invocation log call the caller")
    parser.add_argument("--team", help="one of 'teams'")
    parser.add_argument("--model", action="append", dest="models", help="a model that the key may use; once for each")
    parser.add_argument("--days", type=days, help="for how many days the key is good")
    given = parser.parse_args(arguments)
    if not given.name or not given.name.isprintable():
        parser.error("a name must not be empty, nor have control characters")
    now = datetime.datetime.now(datetime.timezone.utc)
    key = mint()
    print(f"The key, for its holder; it is kept nowhere and not shown again:\n\n{key}\n")
    print("What goes into 'api_keys':\n")
    print(entry(given.name, key, given.team, given.models, now + given.days if given.days else None))


if __name__ == "__main__":
    main()
