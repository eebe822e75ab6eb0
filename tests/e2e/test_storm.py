"""The storm of `make test-storm`, a small one: limits hold for many at once, and records agree with Bedrock's own account."""

from contextlib import ExitStack

import storm


def test_in_a_storm_nobody_is_above_its_limit_or_refused_below_it_and_the_records_are_exact(world):
    del world
    with ExitStack() as stack:
        problems, figures = storm.storm(stack, callers=20, teams=4, seconds=8, pause=0.4, scale=1)
    assert not problems, "\n".join([*problems[:20], str(figures)])
    # It was a storm: some were let in and some refused, of either kind, and some answers were estimated.
    assert figures["let in"] > 50 and figures["refused by requests"] and figures["refused by tokens"], figures
    assert figures["estimated records"], figures
