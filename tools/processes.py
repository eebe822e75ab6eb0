"""The programs that a run consists of; none of them outlives it."""

import ctypes
import http.client
import os
import re
import signal
import subprocess
import sys
import time

from settings import ROOT, Problem

# Where each of them has its log, and what is written for it. A run has a directory of its own.
RUN = ROOT / "target/run"
# What the filter logs where it does not take its configuration: its role, the field's path if it is of one, and why.
REFUSED = re.compile(r"(?:wasm log|\[dynamic_modules\] \S+) (\w+).*?: bedrock filter: (?:configuration: )?(?:(\S+): )?(.*)")
STARTING = 60  # seconds
STOPPING = 3


class Refused(Problem):
    """The filter has not taken its configuration: (role, path, reason) for each thing that it says."""

    def __init__(self, said):
        # The roles say the same where they were given the same.
        lines = dict.fromkeys(": ".join(filter(None, ("configuration", path, reason))) for _, path, reason in said)
        super().__init__("\n".join(lines))
        self.said = said


class Process:
    """A program and its log. Leaving the `with` block ends it."""

    def __init__(self, name, command, environment):
        RUN.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log = RUN / f"{name}.log"
        self.log.unlink(missing_ok=True)
        # To append: Envoy opens its standard output anew for access logs, and each would write over the other's lines.
        with self.log.open("a") as log:
            self.child = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us, we tell the others
                preexec_fn=die_with_parent,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(STOPPING)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def wait_for(self, what, ready):
        """Asks `ready` until it has an answer."""
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline:
            if answer := ready():
                return answer
            self.check()
            time.sleep(0.05)
        raise Problem(f"{self.name}: {what} took more than {STARTING} s{self.tail()}")

    def check(self):
        if (status := self.child.poll()) is not None:
            raise Problem(f"{self.name} stopped with status {status}{self.tail()}")

    def tail(self):
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join([f"; its log ends with ({self.log.relative_to(ROOT)}):", *lines])


if sys.platform == "linux":
    LIBC = ctypes.CDLL(None)
    PR_SET_PDEATHSIG = 1

    def die_with_parent():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
else:
    die_with_parent = None


def start_emulator(environment, name="emulator"):
    """The emulator, knowing the same credentials as the filter; its URL is asked for with `emulator_url`."""
    names = {
        "EMULATOR_REGION": "AWS_REGION",
        "EMULATOR_ACCESS_KEY": "AWS_ACCESS_KEY_ID",
        "EMULATOR_SECRET_KEY": "AWS_SECRET_ACCESS_KEY",
        "EMULATOR_SESSION_TOKEN": "AWS_SESSION_TOKEN",
        "EMULATOR_BEARER_TOKEN": "AWS_BEARER_TOKEN_BEDROCK",
    }
    shared = {theirs: environment[ours] for theirs, ours in names.items() if ours in environment}
    program = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release/bedrock-emulator"
    if not program.exists():
        raise Problem(f"{program} is missing: start this with `make run`")
    return Process(name, [program, "--port", 0], environment | shared)


# The cluster of the rate limit service in a configuration.
RATELIMIT = "ratelimit"


def start_ratelimit():
    """The rate limit service of the sample, once it listens."""
    program = ROOT / "target/ratelimit/release/bedrock-ratelimit"
    if not program.exists():
        raise Problem(f"{program} is missing: `make ratelimit` builds it")
    service = Process(RATELIMIT, [program, ROOT / "envoy/limits/limits.yaml"], {})
    try:
        service.wait_for("starting", lambda: "listening on" in service.log.read_text(errors="replace"))
    except BaseException:
        service.__exit__()
        raise
    return service


def emulator_url(emulator):
    def listening():
        found = re.search(r"^listening on (http://\S+)$", emulator.log.read_text(errors="replace"), re.MULTILINE)
        return found and found[1]

    return emulator.wait_for("starting", listening)


def start_envoy(config, port, environment):
    """Envoy, once it has answered `GET /health` on `port`."""
    command = [ROOT / "target/venv/bin/envoy", "-c", config, "-l", "warn"]
    envoy = Process("envoy", [*command, "--use-dynamic-base-id", "--concurrency", 2], environment)
    try:
        wait_for_envoy(envoy, port)
    except BaseException:
        envoy.__exit__()
        raise
    return envoy


def wait_for_envoy(envoy, port):
    """Until it answers; where it does not start because the filter refuses its configuration, just that is said."""
    try:
        envoy.wait_for("GET /health", lambda: healthy(port))
    except Problem as problem:
        if said := REFUSED.findall(envoy.log.read_text(errors="replace")):
            raise Refused(list(dict.fromkeys(said))) from problem
        raise


def healthy(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
