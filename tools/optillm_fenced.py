"""OptiLLM (the PyPI package) beside the gateway, in a place from which nobody but the gateway can be reached."""

import os
import socket
import sys
from pathlib import Path

import processes
from settings import ROOT, Problem

PYTHON = ROOT / "target/optillm/bin/python"
FENCED = Path(__file__).with_name("fence.py")
# Namespaces of its own: no network but a loopback, no other processes, no shared memory. It ends with whoever started it.
FENCE = ["unshare", "--user", "--map-root-user", "--net", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"]
CLUSTER = "optillm"
# What OptiLLM calls back with: a key of the gateway's that may use no technique.
KEY_VARIABLE = "OPTILLM_CALLBACK_KEY"


def pipes(config):
    """The sockets that a configuration names: OptiLLM's, and the gateway's for it. None where it knows no OptiLLM."""
    resources = config["static_resources"]
    [*found] = [cluster for cluster in resources["clusters"] if cluster["name"] == CLUSTER]
    if not found:
        return None
    [locality] = found[0]["load_assignment"]["endpoints"]
    [host] = locality["lb_endpoints"]
    [listener] = [listener for listener in resources["listeners"] if "pipe" in listener["address"]]
    return host["endpoint"]["address"]["pipe"], listener["address"]["pipe"]


def remove_sockets(config):
    """Those of an earlier run, which nobody listens at: who waits for a socket would take them for new ones."""
    for pipe in pipes(config) or ():
        (ROOT / pipe["path"]).unlink(missing_ok=True)


def start(config, key):
    """Starts it by the sockets of a configuration, once they are there."""
    if sys.platform != "linux":
        raise Problem("OptiLLM is fenced by Linux's namespaces; elsewhere run it in a container without a network")
    if not PYTHON.exists():
        raise Problem(f"{PYTHON} is missing: `make optillm` installs it")
    theirs, ours = (ROOT / pipe["path"] for pipe in pipes(config))
    # Of our environment it gets nothing: what a model writes is run in there.
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "OPENAI_API_KEY": key}
    command = [*FENCE, PYTHON, FENCED, theirs, ours]
    process = processes.Process("optillm", command, environment)
    try:
        process.wait_for("starting", lambda: listens(theirs))
    except BaseException:
        process.__exit__()
        raise
    return process


def listens(path):
    """Whether somebody takes connections at a socket of the file system."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            # By a path that is short whatever this directory's is: a socket's has 107 bytes at most.
            probe.connect(os.path.relpath(path))
        except OSError:
            return False
        return True
