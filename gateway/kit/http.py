"""HTTP to one counterpart on aiohttp (ports.Http): bounded in time, size and reach.

Rules:
- Only hosts the operator named are called: a counterpart's answer may name any URL (hostile-cases B25, D19).
- No redirect is followed, no cookie kept, no proxy taken from the environment, nothing decompressed.
- A call is sent once: what aiohttp would quietly send again after a cut line might take effect twice.
- No error text of the library goes on: it holds URLs, and URLs of DAS hold access codes (das.md 1.3, rows 9 and 10).
"""

import ssl
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from gateway.core.reason import Deferred, Reason
from gateway.ports import Answer

__all__ = ["CounterpartHttp", "Reach", "authority"]

_T = TypeVar("_T")

_CHUNK: Final = 64 * 1024
_LONGEST_URL: Final = 8192
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far the calls to one counterpart go.

    `authorities` are `host:port` in lower case. `ca` holds the authorities its certificate is checked against, or the
    certificate itself, which pins it; None takes the machine's own. Times in seconds: `total` for a call, `stream` for
    one that carries a document, `idle` between two pieces of an answer. `answer_limit` in bytes, documents excepted.
    """

    authorities: frozenset[str]
    ca: Path | None = None
    plain_http: bool = False
    connect: float = 30.0
    total: float = 300.0
    stream: float = 3600.0
    idle: float = 60.0
    answer_limit: int = 4 << 20
    connections: int = 16


def authority(url: str) -> str:
    """Give `host:port` of an http(s) URL; ValueError if it is none that can be called."""
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("not a URL")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not a URL that is called")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port or _PORTS[parts.scheme]}"


class CounterpartHttp:
    """One counterpart's connections. Made at any time, used inside a running loop, ended by `close`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._context = _trust(reach.ca)
        self._opened: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: bytes | AsyncIterator[bytes] | None = None,
        size: int | None = None,
    ) -> Answer:
        """Send one request and read its whole answer; a streamed body needs its `size` in bytes.

        Raises Deferred as ports.Http says, and whatever reading the body raises.
        """
        source = None if body is None or isinstance(body, bytes) else _Source(body, size)
        extra = {} if size is None else {"Content-Length": str(size)}
        target = self._target(url, query)
        asking = self._session().request(
            method,
            target,
            headers={**(headers or {}), **extra},
            data=body if source is None else source.pieces(),
            timeout=self._times(streamed=source is not None),
            allow_redirects=False,
        )
        return await _classified(_read_whole(asking, self._reach.answer_limit), source)

    @asynccontextmanager
    async def download(
        self, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> AsyncIterator[tuple[Answer, AsyncIterator[bytes]]]:
        """Open an answer to stream its bytes; who leaves early closes the connection. Raises as `call`."""
        target = self._target(url, None)
        asking = self._session().request(
            "GET" if body is None else "POST",
            target,
            headers=dict(headers or {}),
            data=body,
            timeout=self._times(streamed=True),
            allow_redirects=False,
        )
        response = await _classified(asking)
        try:
            yield _answer(response, b""), _pieces(response)
        finally:
            response.close()

    async def close(self) -> None:
        """End all connections."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._context, limit=self._reach.connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "pouch", "Accept-Encoding": "identity"},
                auto_decompress=False,
                trust_env=False,
                middlewares=(_once,),
            )
        return self._opened

    def _times(self, *, streamed: bool) -> aiohttp.ClientTimeout:
        reach = self._reach
        return aiohttp.ClientTimeout(
            total=reach.stream if streamed else reach.total,
            connect=reach.connect,
            sock_connect=reach.connect,
            sock_read=reach.idle,
        )

    def _target(self, url: str, query: Mapping[str, str] | None) -> URL:
        try:
            called = authority(url)
        except ValueError:
            raise Deferred(Reason.REMOTE_MALFORMED, "address") from None
        if called not in self._reach.authorities:
            raise Deferred(Reason.REMOTE_MALFORMED, "address of a host that is not in the settings")
        if url.startswith("http:") and not self._reach.plain_http:
            raise Deferred(Reason.REMOTE_UNREACHABLE, "address without TLS")
        # A pre-signed URL is signed over its very characters: nothing may be quoted anew.
        target = URL(url, encoded=True)
        return target if query is None else target.with_query(dict(query))


class _Source:
    """A streamed body: remembers what its reading raised, which aiohttp would hide, and counts its bytes."""

    def __init__(self, pieces: AsyncIterator[bytes], size: int | None) -> None:
        self._pieces = pieces
        self._size = size
        self.failure: Exception | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        sent = 0
        try:
            async for piece in self._pieces:
                sent += len(piece)
                yield piece
            if self._size not in (None, sent):
                raise Deferred(Reason.INTERNAL, "size of a document")
        except Exception as failure:
            self.failure = failure
            raise


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Middleware: give a cut line an error that aiohttp does not answer by sending the request again."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise aiohttp.ClientConnectionError from None


async def _classified(work: Awaitable[_T], source: _Source | None = None) -> _T:
    """Await `work` and turn aiohttp's errors into ours by what may have been sent; none of their text is kept."""
    try:
        return await work
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
        failure = Deferred(Reason.REMOTE_UNREACHABLE)
    except aiohttp.ClientResponseError:
        failure = Deferred(Reason.REMOTE_MALFORMED)
    except (aiohttp.ClientError, OSError):  # a time-out is an OSError
        failure = Deferred(Reason.REMOTE_OUTCOME_UNKNOWN)
    # Raised out here, so that the library's error is not even its context.
    raise source.failure if source is not None and source.failure is not None else failure


async def _read_whole(asking: Awaitable[aiohttp.ClientResponse], limit: int) -> Answer:
    response = await asking
    try:
        pieces: list[bytes] = []
        size = 0
        async for piece in _plain(response).iter_chunked(_CHUNK):
            size += len(piece)
            if size > limit:
                raise Deferred(Reason.REMOTE_MALFORMED, "size of the answer")
            pieces.append(piece)
        return _answer(response, b"".join(pieces))
    finally:
        response.close()  # of no effect once the answer was read to its end


async def _pieces(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    stream = _plain(response).iter_chunked(_CHUNK)
    while (piece := await _classified(anext(stream, None))) is not None:
        yield piece


def _plain(response: aiohttp.ClientResponse) -> aiohttp.StreamReader:
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Deferred(Reason.REMOTE_MALFORMED, "encoding of the answer")
    return response.content


def _answer(response: aiohttp.ClientResponse, body: bytes) -> Answer:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        headers.setdefault(name.lower(), value)
    return Answer(status=response.status, headers=headers, body=body)


def _trust(ca: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a certificate in `ca` that is no authority is a pin
    return context
