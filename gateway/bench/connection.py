"""Connection: one keep-alive connection that sends prepared bytes and reads just enough of an answer to judge it.

Rules: HTTP/1.1 with Content-Length only, which is what the gateway answers with; anything else is a broken one. It
costs the generator a few microseconds a message, so that the gateway is what is measured.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Final

__all__ = ["Answer", "Broken", "Connection", "connect"]

#: Bytes handed to the transport at once, so that it can say that it has enough; bytes taken from it at once.
_PIECE: Final = 512 * 1024
_TAKEN: Final = 64 * 1024
#: An answer's head is at most this long.
_LONGEST_HEAD: Final = 16 * 1024


class Broken(Exception):
    """The other side hung up, or spoke what is not read here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: HTTP status and body. `last`: the gateway closes the connection after it."""

    status: int
    body: bytes
    last: bool


class Connection(asyncio.BufferedProtocol):
    """One connection; one message at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._into = bytearray(_TAKEN)
        self._buffer = bytearray()
        self._needed = 0
        self._awaited: asyncio.Future[Answer] | None = None
        self._room: asyncio.Future[None] | None = None

    async def ask(self, *pieces: bytes | memoryview) -> Answer:
        """Send the pieces and await the answer; Broken if it is cut. An early answer ends the sending."""
        transport = self._transport
        if transport is None or transport.is_closing():
            raise Broken
        self._buffer.clear()
        self._needed = 0
        awaited = self._awaited = self._loop.create_future()
        for piece in pieces:
            if len(piece) <= _PIECE:
                transport.write(piece)
                continue
            for start in range(0, len(piece), _PIECE):
                if awaited.done():
                    break
                transport.write(piece[start : start + _PIECE])
                if self._room is not None:
                    await self._room
        answer: Answer = await awaited
        return answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    # --- what the event loop calls ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # of a stream connection

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._into

    def buffer_updated(self, nbytes: int) -> None:
        self._buffer += memoryview(self._into)[:nbytes]
        if len(self._buffer) < self._needed:
            return
        awaited = self._awaited
        if awaited is None or awaited.done():
            self.close()
            return
        try:
            answer = self._read()
        except (ValueError, Broken) as error:
            awaited.set_exception(Broken(str(error)))
            self.close()
            return
        if answer is not None:
            awaited.set_result(answer)
            if answer.last:
                self.close()

    def _read(self) -> Answer | None:
        """Give the answer once it is whole."""
        end = self._buffer.find(b"\r\n\r\n", 0, _LONGEST_HEAD)
        if end < 0:
            if len(self._buffer) >= _LONGEST_HEAD:
                raise Broken("an answer without end of head")
            return None
        head = bytes(self._buffer[:end]).lower()
        if not head.startswith(b"http/1.1 "):
            raise Broken("an answer that is not HTTP/1.1")
        _, found, length = head.partition(b"\r\ncontent-length:")
        if not found:
            raise Broken("an answer without Content-Length")
        self._needed = end + 4 + int(length.partition(b"\r\n")[0])
        if len(self._buffer) < self._needed:
            return None
        body = bytes(self._buffer[end + 4 : self._needed])
        return Answer(status=int(head[9:12]), body=body, last=b"\r\nconnection: close" in head)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_exception(Broken("cut"))
        self.resume_writing()

    def pause_writing(self) -> None:
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)


async def connect(host: str, port: int, tls: ssl.SSLContext | None) -> Connection:
    """Open a connection; Broken if nobody answers."""
    loop = asyncio.get_running_loop()
    try:
        _, connection = await loop.create_connection(Connection, host, port, ssl=tls)
    except OSError as error:
        raise Broken(type(error).__name__) from None
    return connection
