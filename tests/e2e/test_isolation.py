"""Two hundred callers at a time, each with a key, a model, tools and words of its own: nobody gets anything of another's."""

import asyncio
import functools
import os
import time

import pytest

from callers import KINDS, TROUBLE, Caller, settings, vectors

CALLERS = 200
# For each number of workers; `ISOLATION_SECONDS=300` for minutes.
SECONDS = float(os.environ.get("ISOLATION_SECONDS", "8"))
# What each caller is answered at the least, however slow the machine is, and the time to be given for that.
ANSWERS = 3
PATIENCE = 120


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize("workers", [1, 2])
def test_every_answer_is_its_callers_own(start, emulator, workers):
    gateway = start(changes=settings(CALLERS), workers=workers)
    known = vectors(emulator.call, CALLERS)
    emulator.forget()
    callers = [Caller(number, gateway.port, known) for number in range(CALLERS)]
    begin = time.monotonic()

    def goes_on(caller):
        has_enough = sum(caller.counts.values()) >= ANSWERS
        return time.monotonic() < begin + (SECONDS if has_enough else SECONDS + PATIENCE)

    async def run():
        await asyncio.gather(*(caller.run(functools.partial(goes_on, caller), KINDS + TROUBLE) for caller in callers))

    asyncio.run(run())
    wrong = [problem for caller in callers for problem in caller.wrong]
    assert not wrong, "\n".join(wrong[:10])
    assert all(sum(caller.counts.values()) >= ANSWERS for caller in callers)
    # And Bedrock was told of each caller under that caller's name.
    told = 0
    for request in emulator.requests():
        body = request["body"]
        if isinstance(body, dict) and (metadata := body.get("requestMetadata")):
            text = body["messages"][0]["content"][0]["text"]
            assert text.startswith(f"caller {metadata['api_key'].removeprefix('caller-')} "), (metadata, text)
            told += 1
    assert told > CALLERS
    print(f"{workers} workers: {sum(sum(caller.counts.values()) for caller in callers)} answers")
