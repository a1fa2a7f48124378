"""Serving: HTTP that is none, heads without end, several processes on one port, and an orderly end."""

import asyncio
import json

import pytest
from aiohttp import web
from memory_line import XA, signed_words
from rehearsed_door import call, open_door, talk
from structlog.testing import capture_logs

from gateway.core.reason import Reason
from gateway.endpoints.door import Limits
from gateway.endpoints.presence import Presence
from gateway.endpoints.rest.voice import RestVoice
from gateway.endpoints.server import listen, open_socket
from gateway.stages.refuse import tell_crowd


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not for a plain port\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /<script> HTTP/1.1\r\nBad Header\x00: x\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(500)) + b"\r\n",
        b"POST /soap/exchange HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /soap/exchange HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /soap/exchange HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_refused_by_its_reason_without_a_word_of_it(door, request_bytes):
    answer = await talk(door.port, request_bytes)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ") or head.startswith(b"HTTP/1.0 400 ")
    assert b"\r\nCache-Control: no-store" in head
    assert json.loads(body) == {
        "code": "1011", "message": Reason.NOT_HTTP.text, "remedy": Reason.NOT_HTTP.remedy,
    }  # fmt: skip
    assert f"\r\nPouch-Signature: {signed_words(XA, body)}".encode() in head
    assert b"script" not in answer
    assert not door.line.journal.exchanges


async def test_what_is_not_http_is_counted_and_written_as_a_count(door):
    for _ in range(3):
        await talk(door.port, b"GET / HTTP/9.9\r\n\r\n")
    assert door.line.meter.counted.count(("refused", "1011", "rest")) == 3
    await tell_crowd(door.crowd, door.line, everybody=True)
    assert ("refusals_counted", "1011", "rest", 3) in door.line.meter.counted
    assert door.line.journal.outcomes() == ["1011"]


async def test_a_bug_around_a_handler_is_ours_and_does_not_count_against_the_caller(door, monkeypatch):
    def broken(*_):
        raise KeyError("secret-detail")

    monkeypatch.setattr(RestVoice, "say", broken)
    with capture_logs() as lines:
        answer = await talk(door.port, b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 500 ") and json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "9001"
    assert b"secret-detail" not in answer
    assert [line["event"] for line in lines][-1] == "a request ended outside its handler"


async def test_a_source_that_speaks_no_http_uses_up_its_failures():
    async with open_door(limits=Limits(failures_per_second=0.01, failure_burst=1)) as door:
        await talk(door.port, b"GET / HTTP/9.9\r\n\r\n")
        status, _, body = await call(door, "GET", "/api/v1/notifications", token=None)
        assert (status, body["code"]) == (429, "1005")


async def test_a_door_without_a_voice_says_nothing():
    listening = await listen(web.Application(), open_socket("127.0.0.1:0"), idle=60.0)
    answer = await talk(int(listening.url.rpartition(":")[2]), b"GET / HTTP/9.9\r\n\r\n")
    await listening.stop()
    assert answer.startswith(b"HTTP/1.0 400 ") and answer.endswith(b"\r\n\r\n")


async def test_a_head_that_never_ends_is_cut():
    async with open_door(limits=Limits(idle=0.05)) as door:
        assert await talk(door.port, b"GET / HTTP/1.1\r\nHost:") == b""
        assert await talk(door.port, b"") == b""


async def test_two_processes_share_a_port():
    first = open_socket("127.0.0.1:0", shared=True)
    second = open_socket(f"127.0.0.1:{first.getsockname()[1]}", shared=True)
    assert first.getsockname() == second.getsockname()
    first.listen()
    with pytest.raises(OSError):
        open_socket(f"127.0.0.1:{first.getsockname()[1]}")
    first.close()
    second.close()


def test_an_address_of_version_six_is_written_in_brackets():
    bound = open_socket("[::1]:0")
    assert bound.getsockname()[0] == "::1"
    bound.close()


async def test_those_inside_finish_before_the_door_is_closed():
    entered, may_end = asyncio.Event(), asyncio.Event()
    presence = Presence(Limits())

    async def slow(request: web.Request) -> web.Response:
        with presence.inside():
            entered.set()
            await may_end.wait()
            return web.Response(text="done")

    app = web.Application()
    app.router.add_get("/", slow)
    listening = await listen(app, open_socket("127.0.0.1:0"), idle=60.0, presence=presence)
    port = int(listening.url.rpartition(":")[2])
    asking = asyncio.create_task(talk(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    await entered.wait()
    stopping = asyncio.create_task(listening.stop(grace=10.0))
    while not presence.leaving:
        await asyncio.sleep(0)
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)
    may_end.set()
    assert (await asking).endswith(b"done")
    await stopping


async def test_who_does_not_finish_is_cut():
    entered = asyncio.Event()
    presence = Presence(Limits())

    async def stuck(request: web.Request) -> web.Response:
        with presence.inside():
            entered.set()
            await asyncio.Event().wait()
            return web.Response()

    app = web.Application()
    app.router.add_get("/", stuck)
    listening = await listen(app, open_socket("127.0.0.1:0"), idle=60.0, presence=presence)
    asking = asyncio.create_task(talk(int(listening.url.rpartition(":")[2]), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    await entered.wait()
    await listening.stop(grace=0.01)
    assert await asking == b""
