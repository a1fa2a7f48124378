"""Bodies in bounded size and time, by raw bytes on a socket: what a well-behaved client would never send."""

import asyncio
import json

import pytest
from memory_line import signed_words
from rehearsed_door import bearer, call, deposit_body, envelope, open_door, post_soap, soap_deposit, talk

from gateway.endpoints.door import Limits

CHUNKED = b"POST /soap/exchange HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"


def posted(body: bytes, *, length: int | None = None, headers: str = "") -> bytes:
    return (
        f"POST /soap/exchange HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/xml\r\n"
        f"{headers}Content-Length: {len(body) if length is None else length}\r\n\r\n"
    ).encode() + body


async def test_a_body_in_chunks_is_a_body(door):
    content = envelope(soap_deposit())
    pieces = [content[start : start + 100] for start in range(0, len(content), 100)]

    async def chunks():
        for piece in pieces:
            yield piece

    status, _, _ = await post_soap(door, chunks())
    assert status == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
async def test_a_compressed_body_is_refused_and_not_opened(door, encoding):
    status, _, body = await call(
        door, "POST", "/api/v1/deposits", deposit_body(), headers={"Content-Encoding": encoding}
    )
    assert (status, body["code"], body["place"]) == (415, "1003", "Content-Encoding")
    assert not door.line.journal.exchanges


async def test_a_length_over_the_limit_is_refused_before_a_byte_is_read():
    async with open_door(limits=Limits(body=1000, inline=1000)) as door:
        answer = await talk(door.port, posted(b"", length=5000))
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"<Code>1001</Code>" in answer


async def test_a_length_over_the_limit_gets_no_continue():
    async with open_door(limits=Limits(body=1000, inline=1000)) as door:
        answer = await talk(door.port, posted(b"", length=5000, headers="Expect: 100-continue\r\n"))
        assert answer.startswith(b"HTTP/1.1 413 ")


async def test_who_waits_for_a_continue_gets_it_when_the_body_is_wanted(door):
    content = envelope(soap_deposit())
    answer = await talk(door.port, posted(b"", length=len(content), headers="Expect: 100-continue\r\n"), content)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


async def test_an_unknown_expectation_is_let_pass_and_told_to_nobody(door):
    answer = await talk(door.port, posted(b"<", headers="Expect: <script>\r\n"))
    assert b"script" not in answer
    assert b"<Code>3001</Code>" in answer


async def test_a_stream_of_chunks_over_the_limit_is_refused_while_it_comes():
    async with open_door(limits=Limits(body=10_000, inline=1000)) as door:
        head = (
            b"POST /soap/exchange HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        answer = await talk(door.port, head, *[b"400\r\n" + b"x" * 1024 + b"\r\n"] * 3)
        assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_stops_coming_is_given_up():
    async with open_door(limits=Limits(idle=0.05)) as door:
        answer = await talk(door.port, posted(b"<a>", length=500))
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"<Code>1009</Code>" in answer
        assert door.line.journal.outcomes() == ["1009"]


async def test_a_body_that_drips_is_given_up_although_it_never_stops():
    async with open_door(limits=Limits(idle=0.1, slowest=1 << 30)) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(
            b"POST /soap/exchange HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        answering = asyncio.create_task(reader.read(100))
        async with asyncio.timeout(10):
            while not answering.done():
                writer.write(b"1\r\nx\r\n")
                await asyncio.wait({answering}, timeout=0.01)
        assert (await answering).startswith(b"HTTP/1.1 408 ")
        writer.close()


async def test_who_goes_away_in_the_middle_leaves_an_entry_and_nothing_else(door):
    await talk(door.port, posted(envelope(soap_deposit())[:200], length=900), finish=True)
    await door.presence.leave(grace=10)
    assert door.line.journal.outcomes() == ["1002"]
    assert not door.line.journal.exchanges
    assert not door.line.documents.kept


async def test_chunks_that_are_none_are_the_same_as_going_away(door):
    await talk(door.port, CHUNKED + b"10\r\nshort", b"\r\nzz\r\n", finish=True)
    await door.presence.leave(grace=10)
    assert not door.line.journal.exchanges
    assert door.line.journal.outcomes() in (["1002"], [])


async def test_who_goes_away_in_the_middle_of_a_document_leaves_no_document(door):
    metadata = json.dumps(deposit_body([{**deposit_body()["documents"][0], "content": None}])).encode()
    body = (
        b'--b\r\nContent-Disposition: form-data; name="metadata"\r\nContent-Type: application/json\r\n\r\n'
        + metadata
        + b'\r\n--b\r\nContent-Disposition: form-data; name="copy"\r\n\r\n%PDF'
    )
    lines = {
        **bearer("XA/exchange"),
        "Host": "x",
        "Content-Type": "multipart/form-data; boundary=b",
        "Pouch-Signature": signed_words("XA", metadata),
        "Content-Length": str(len(body) + 500_000),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    await talk(door.port, f"POST /api/v1/deposits HTTP/1.1\r\n{head}\r\n".encode() + body, finish=True)
    await door.presence.leave(grace=10)
    assert door.line.journal.outcomes() == ["1002"]
    assert not door.line.documents.kept
    assert len(door.line.documents.discarded) == 1
