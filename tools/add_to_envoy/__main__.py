"""Adds both roles of the filter to a bootstrap of Envoy's: the filters, routes, clusters, limits, and the labels of metrics. The file's own text stays as
it is. What comes out is checked by `envoy --mode validate`, and shown as a diff, unless --write or --output says where it goes."""

import argparse
import contextlib
import difflib
import os
import sys
import tempfile
from pathlib import Path

import envoy_config
from add_to_envoy import add, check, hosts, pieces, places
from add_to_envoy.render import block
from add_to_envoy.source import Source
from settings import ROOT, Endpoint, Problem

MODULE = ROOT / "target/wasm/bedrock_filter.wasm"


def arguments():
    parser = argparse.ArgumentParser(prog="tools/add-to-envoy", description=__doc__)
    parser.add_argument("bootstrap", nargs="?", type=Path, help="YAML or JSON; it is only read, but with --write")
    where = parser.add_argument_group("where it goes")
    where.add_argument("--listener", metavar="NAME", help="the listener, where there are several")
    where.add_argument("--manager", metavar="NUMBER|STAT_PREFIX", help="the HTTP connection manager, where a listener has several")
    where.add_argument(
        "--virtual-host", metavar="NAME", help="the virtual host that gets the routes; else the only one, or that of all domains"
    )
    where.add_argument(
        "--path",
        action="append",
        metavar="PREFIX",
        help="paths that are the gateway's, in the place of the usual ones (the configuration's prefixes, else /v1); several times",
    )
    what = parser.add_argument_group("what is added")
    what.add_argument(
        "--config", type=Path, metavar="FILE", help="the plugin's configuration; else one that takes keys from Envoy's environment"
    )
    what.add_argument(
        "--module", default=str(MODULE), help="where the .wasm will be for this Envoy (here: target/wasm/bedrock_filter.wasm)"
    )
    what.add_argument("--region", help="of Bedrock (the configuration's; without --config AWS_REGION, else us-east-1)")
    what.add_argument(
        "--endpoint",
        type=Endpoint.parse,
        metavar="URL",
        help="in Bedrock's stead, such as the emulator (the configuration's, else the region's)",
    )
    what.add_argument("--cluster", default=pieces.NAME, help="the name of Bedrock's cluster (bedrock)")
    out = parser.add_argument_group("what becomes of it")
    out.add_argument("--write", action="store_true", help="into the file itself")
    out.add_argument("--output", type=Path, metavar="FILE", help="into another file")
    out.add_argument("--snippets", action="store_true", help="only the pieces, for whoever adds them by hand or in a control plane")
    out.add_argument("--no-check", action="store_true", help="without Envoy")
    out.add_argument(
        "--envoy", metavar="PROGRAM", help="the Envoy that checks (target/venv/bin/envoy, else the one that is installed)"
    )
    found = parser.parse_args()
    if not found.bootstrap and not found.snippets:
        parser.error("name a bootstrap, or --snippets")
    return found


def wanted(asked, itself):
    configuration = envoy_config.read(asked.config) if asked.config else None
    if configuration is not None and not isinstance(configuration, dict):
        raise Problem(f"{asked.config}: this is no configuration of the filter's")
    said = configuration or {}
    paths = asked.path or said.get("prefixes") or ["/v1"]
    region = hosts.region(asked.region, configuration)
    return pieces.Wanted(asked.module, region, paths, configuration, asked.endpoint, asked.cluster, itself=itself)


def main():
    asked = arguments()
    if asked.snippets:
        print_snippets(wanted(asked, ("127.0.0.1", 8080)))
        return 0
    text = read(asked.bootstrap)
    source = Source(text)
    manager = places.chosen(source.root, asked.listener, asked.manager)
    want = wanted(asked, add.itself(manager, asked.virtual_host))
    want.first = add.first(source, manager)
    notes = add.everything(source, manager, want, asked.virtual_host)
    result = source.result()
    for note in notes:
        print(note, file=sys.stderr)
    if not asked.no_check:
        check.by_envoy(asked.bootstrap, text, result, want, asked.envoy)
    if result == text:
        print("nothing is to be added", file=sys.stderr)
    target = asked.output or (asked.bootstrap if asked.write else None)
    if target is None:
        name = str(asked.bootstrap)
        sys.stdout.writelines(difflib.unified_diff(text.splitlines(True), result.splitlines(True), name, name))
    elif result != text or target != asked.bootstrap:
        write(target, result, asked.bootstrap.stat())
        print(f"written: {target}", file=sys.stderr)
    return 0


def read(path):
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path}: {error}") from error


def write(path, text, like):
    """In one step, so that nobody reads half of it; with the owner and mode of the file that was added to, which may have secrets."""
    path = path.resolve()
    try:
        if path.exists() and not path.is_file():
            # Such as /dev/stdout, which nothing can take the place of.
            path.write_text(text, newline="", encoding="utf-8")
            return
        with tempfile.NamedTemporaryFile("w", newline="", encoding="utf-8", dir=path.parent, delete=False) as file:
            try:
                file.write(text)
                file.flush()
                with contextlib.suppress(PermissionError):
                    os.fchown(file.fileno(), like.st_uid, like.st_gid)
                os.fchmod(file.fileno(), like.st_mode & 0o777)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}") from error


def print_snippets(want):
    manager = "an HTTP connection manager"
    print(f"# Into http_filters of {manager}, before the router.\n{block([pieces.gateway_filter(want)], 0)}\n")
    print(f"# Into routes of a virtual host, before all others that fit the same paths.\n{block(pieces.routes(want), 0)}\n")
    print(f"# Into local_reply_config of the same manager, before other mappers.\n{block({'mappers': pieces.mappers()}, 0)}\n")
    print(
        f"# Into clusters. Where the gateway asks itself, put this listener's address.\n{block(list(pieces.clusters(want)), 0)}\n"
    )
    stats = {"stats_tags": pieces.stats_tags(), "histogram_bucket_settings": pieces.histograms()}
    print(f"# Into the bootstrap: labels of metrics, docs/metrics.md.\n{block({'stats_config': stats}, 0)}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as problem:
        sys.exit(f"error: {problem}")
