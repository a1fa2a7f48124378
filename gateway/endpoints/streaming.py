"""Answers too large to hold: bytes go out as they are opened, with their length said before.

Rules: an answer of another length than announced is cut, so that the other side cannot take it for whole.
"""

from collections.abc import AsyncIterator, Mapping

from aiohttp import web

from gateway.endpoints.middleware import SECURITY_HEADERS

__all__ = ["stream"]


async def stream(
    request: web.Request, chunks: AsyncIterator[bytes], *, length: int, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send `length` bytes; returns when the last one is handed to a line that is still open.

    ConnectionError if the caller has gone. HEAD gets the headers and opens nothing.
    """
    response = web.StreamResponse(headers={**SECURITY_HEADERS, **headers})
    response.content_length = length
    await response.prepare(request)
    if request.method != "HEAD":
        sent = 0
        async for chunk in chunks:
            sent += len(chunk)
            if sent > length:
                break
            await response.write(chunk)
        if sent != length:
            raise RuntimeError("what was opened has another length than its list line says")
    await response.write_eof()
    if request.transport is None or request.transport.is_closing():
        raise ConnectionResetError
    return response
