"""The ops door: alive, ready, metrics."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest

from gateway.core.reason import Deferred, Reason
from gateway.endpoints import ops
from gateway.endpoints.ops import OpsDoor, make_ops_door
from gateway.endpoints.server import listen, open_socket


async def fine():
    return None


async def nearly_full():
    return "nearly full"


async def away():
    raise Deferred(Reason.DATABASE_UNAVAILABLE)


async def broken():
    raise RuntimeError("dsn of 10.0.0.1")


@asynccontextmanager
async def opened(**probes):
    app = make_ops_door(OpsDoor(probes=probes, metrics=lambda: b"pouch_build 1.0\n"))
    listening = await listen(app, open_socket("127.0.0.1:0"), idle=60.0)
    async with aiohttp.ClientSession(base_url=listening.url) as http:
        yield http
    await listening.stop()


async def test_it_lives_although_nothing_is_ready():
    async with opened(database=away) as http, http.get("/healthz") as response:
        assert (response.status, await response.json()) == (200, {"alive": True})


async def test_it_is_ready_when_every_probe_is_content():
    async with opened(database=fine, disk=fine) as http, http.get("/readyz") as response:
        assert (response.status, await response.json()) == (
            200,
            {"ready": True, "probes": {"database": "ok", "disk": "ok"}},
        )


@pytest.mark.parametrize(
    ("probe", "word"), [(nearly_full, "nearly full"), (away, Reason.DATABASE_UNAVAILABLE.text), (broken, "failed")]
)
async def test_it_is_not_ready_when_one_is_not_and_says_which(probe, word):
    async with opened(clock=fine, other=probe) as http, http.get("/readyz") as response:
        body = await response.json()
    assert (response.status, body) == (503, {"ready": False, "probes": {"clock": "ok", "other": word}})


async def test_a_probe_that_hangs_is_an_answer_too(monkeypatch):

    async def hangs():
        await asyncio.Event().wait()

    monkeypatch.setattr(ops, "_PATIENCE", 0.01)
    async with opened(worker=hangs) as http, http.get("/readyz") as response:
        assert (await response.json())["probes"] == {"worker": "no answer"}


async def test_metrics_are_told_as_prometheus_reads_them():
    async with opened() as http, http.get("/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert await response.text() == "pouch_build 1.0\n"


async def test_there_is_nothing_else():
    async with opened() as http:
        for path in ("/", "/api/v1/deposits", "/soap/exchange"):
            async with http.get(path) as response:
                assert response.status == 404
        async with http.post("/metrics") as response:
            assert response.status == 405
