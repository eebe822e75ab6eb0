"""What is around a control plane and its Envoys, in `pod`'s network: Bedrock, over TLS, and EKS's agent."""

import asyncio
import os
import shutil
import ssl
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / path) for path in ("tools", "tests/e2e", "tests/kubernetes")]

import processes  # noqa: E402  (tools/)
from aws_endpoints import Endpoints  # noqa: E402
from emulator import Emulator  # noqa: E402
from settings import Endpoint  # noqa: E402

HERE = ROOT / "target/control-planes"
CERTIFICATE = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/bedrock.key")
BEDROCK = "127.0.0.2"
AGENT = Endpoint(False, "169.254.170.23", 80)


@pytest.fixture(scope="session", autouse=True)
def run_directory(request):
    processes.RUN = ROOT / f"target/run/control-planes-{os.getpid()}"
    yield
    if not request.session.testsfailed:
        shutil.rmtree(processes.RUN, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def emulator(run_directory):
    """Bedrock and whoever gives credentials for it, at the addresses that they have in a cluster."""
    emulator = Emulator.start("emulator", ("--any-length",))
    with emulator.process, Endpoints(emulator) as endpoints:
        endpoints.pod_token = "pod-token"
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*CERTIFICATE)
        forwarded(BEDROCK, 443, emulator.endpoint.port, context)
        forwarded(AGENT.host, AGENT.port, endpoints.port)
        yield emulator


def forwarded(host, port, to, tls=None):
    """Whoever connects there is connected to a port of 127.0.0.1."""

    async def pipe(reader, writer):
        try:
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def accept(reader, writer):
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(pipe(reader, other_writer), pipe(other_reader, writer))

    async def serve(ready):
        # A listener of a gateway on all addresses has the same port.
        server = await asyncio.start_server(accept, host, port, ssl=tls, reuse_port=True)
        ready.set()
        await server.serve_forever()

    ready = threading.Event()
    threading.Thread(target=lambda: asyncio.run(serve(ready)), daemon=True).start()
    assert ready.wait(10), (host, port)
