"""Messages with attachments, over the sans-IO reader: MTOM and XOP (RFC 2387) and multipart/form-data, both ways.

Rules:
- The root part comes first and is complete before any byte of an attachment is handed on, so that a signature can
  be verified before a document is read. It alone is held in memory.
- Parts are read in the order they come; a part that is left early is read to its end, and forgotten.
- What is written has a boundary passed in, since randomness is not made here, and a length known before.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from gateway.core.reason import Reason, Refused
from gateway.wire.media import parse_media_type
from gateway.wire.multipart import DOOR_MIME, MimeLimits, MultipartReader, PartEnded, PartHead

__all__ = [
    "ROOT_ID",
    "IncomingMessage",
    "IncomingPart",
    "Outgoing",
    "OutgoingPart",
    "read_message",
    "read_whole",
    "renamed",
    "write_form",
    "write_related",
]

#: Content-ID of the root part of what we write.
ROOT_ID: Final = "root@pouch"

_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f\"<>\\]")


class IncomingPart:
    """One attachment on its way in."""

    def __init__(self, head: PartHead, pieces: AsyncIterator[bytes], *, names: Mapping[str, str] | None = None) -> None:
        self.head = head
        self._pieces = pieces
        self._names = names or {}

    @property
    def name(self) -> str:
        """The Content-ID, or the name of a form part, or what it was renamed to; Refused(MALFORMED_MIME) if none."""
        name = self.head.content_id or self.head.name
        if name is None:
            raise Refused(Reason.MALFORMED_MIME, f"part {self.head.number}")
        return self._names.get(name, name)

    def chunks(self) -> AsyncIterator[bytes]:
        """Give the decoded bytes, once."""
        return self._pieces


class IncomingMessage:
    """A multipart message whose root is complete; `parts()` may be read once."""

    def __init__(self, head: PartHead, root: bytes, stream: "_Stream") -> None:
        self.head = head
        self.root = root
        self._stream = stream

    async def parts(self) -> AsyncGenerator[IncomingPart, None]:
        """Give the attachments as they come. Refused as MultipartReader does, also for a missing close delimiter."""
        while (event := await self._stream.next()) is not None:
            if not isinstance(event, PartHead):
                raise TypeError("a part begins with its head")
            pieces = self._stream.pieces()
            yield IncomingPart(event, pieces)
            async for _ in pieces:  # what was not wanted
                pass


class _Stream:
    """Joins an iterator of chunks and a reader to one line of events."""

    def __init__(self, chunks: AsyncIterator[bytes], reader: MultipartReader) -> None:
        self._chunks = chunks
        self._reader = reader
        self._events: list[PartHead | PartEnded | bytes] = []
        self._position = 0

    async def next(self) -> PartHead | PartEnded | bytes | None:
        """Give the next event, or None at the regular end."""
        while self._position == len(self._events):
            chunk = await anext(self._chunks, None)
            if chunk is None:
                self._reader.close()
                return None
            self._events = self._reader.feed(chunk)
            self._position = 0
        event = self._events[self._position]
        self._position += 1
        return event

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give the content of the part whose head was the last event."""
        while isinstance(event := await self.next(), bytes):
            yield event


async def read_message(
    content_type: str | None, chunks: AsyncIterator[bytes], *, limits: MimeLimits = DOOR_MIME
) -> IncomingMessage:
    """Read a multipart/related or multipart/form-data body up to the end of its root part.

    Refused with UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE (the whole or the root), MALFORMED_MIME (also when `start`
    names another part than the first, RFC 2387 section 3.2) or DOCUMENT_EXTRA.
    """
    media = parse_media_type(content_type)
    if media.name not in ("multipart/related", "multipart/form-data"):
        raise Refused(Reason.UNSUPPORTED_MEDIA_TYPE, "Content-Type")
    stream = _Stream(aiter(chunks), MultipartReader(media.parameters.get("boundary", ""), limits))
    head = await stream.next()
    if not isinstance(head, PartHead):
        raise Refused(Reason.MALFORMED_MIME)
    start = media.parameters.get("start")
    if start is not None and media.name == "multipart/related" and start.strip("<>") != head.content_id:
        raise Refused(Reason.MALFORMED_MIME, "start")
    return IncomingMessage(head, await read_whole(stream.pieces(), limit=limits.root), stream)


