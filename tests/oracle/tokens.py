"""What AWS's own generator mints: writes tests/golden/tokens.json from aws-bedrock-token-generator.

Only the clock is set. `--check` writes nothing and fails when the file is not what the generator says today.
"""

import argparse
import datetime
import difflib
import itertools
import json
import sys
from pathlib import Path
from unittest import mock

from signatures import LASTING, LOCAL, REGIONS, TEMPORARY, TIMES, moment

from aws_bedrock_token_generator import provide_token
from botocore.credentials import Credentials

GOLDEN = Path(__file__).parents[1] / "golden" / "tokens.json"
LIFETIMES = [1, 60, 900, 3_600, 43_199, 43_200]
REGION, NOON, HOUR = "us-east-1", "2026-11-22T12:00:00Z", 3_600


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the file, write nothing")
    check = parser.parse_args().check
    golden = json.dumps([case(*one) for one in cases()], indent=1) + "\n"
    if not check:
        GOLDEN.write_text(golden)
        return 0
    found = GOLDEN.read_text()
    said = golden.splitlines(True)
    sys.stdout.writelines(difflib.unified_diff(found.splitlines(True), said, str(GOLDEN), "the generator"))
    return int(found != golden)


def cases():
    """Each varies one thing; the last ones cross them."""
    yield from ((LASTING, region, NOON, HOUR) for region in REGIONS)
    yield from ((credentials, REGION, NOON, HOUR) for credentials in (TEMPORARY, LOCAL))
    yield from ((LASTING, REGION, time, HOUR) for time in TIMES)
    yield from ((LASTING, REGION, NOON, lifetime) for lifetime in LIFETIMES)
    crossed = zip(itertools.cycle([TEMPORARY, LOCAL]), REGIONS, TIMES * 2, itertools.cycle(LIFETIMES), strict=False)
    yield from crossed


def case(credentials, region, time, lifetime):
    with mock.patch("botocore.auth.get_current_datetime", lambda: moment(time)):
        token = provide_token(region, Provider(credentials), datetime.timedelta(seconds=lifetime))
    return {
        "credentials": credentials,
        "region": region,
        "unix_time": int(moment(time).timestamp()),
        "lifetime_seconds": lifetime,
        "token": token,
    }


class Provider:
    """What the generator asks for credentials."""

    def __init__(self, credentials):
        self.credentials = credentials

    def load(self):
        keys = self.credentials
        return Credentials(keys["access_key_id"], keys["secret_access_key"], keys.get("session_token"))


if __name__ == "__main__":
    sys.exit(main())
