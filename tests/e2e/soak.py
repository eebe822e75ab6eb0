"""A mixed load for minutes, with faults, bad input and clients that leave: is every answer right, and does memory stay?

    make soak MINUTES=30

Exit status 1 where an answer is wrong, where a request is left over, or where memory grows: the VM's, or Envoy's resident memory, is
in the last quarter of the time more than 5 % (and 1 MiB) above what it was in the second.
"""

import argparse
import asyncio
import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import processes  # noqa: E402  (tools/)
from admin import Admin  # noqa: E402
from bench import machine  # noqa: E402
from callers import KINDS, TROUBLE, Caller, settings, vectors  # noqa: E402
from emulator import Emulator  # noqa: E402
from gateway import Gateway  # noqa: E402
from settings import ROOT, Endpoint  # noqa: E402

CALLERS = 48
ROWS = 10
GROWS = 1.05
LEAST = 1 << 20
# What must never be in the log.
FAILURES = ("panicked", "Uncaught", "could not be put back", "broken off: Err", "Envoy would not", "Envoy did not")


@dataclass(frozen=True)
class Sample:
    seconds: float
    answers: int
    wrong: int
    vm: int
    resident: int


def start(stack):
    """The emulator and Envoy, with two workers."""
    environment = {"PATH": "/usr/bin:/bin", "EMULATOR_ANY_LENGTH": "1"}
    process = stack.enter_context(processes.start_emulator(environment))
    emulator = Emulator(Endpoint.parse(processes.emulator_url(process)), process, processes.RUN)
    admin = Admin()
    changes = settings(CALLERS) | {"forward_headers": ["x-emulator"]}
    gateway = Gateway.start(emulator.endpoint, changes=changes, patch=admin, workers=2)
    stack.enter_context(gateway.process)
    return emulator, gateway, admin


async def load(callers, end, sample):
    """Asks until the time is over; takes samples meanwhile."""
    goes_on = lambda: time.monotonic() < end  # noqa: E731
    tasks = [asyncio.create_task(caller.run(goes_on, KINDS * 3 + TROUBLE)) for caller in callers]
    while goes_on():
        sample()
        await asyncio.wait(tasks, timeout=2)
    await asyncio.gather(*tasks)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    minutes = parser.parse_args().minutes
    processes.RUN = ROOT / "target/run/soak"
    with ExitStack() as stack:
        emulator, gateway, admin = start(stack)
        known = vectors(emulator.call, CALLERS)
        callers = [Caller(number, gateway.port, known) for number in range(CALLERS)]
        pid, begun, samples = gateway.process.child.pid, time.monotonic(), []

        def sample():
            answers = sum(sum(caller.counts.values()) for caller in callers)
            wrong = sum(len(caller.wrong) for caller in callers)
            vm = sum(machine.linear_memories(pid))
            samples.append(Sample(time.monotonic() - begun, answers, wrong, vm, machine.resident(pid)))
            gateway.process.check()

        print(f"{CALLERS} callers, {minutes:g} minutes", flush=True)
        asyncio.run(load(callers, begun + minutes * 60, sample))
        sample()
        problems = [problem for caller in callers for problem in caller.wrong]
        for name in ("cluster.bedrock.upstream_rq_active", "http.openai.downstream_rq_active"):
            if left := admin.settled(name):
                problems.append(f"{name} is {left} at the end")
        problems += [f"{name}: {count}" for name, count in admin.stats("vm_reload").items() if count]
        log = gateway.process.log.read_text(errors="replace").splitlines()
        problems += [line for line in log if any(failure in line for failure in FAILURES)]
    table(samples, callers)
    problems += growth(samples)
    for problem in problems[:20]:
        print(f"wrong: {problem}")
    print("nothing is wrong" if not problems else f"{len(problems)} things are wrong")
    return 1 if problems else 0


def growth(samples):
    """What has grown between the second and the last quarter."""
    end = samples[-1].seconds
    found = []
    for name, value in (("the VMs' memory", lambda s: s.vm), ("Envoy's resident memory", lambda s: s.resident)):
        second = statistics.median(value(s) for s in samples if end / 4 <= s.seconds <= end / 2)
        last = statistics.median(value(s) for s in samples if s.seconds >= end * 3 / 4)
        print(f"{name}: {last / second - 1:+.1%} from the second quarter to the last")
        if last > second * GROWS and last > second + LEAST:
            found.append(f"{name} has grown from {second / LEAST:.1f} to {last / LEAST:.1f} MiB")
    return found


def table(samples, callers):
    print(f"\n{'minute':>8} {'answers':>10} {'wrong':>6} {'VMs, MiB':>9} {'Envoy, MiB':>11}")
    step = max(1, -(-len(samples) // ROWS))
    for s in [*samples[:-1:step], samples[-1]]:
        print(f"{s.seconds / 60:8.1f} {s.answers:10,} {s.wrong:6} {s.vm / LEAST:9.1f} {s.resident / LEAST:11.1f}")
    kinds = {}
    for caller in callers:
        for kind, count in caller.counts.items():
            kinds[kind] = kinds.get(kind, 0) + count
    print("\n" + ", ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items())))


if __name__ == "__main__":
    sys.exit(main())