async def renamed(
    parts: AsyncGenerator[IncomingPart, None], names: Mapping[str, str]
) -> AsyncGenerator[IncomingPart, None]:
    """Give the same parts under the names of `names`, which may be filled until the first part is taken."""
    async with aclosing(parts):
        async for part in parts:
            yield IncomingPart(part.head, part.chunks(), names=names)


async def read_whole(chunks: AsyncIterator[bytes], *, limit: int) -> bytes:
    """Collect what may be held in memory; Refused(BODY_TOO_LARGE) as soon as it is over `limit` bytes."""
    collected = bytearray()
    async for chunk in chunks:
        collected += chunk
        if len(collected) > limit:
            raise Refused(Reason.BODY_TOO_LARGE)
    return bytes(collected)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingPart:
    """An attachment on its way out: `size` bytes that `open` gives. ValueError for a name that would break a head."""

    name: str
    media_type: str
    size: int
    open: Callable[[], AsyncIterator[bytes]]

    def __post_init__(self) -> None:
        if _UNSAFE.search(self.name + self.media_type):
            raise ValueError("a part's name or media type has characters that would break its head")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to send: its Content-Type and Content-Length, and its bytes, to be taken once."""

    content_type: str
    length: int
    body: AsyncIterator[bytes]


def write_related(root: bytes, parts: Sequence[OutgoingPart], *, soap_media_type: str, boundary: str) -> Outgoing:
    """Write an MTOM message (W3C MTOM section 3.2): `soap_media_type` is text/xml or application/soap+xml.

    The part names are Content-IDs; the envelope's xop:Include elements must name them.
    """
    content_type = (
        f'multipart/related; type="application/xop+xml"; boundary="{boundary}"; start="<{ROOT_ID}>"; '
        f'start-info="{soap_media_type}"'
    )
    heads = [
        f'Content-Type: application/xop+xml; charset=UTF-8; type="{soap_media_type}"\r\n'
        f"Content-Transfer-Encoding: 8bit\r\nContent-ID: <{ROOT_ID}>\r\n"
    ]
    heads.extend(
        f"Content-Type: {part.media_type}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{part.name}>\r\n"
        for part in parts
    )
    return _outgoing(content_type, boundary, heads, root, parts)


def write_form(
    root: bytes, parts: Sequence[OutgoingPart], *, root_name: str, root_media_type: str, boundary: str
) -> Outgoing:
    """Write a multipart/form-data body (RFC 7578) whose first part is `root`, named `root_name`."""
    heads = [f'Content-Disposition: form-data; name="{root_name}"\r\nContent-Type: {root_media_type}\r\n']
    heads.extend(
        f'Content-Disposition: form-data; name="{part.name}"; filename="{part.name}"\r\n'
        f"Content-Type: {part.media_type}\r\n"
        for part in parts
    )
    return _outgoing(f'multipart/form-data; boundary="{boundary}"', boundary, heads, root, parts)


def _outgoing(
    content_type: str, boundary: str, heads: Iterable[str], root: bytes, parts: Sequence[OutgoingPart]
) -> Outgoing:
    fronts = [f"--{boundary}\r\n{head}\r\n".encode() for head in heads]
    close = f"--{boundary}--\r\n".encode()

    async def body() -> AsyncIterator[bytes]:
        yield fronts[0] + root + b"\r\n"
        for front, part in zip(fronts[1:], parts, strict=True):
            yield front
            async for chunk in part.open():
                yield chunk
            yield b"\r\n"
        yield close

    framing = sum(map(len, fronts)) + 2 * len(fronts) + len(close)
    return Outgoing(
        content_type=content_type,
        length=framing + len(root) + sum(part.size for part in parts),
        body=body(),
    )
