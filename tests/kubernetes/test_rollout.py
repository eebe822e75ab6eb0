"""An update of the chart's values that takes new pods, in the middle of a hundred streams: none is cut."""

import asyncio
import http.client
import os

import pytest

import kube
import proxies
from conftest import POD
from faulty import Faulty
from kinds import KINDS, replies
from proxies import KEY, World
from raw import CLIENTS, PATIENCE
from test_run import until

STREAMS = 100
# Open until the test has them end.
HELD = {"x-emulator": "hold 400"}


def templates(*options):
    """As they are, but for a header that tells Bedrock's stand-in what to do."""
    return kube.template("envoy", "--set", "config.forward_headers[0]=x-emulator,config.discover=null", *options)


def ready(proxy):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.ports[9902], timeout=10)
    connection.request("GET", "/ready")
    return connection.getresponse().status == 200


async def stream(client, port, headers):
    async with client(port, KEY) as connection:
        return await connection.ask(*KINDS["stream"], headers)


def whole(outcome):
    *_, last = outcome.events
    return outcome.status == 200 and outcome.is_whole and last == "[DONE]"


@pytest.mark.parametrize("protocol", CLIENTS)
def test_an_update_of_values_cuts_no_stream(protocol, emulator, endpoints):
    client = CLIENTS[protocol]
    bedrock = Faulty(replies(emulator))
    world = World(bedrock.endpoint, endpoints.port)
    old, new = templates(), templates("--set", "guards.idleSeconds=301")
    assert kube.one(old, "Deployment") != kube.one(new, "Deployment")
    try:
        with proxies.plain(old, world) as before, proxies.plain(new, world) as after:
            before.start(POD)
            until(200, lambda: asyncio.run(stream(client, before.port, {})).status)
            asyncio.run(rolled(client, bedrock, before, after, old))
    finally:
        bedrock.stop()


async def rolled(client, bedrock, before, after, old):
    """What Kubernetes does: a new pod until it is ready, then the old one's preStop, then SIGTERM."""
    bedrock.hold()
    async with asyncio.TaskGroup() as group:
        streams = [group.create_task(stream(client, before.port, HELD)) for _ in range(STREAMS)]
        try:
            async with asyncio.timeout(PATIENCE):
                while bedrock.active < STREAMS:
                    await asyncio.sleep(0.02)
            await asyncio.to_thread(after.start, POD)
            assert ready(before) and ready(after)
            drain = await asyncio.create_subprocess_exec(*command(before, old), env=variables(before))
            async with asyncio.timeout(PATIENCE):
                while await asyncio.to_thread(ready, before):
                    await asyncio.sleep(0.05)
            # Who still comes to the old pod is served, and told to go.
            late = await stream(CLIENTS["http1"], before.port, {})
            assert whole(late) and late.headers["connection"] == "close", late
            await asyncio.sleep(2)
            assert drain.returncode is None and not any(found.done() for found in streams)
            # The new one has its credentials by now.
            async with asyncio.timeout(PATIENCE):
                while not whole_or_503(await stream(client, after.port, {})):
                    await asyncio.sleep(0.1)
        finally:
            bedrock.release()
    assert [found.result() for found in streams if not whole(found.result())] == []
    # The drain ends with the last stream, long before its time is over.
    async with asyncio.timeout(PATIENCE):
        assert await drain.wait() == 0
    before.process.child.terminate()
    assert before.process.child.wait(10) == 0


def whole_or_503(outcome):
    if outcome.status == 503:
        return False
    return whole(outcome)


def command(proxy, found):
    [preparation] = [kube.one(found, "Deployment")["spec"]["template"]["spec"]["containers"][0]["lifecycle"]["preStop"]]
    program, path = preparation["exec"]["command"]
    return program, str(proxy.volumes["/etc/envoy"].path / path.removeprefix("/etc/envoy/"))


def variables(proxy):
    return {"PATH": os.environ["PATH"], "ADMIN_PORT": str(proxy.ports[9901]), "NOTICE_SECONDS": "1", "STREAM_SECONDS": "60"}
