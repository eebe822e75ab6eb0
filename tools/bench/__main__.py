"""`make bench`: the filter beside Envoy alone, slice by slice in turn. What the figures mean: docs/benchmarks.md."""

import argparse
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from settings import ROOT, Problem

from . import envoys, peers, report, rows
from .envoys import Variant


def main():
    arguments = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        figures = run(arguments)
    except Problem as problem:
        print(f"\nerror: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if figures else 1


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    scale = parser.add_mutually_exclusive_group()
    scale.add_argument("--quick", dest="scale", action="store_const", const="quick", default="full")
    scale.add_argument("--smoke", dest="scale", action="store_const", const="smoke", help="tells nothing of speed")
    parser.add_argument("--long", action="store_true", help="1,000,000 mixed requests")
    parser.add_argument("--only", default="", help="rows, with commas between: " + ", ".join(row.name for row in rows.ROWS))
    parser.add_argument("--wasm", type=Path, default=envoys.MODULE, help="the module to measure")
    parser.add_argument("--baseline", type=Path, help="another module, measured in the same run")
    parser.add_argument("--native", type=Path, help="the native module, measured in the same run")
    parser.add_argument("--peers", action="store_true", help="LiteLLM's proxy and Portkey's gateway beside them")
    return parser.parse_args()


def run(arguments):
    chosen = choose(arguments)
    progress = report.Progress()
    figures, details = [], {}
    with ExitStack() as stack:
        upstream = envoys.start_upstream(stack)
        started = {}
        others = peers.start(stack, upstream) if arguments.peers else []
        for at, row in enumerate(chosen, 1):
            progress.begin(row.name, at, len(chosen))
            with ExitStack() as own:
                if row.fresh and arguments.scale != "smoke":
                    compared = [envoys.start(own, variant, upstream) for variant in variants(arguments, row)]
                else:
                    compared = start(stack, started, variants(arguments, row), upstream)
                context = rows.Run(compared + others, upstream, arguments.scale, arguments.long, progress)
                found, more = row.run(context, row)
            figures += found
            details[row.name] = more
            progress.end()
            print("\n".join(report.lines(found)[1:]), flush=True)
    name = "peers" if arguments.peers else "bench"
    path = report.write("smoke" if arguments.scale == "smoke" else name, figures, details, arguments.scale)
    print("\n" + "\n".join(report.lines(figures)))
    print(f"\n{path.relative_to(ROOT)}")
    return figures


def start(stack, started, wanted, upstream):
    """Those of another row are taken again."""
    for variant in wanted:
        if variant not in started:
            started[variant] = envoys.start(stack, variant, upstream)
    return [started[variant] for variant in wanted]


def choose(arguments):
    names = [name for name in arguments.only.split(",") if name]
    known = {row.name: row for row in (rows.PEERS if arguments.peers else rows.ROWS)}
    if unknown := [name for name in names if name not in known]:
        raise Problem(f"no such row: {', '.join(unknown)}; there are {', '.join(known)}")
    if names:
        return [known[name] for name in names]
    return [row for row in known.values() if row.quick or arguments.scale != "quick"]


def variants(arguments, row):
    """Plain comes first."""
    for module in filter(None, (arguments.wasm, arguments.baseline, arguments.native)):
        if not module.exists():
            raise Problem(f"{module} is missing")
    modules = {"filter": arguments.wasm.resolve()}
    if arguments.baseline:
        modules["baseline"] = arguments.baseline.resolve()
    chosen = [Variant("plain")]
    for sign in row.signs:
        for name, module in modules.items():
            chosen.append(Variant(name if sign == "sigv4" else f"{name}-{sign}", module, sign))
    if row.unlogged:
        chosen.append(Variant("filter-unlogged", modules["filter"], logs=False))
    if arguments.native:
        chosen.append(Variant("native", arguments.native.resolve()))
    chosen += [Variant(f"floor-{name}", envoys.FLOOR, floor=name) for name in row.floors]
    return chosen


if __name__ == "__main__":
    sys.exit(main())
