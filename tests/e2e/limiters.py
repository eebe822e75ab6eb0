"""Rate limit services that the sample of global limits is tried with, and the same limits in the words of each.

`small`, in Python, is there in every run. `ours` (services/ratelimit) and `theirs` (envoyproxy/ratelimit with Redis) take minutes to
build: `make test-global-limits`.
"""

import itertools
import os
import socket
import threading
import time
from concurrent import futures

import grpc
from envoy.extensions.common.ratelimit.v3 import ratelimit_pb2
from envoy.service.ratelimit.v3 import rls_pb2, rls_pb2_grpc

import envoy_config
import ports
import processes
from settings import ROOT

DOMAIN = "bedrock"
UNITS = {"minute": 60, "day": 86_400, "month": 2_592_000}
KINDS = {"callers": "caller", "teams": "team"}
NUMBERS = itertools.count(1)
OVER = rls_pb2.RateLimitResponse.OVER_LIMIT


class Asker:
    """Asks a service what is left, as Envoy would."""

    def __init__(self, port):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = rls_pb2_grpc.RateLimitServiceStub(self.channel)

    def left(self, kind, who, limit):
        descriptor = ratelimit_pb2.RateLimitDescriptor(
            entries=[{"key": "limit", "value": limit}, {"key": kind, "value": who}], hits_addend={"value": 0}
        )
        request = rls_pb2.RateLimitRequest(domain=DOMAIN, descriptors=[descriptor])
        [status] = self.stub.ShouldRateLimit(request, timeout=5, wait_for_ready=True).statuses
        return status.limit_remaining


class Small(rls_pb2_grpc.RateLimitServiceServicer):
    """The least that speaks the protocol: it counts for ever, and keeps what it was asked."""

    def __init__(self, limits, port):
        self.limits, self.used, self.lock = limits, {}, threading.Lock()
        self.port = port
        self.start()

    def start(self):
        self.server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
        rls_pb2_grpc.add_RateLimitServiceServicer_to_server(self, self.server)
        assert self.server.add_insecure_port(f"127.0.0.1:{self.port}") == self.port
        self.server.start()

    def stop(self):
        self.server.stop(grace=None).wait()

    end = stop

    def most(self, kind, who, limit):
        [table] = [table for table, word in KINDS.items() if word == kind]
        everybody = self.limits[table].get("*", {})
        return (everybody | self.limits[table].get(who, {})).get(limit)

    def ShouldRateLimit(self, request, context):  # noqa: N802  (gRPC's name)
        del context
        answer = rls_pb2.RateLimitResponse(overall_code=rls_pb2.RateLimitResponse.OK)
        with self.lock:
            for descriptor in request.descriptors:
                entries = {entry.key: entry.value for entry in descriptor.entries}
                limit = entries.pop("limit")
                [(kind, who)] = entries.items()
                status = answer.statuses.add(code=rls_pb2.RateLimitResponse.OK)
                if (most := self.most(kind, who, limit)) is None:
                    continue
                hits = descriptor.hits_addend.value if descriptor.HasField("hits_addend") else 1
                used = self.used[kind, who, limit] = self.used.get((kind, who, limit), 0) + hits
                is_over = used > most if hits else used >= most
                unit = limit.rpartition("_")[2]
                status.current_limit.name, status.current_limit.requests_per_unit = limit, most
                status.current_limit.unit = rls_pb2.RateLimitResponse.RateLimit.Unit.Value(unit.upper())
                status.limit_remaining = max(most - used, 0)
                status.duration_until_reset.seconds = UNITS[unit]
                if is_over:
                    status.code = answer.overall_code = OVER
        return answer


class Program:
    """A service that is a program of its own, and what it needs beside it."""

    def __init__(self, limits, port):
        self.limits, self.port = limits, port
        self.directory = processes.RUN / f"limits-{next(NUMBERS)}"
        self.prepare()
        self.start()

    def start(self):
        self.process = processes.Process(f"{self.directory.name}-service", *self.command())
        self.process.wait_for("starting", lambda: answers(self.port))

    def stop(self):
        self.process.__exit__()

    end = stop


class Ours(Program):
    """services/ratelimit, as `make ratelimit` builds it."""

    def prepare(self):
        envoy_config.write(self.directory / "limits.yaml", {"domain": DOMAIN} | self.limits)

    def command(self):
        program = ROOT / "target/ratelimit/release/bedrock-ratelimit"
        return [program, self.directory / "limits.yaml", f"127.0.0.1:{self.port}"], {}


class Theirs(Program):
    """envoyproxy/ratelimit, the program that RATELIMIT names, and Debian's redis-server."""

    def prepare(self):
        redis = ports.hold()
        command = ["redis-server", "--port", redis, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.redis = processes.Process(f"{self.directory.name}-redis", command, {"PATH": os.environ["PATH"]})
        self.redis.wait_for("starting", lambda: answers(redis))
        self.address = f"127.0.0.1:{redis}"
        envoy_config.write(self.directory / "config/limits.yaml", self.config())

    def config(self):
        """As envoy/limits/ratelimit.yaml is made: whoever has a limit of their own is named."""
        names = dict.fromkeys(name for table in KINDS for limits in self.limits[table].values() for name in limits)
        descriptors = []
        for name in names:
            unit = name.rpartition("_")[2]
            found = []
            for table, kind in KINDS.items():
                for who, limits in self.limits[table].items():
                    if name in limits:
                        limit = {"name": name, "unit": unit, "requests_per_unit": limits[name]}
                        found.append({"key": kind, "rate_limit": limit} | ({"value": who} if who != "*" else {}))
            descriptors.append({"key": "limit", "value": name, "descriptors": found})
        return {"domain": DOMAIN, "descriptors": descriptors}

    def command(self):
        variables = {
            "PATH": os.environ["PATH"],
            "HOST": "127.0.0.1", "PORT": str(ports.hold()),
            "DEBUG_HOST": "127.0.0.1", "DEBUG_PORT": str(ports.hold()),
            "GRPC_HOST": "127.0.0.1", "GRPC_PORT": str(self.port),
            "REDIS_SOCKET_TYPE": "tcp", "REDIS_URL": self.address, "BACKEND_TYPE": "redis",
            "USE_STATSD": "false", "USE_PROMETHEUS": "false",
            "RUNTIME_ROOT": str(self.directory), "RUNTIME_SUBDIRECTORY": "", "RUNTIME_WATCH_ROOT": "false",
            "LOG_LEVEL": "warn",
        }  # fmt: skip
        return [os.environ["RATELIMIT"]], variables

    def end(self):
        self.stop()
        self.redis.__exit__()


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


LIMITERS = {"small": Small, "ours": Ours, "theirs": Theirs}


def chosen():
    """The services that LIMITERS names; `small` where it names none."""
    return os.environ.get("LIMITERS", "small").split()


def calm():
    """Waits for the next minute where this one is nearly over: windows of theirs begin with the clock's minutes."""
    if (rest := 60 - time.time() % 60) < 25:
        time.sleep(rest + 0.5)
