"""Load and its connections, against a server of a few lines: what counts as accepted, and what as which error."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from gateway.bench.connection import Answer, Broken, connect
from gateway.bench.load import Address, Round, drive, judge
from gateway.bench.messages import Message, Paper

Answering = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def message(number: int, attached: Paper | None = None) -> Message:
    body = f"<m>{number:04d}</m>".encode()
    length = len(body) + (len(attached) if attached else 0)
    front = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % length + body
    return Message(message_id=f"m{number}", sha256=bytes(32), front=front, attached=attached is not None, back=b"")


def reply(body: bytes, status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\nServer: x\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), more, body)


@asynccontextmanager
async def server(answering: Answering) -> AsyncIterator[Address]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
                await answering(await reader.readexactly(length), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield Address(host="127.0.0.1", port=listening.sockets[0].getsockname()[1], tls=None)


async def run(answering: Answering, paper: Paper, count: int, *, attached: bool = False) -> Round:
    async with server(answering) as address:
        messages = iter([message(number, paper if attached else None) for number in range(count)])
        return await drive(address, messages, paper, concurrency=3, seconds=None)


async def accepting(body: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(reply(b"<R><Receipt>%s</Receipt></R>" % body[3:7]))


async def test_every_message_is_sent_once_and_every_receipt_counted(paper: Paper) -> None:
    result = await run(accepting, paper, 120)
    assert (result.accepted, len(result.receipts), result.errors, result.used_up) == (120, 120, {}, True)
    assert [kept.message.front[-8:-4] in kept.body for kept in result.kept] == [True] * 6
    assert result.began < result.ended


async def test_a_receipt_that_comes_twice_shows(paper: Paper) -> None:
    async def the_same(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"<Receipt>QUJD</Receipt>"))

    result = await run(the_same, paper, 10)
    assert (result.accepted, len(result.receipts)) == (10, 1)


async def test_errors_are_counted_by_reason_code(paper: Paper) -> None:
    async def mixed(body: bytes, writer: asyncio.StreamWriter) -> None:
        number = int(body[3:7])
        if number % 3 == 0:
            writer.write(reply(b"<Fault><Code>4006</Code></Fault>", b"500 Internal Server Error"))
        elif number % 3 == 1:
            writer.write(reply(b"", b"404 Not Found"))
        else:
            await accepting(body, writer)

    result = await run(mixed, paper, 30)
    assert result.errors == {"4006": 10, "http-404": 10}
    assert result.accepted == 10


async def test_a_cut_connection_is_an_error_and_the_next_message_follows(paper: Paper) -> None:
    async def cutting(body: bytes, writer: asyncio.StreamWriter) -> None:
        if int(body[3:7]) == 5:
            writer.transport.abort()
        else:
            await accepting(body, writer)

    result = await run(cutting, paper, 20)
    assert (result.accepted, result.errors) == (19, {"connection": 1})


async def test_a_connection_the_gateway_closes_is_opened_again(paper: Paper) -> None:
    async def closing(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"<Receipt>%s</Receipt>" % body[3:7], more=b"Connection: close\r\n"))
        writer.close()

    result = await run(closing, paper, 10)
    assert (result.accepted, result.errors) == (10, {})


async def test_an_attached_document_is_sent_between_front_and_back(paper: Paper) -> None:
    seen: list[bytes] = []

    async def looking(body: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append(body)
        await accepting(body, writer)

    result = await run(looking, paper, 1, attached=True)
    assert result.accepted == 1
    assert seen[0] == b"<m>0000</m>" + bytes(paper.view)


async def test_an_answer_in_pieces_is_awaited_whole(paper: Paper) -> None:
    async def dripping(body: bytes, writer: asyncio.StreamWriter) -> None:
        for byte in reply(b"<Receipt>%s</Receipt>" % body[3:7]):
            writer.write(bytes([byte]))
            await writer.drain()

    result = await run(dripping, paper, 2)
    assert result.accepted == 2


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 20_000]
)
async def test_what_is_not_read_here_is_a_broken_connection(answer: bytes) -> None:
    async def odd(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    async with server(odd) as address:
        connection = await connect(address.host, address.port, None)
        with pytest.raises(Broken):
            await connection.ask(message(1).front)
        with pytest.raises(Broken):
            await connection.ask(message(2).front)


async def test_nobody_there_is_a_broken_connection() -> None:
    async with server(accepting) as address:
        pass
    with pytest.raises(Broken):
        await connect(address.host, address.port, None)


def test_a_receipt_counts_only_with_success() -> None:
    assert judge(Answer(status=200, body=b"<Receipt>QQ==</Receipt>", last=False)) == (b"QQ==", "")
    assert judge(Answer(status=500, body=b"<Receipt>QQ==</Receipt>", last=False)) == (None, "http-500")
    assert judge(Answer(status=503, body=b"<Code>1005</Code>", last=True)) == (None, "1005")
