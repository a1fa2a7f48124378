"""A log read from its address (C2SP tlog-tiles): bounded in time and size, from the one host that was named.

Rules:
- No redirect is followed, no cookie kept, no proxy taken from the environment; TLS unless the address says http.
- A token goes over TLS, or to this machine; it is in no message, and no error text of the library is passed on.
- gzip is undone here, bounded, since a log may answer so unasked; any other encoding is not understood.
"""

import ssl
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from gateway.core.secret import Secret
from gateway.evidence.findings import CannotTell, Tampered
from gateway.wire.tlog_tiles import Tile

__all__ = ["WebSource"]

_CONNECT: Final = 15.0
_TOTAL: Final = 120.0
_CHUNK: Final = 64 * 1024
_CONNECTIONS: Final = 8
_LONGEST_ADDRESS: Final = 2048
_GZIP: Final = 16 + zlib.MAX_WBITS
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class WebSource:
    """A log at an address such as https://gateway.example/ledger; an async context manager."""

    def __init__(self, address: str, *, ca: Path | None = None, token: Secret | None = None) -> None:
        """`ca` holds the authorities to trust, or the server's own certificate; None takes the machine's own ones.

        ValueError for an address that is not called, OSError for a `ca` that cannot be used.
        """
        parts = urlsplit(address)
        printable = address.isascii() and address.isprintable() and " " not in address and "\\" not in address
        if not printable or len(address) > _LONGEST_ADDRESS or parts.scheme not in {"https", "http"}:
            raise ValueError("the address of a log begins with https:// or http://")
        if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("the address of a log has a host, and neither user, query nor fragment")
        if token is not None and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError("a token is sent over https only")
        self._address = address.rstrip("/")
        self._context = _trust(ca)
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._context, limit=_CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "pouch", "Accept-Encoding": "gzip, identity"} | self._authorization(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=_TOTAL, connect=_CONNECT),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def read(self, path: str, limit: int) -> bytes | None:
        """See LogSource; 404 and 410 are nothing, every other answer but 200 is CannotTell."""
        if self._session is None:
            raise RuntimeError("a WebSource is used inside its context")
        try:
            target = URL(f"{self._address}/{path}", encoded=True)
            async with self._session.get(target, allow_redirects=False) as response:
                if response.status in {404, 410}:
                    return None
                if response.status != 200:
                    raise CannotTell(path, f"was answered with HTTP status {response.status}")
                return await _read_body(response, path, limit)
        except (aiohttp.ClientError, OSError):  # a time-out is an OSError
            failure = CannotTell(path, "could not be fetched: no connection, or it was cut or too slow")
        raise failure

    async def partials(self, tile: Tile) -> list[Tile]:
        """See LogSource; a log at an address is not asked."""
        return []

    async def checkpoints(self) -> list[tuple[str, int]]:
        """See LogSource; a log at an address keeps the newest only."""
        return []

    async def tiles(self) -> AsyncIterator[Tile]:
        """See LogSource; a log at an address cannot be listed."""
        none: tuple[Tile, ...] = ()
        for tile in none:
            yield tile

    def _authorization(self) -> dict[str, str]:
        return {} if self._token is None else {"Authorization": f"Bearer {self._token.reveal()}"}


def _trust(ca: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a certificate in `ca` that is no authority is a pin
    return context


async def _read_body(response: aiohttp.ClientResponse, path: str, limit: int) -> bytes:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        raise CannotTell(path, "came in an encoding that was not asked for")
    inflating = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    content = bytearray()
    received = 0
    async for piece in response.content.iter_chunked(_CHUNK):
        received += len(piece)
        # Counted before it is inflated too: gzip can go on for ever and say nothing.
        if received > limit + _CHUNK:
            raise Tampered(path, f"is larger than the {limit} bytes it can have")
        try:
            content += piece if inflating is None else inflating.decompress(piece, limit + 1 - len(content))
        except zlib.error:
            raise CannotTell(path, "came as gzip that cannot be undone") from None
        if len(content) > limit:
            raise Tampered(path, f"is larger than the {limit} bytes it can have")
    if inflating is not None and not inflating.eof:
        raise CannotTell(path, "came as gzip that ends early")
    return bytes(content)
