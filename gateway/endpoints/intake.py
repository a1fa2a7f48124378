"""Intake: the body of a request as it comes, bounded in size and in time.

Rules:
- What its length says is too large is refused before a byte of it is read, and before "100 Continue" invites it.
- A body may pause, but not longer than the idle time, and over all it may not be slower than agreed: a sender that
  drips would else hold its place for ever.
- Nothing is decompressed: a compressed body is refused (RFC 9110, section 8.4).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.core.reason import Reason, Refused
from gateway.endpoints.door import Limits

__all__ = ["body_of", "expects"]

#: A body up to this length is taken in one piece.
_SMALL: Final = 64 * 1024
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_EXPECTED: Final = web.RequestKey("expected", bool)


async def expects(request: web.Request) -> None:
    """Take note of "Expect: 100-continue" and say nothing yet; any other expectation is let pass (RFC 9110, 10.1.1)."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        request[_EXPECTED] = True


async def body_of(request: web.Request, limits: Limits, *, limit: int) -> AsyncIterator[bytes]:
    """Give the body in pieces, at most `limit` bytes of it.

    Refused with UNSUPPORTED_MEDIA_TYPE (compressed), BODY_TOO_LARGE, TOO_SLOW or CLIENT_GONE.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(Reason.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding")
    length = request.content_length
    if length is not None and length > limit:
        raise Refused(Reason.BODY_TOO_LARGE)
    if request.get(_EXPECTED):
        await request.writer.write(_CONTINUE)
        request.writer.output_size = 0  # the answer has not begun with it
    if length is not None and length <= _SMALL:
        content = request.content
        here = content.is_eof() and content.exception() is None  # all of it came with the head
        whole = content.read_nowait() if here else await _Pace(limits).patiently(content.readexactly(length))
        if len(whole) != length:
            raise Refused(Reason.CLIENT_GONE)
        if whole:
            yield whole
        return
    pace = _Pace(limits)
    received = 0
    while True:
        chunk = await pace.patiently(request.content.readany())
        if not chunk:
            return
        received += len(chunk)
        if received > limit:
            raise Refused(Reason.BODY_TOO_LARGE)
        pace.came(len(chunk))
        yield chunk


class _Pace:
    """How long a sender is waited for: the idle time, from the beginning, and longer with every byte that came."""

    def __init__(self, limits: Limits) -> None:
        self._now = asyncio.get_running_loop().time
        self._idle = limits.idle
        self._slowest = limits.slowest
        self._deadline = self._now() + limits.idle

    def came(self, count: int) -> None:
        self._deadline += count / self._slowest

    async def patiently(self, reading: Awaitable[bytes]) -> bytes:
        """Await a read of the body; what can go wrong on the way becomes its Reason."""
        until = min(self._deadline, self._now() + self._idle)
        try:
            async with asyncio.timeout_at(until):
                return await reading
        except TimeoutError:
            raise Refused(Reason.TOO_SLOW) from None
        except (ConnectionError, HttpProcessingError, web.RequestPayloadError, asyncio.IncompleteReadError):
            raise Refused(Reason.CLIENT_GONE) from None
