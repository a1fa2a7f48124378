"""A log at an address: bounded, from one host, and no more believed than one in a folder."""

import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from evidence_logs import KEY

from gateway.core.secret import Secret
from gateway.evidence.findings import CannotTell, Tampered
from gateway.evidence.verifying import verify_log
from gateway.evidence.web_source import WebSource
from pki.verdict import Indication

ENTRIES = [b"entry %d" % number for number in range(600)]


class LogServer:
    """Answers from `folder`, or with `answer`; `asked` are the requests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.asked: list[web.BaseRequest] = []
        self.answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] = self._file

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request)
        return await self.answer(request)

    async def _file(self, request: web.BaseRequest) -> web.StreamResponse:
        file = self.folder / request.path.removeprefix("/ledger/")
        return web.Response(body=file.read_bytes()) if file.is_file() else web.Response(status=404)


@pytest.fixture
async def server(write_log: Callable[..., Path]) -> AsyncIterator[LogServer]:
    serving = LogServer(write_log(ENTRIES))
    runner = web.ServerRunner(web.Server(serving.take))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    serving.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ledger"
    yield serving
    await runner.cleanup()


def answering(**given: object) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(**given)

    return answer


async def read(server: LogServer, limit: int = 100) -> bytes | None:
    async with WebSource(server.url) as source:
        return await source.read("checkpoint", limit)


async def test_log_at_an_address_is_verified_like_one_in_a_folder(server: LogServer) -> None:
    async with WebSource(server.url + "/") as source:
        assert (await verify_log(source, [KEY.verifier])).holds
        file = server.folder / "tile/entries/001"
        file.write_bytes(file.read_bytes().replace(b"entry 300", b"entry 3OO"))
        verdict = await verify_log(source, [KEY.verifier])
        assert (verdict.indication, verdict.place) == (Indication.FAILED, "tile/0/001")
        file.unlink()
        assert (await verify_log(source, [KEY.verifier])).indication is Indication.INDETERMINATE


async def test_token_is_shown_and_told_nobody_else(server: LogServer) -> None:
    async with WebSource(server.url, token=Secret("very-secret")) as source:
        server.answer = answering(status=403, text="very-secret")
        with pytest.raises(CannotTell) as caught:
            await source.read("checkpoint", 100)
    assert server.asked[0].headers["Authorization"] == "Bearer very-secret"
    assert "very-secret" not in str(caught.value)
    assert str(caught.value) == "checkpoint: was answered with HTTP status 403"


async def test_no_redirect_is_followed(server: LogServer) -> None:
    server.answer = answering(status=302, headers={"Location": f"{server.url}/elsewhere"})
    with pytest.raises(CannotTell, match="302"):
        await read(server)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [404, 410])
async def test_what_is_not_there_is_nothing(server: LogServer, status: int) -> None:
    server.answer = answering(status=status)
    assert await read(server) is None


async def test_answer_without_end_is_cut(server: LogServer) -> None:
    server.answer = answering(body=b"x" * 101)
    with pytest.raises(Tampered, match="larger than the 100 bytes"):
        await read(server)


async def test_gzip_that_was_not_asked_away_is_undone(server: LogServer) -> None:
    server.answer = answering(body=gzip.compress(b"a note", mtime=0), headers={"Content-Encoding": "gzip"})
    assert await read(server) == b"a note"


@pytest.mark.parametrize(
    ("body", "encoding", "error"),
    [
        (gzip.compress(bytes(10_000_000), mtime=0), "gzip", Tampered),
        (gzip.compress(b"a note", mtime=0)[:-9], "gzip", CannotTell),
        (b"a note", "gzip", CannotTell),
        (zlib.compress(b"a note"), "deflate", CannotTell),
    ],
)
async def test_encodings_that_lie_are_not_believed(
    server: LogServer, body: bytes, encoding: str, error: type[Exception]
) -> None:
    server.answer = answering(body=body, headers={"Content-Encoding": encoding})
    with pytest.raises(error):
        await read(server)


async def test_connection_that_fails_cannot_be_told(server: LogServer) -> None:
    async def cut(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    server.answer = cut
    with pytest.raises(CannotTell, match="no connection") as caught:
        await read(server)
    assert server.url not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["", "ftp://log.example", "log.example", "https://", "https://me@log.example", "https://log.example?x=1",
     "https://log.example#x", "https://log.example/a b", "https://log.example/\n", "https://log.example\\x",
     "https://" + "x" * 3000],
)  # fmt: skip
def test_other_addresses_are_not_called(address: str) -> None:
    with pytest.raises(ValueError, match="address of a log"):
        WebSource(address)


def test_token_is_not_sent_in_the_clear() -> None:
    with pytest.raises(ValueError, match="https only"):
        WebSource("http://log.example/ledger", token=Secret("very-secret"))
