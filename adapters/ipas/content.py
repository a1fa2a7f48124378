"""The bytes of a document inside a message, as base64, without ever having the message whole.

Rules:
- Sending: the envelope is written with MARK in the place of the content, and the content streams in between.
- Reading back: the content is cut out of the answer while it comes and is digested; what remains is a small message,
  parsed like any other. A text of more than 10 MB could not be parsed at all.
"""

import base64
import binascii
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from gateway.core.reason import Deferred, Reason

__all__ = ["MARK", "Content", "ContentCut", "envelope_size", "stream_content"]

#: Stands for the content while an envelope is written. The settings allow braces in no path.
MARK: Final = "{content}"

_MARK: Final = MARK.encode("ascii")
_OPEN: Final = b"<content>"
_WHITE: Final = b" \t\r\n"

#: Bytes of an answer besides the content.
_AROUND: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What was read back: `size` in bytes and the SHA-256, 32 bytes."""

    size: int
    sha256: bytes


def envelope_size(envelope: bytes, size: int) -> int:
    """Give the length of an envelope with MARK once `size` bytes stand there as base64 (RFC 4648, section 4)."""
    return len(envelope) - len(_MARK) + -(-size // 3) * 4


async def stream_content(envelope: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give the envelope with the chunks as base64 in the place of MARK; ValueError if it has not one MARK."""
    before, *after = envelope.split(_MARK)
    if len(after) != 1:
        raise ValueError("an envelope has one place for the content")
    yield before
    rest = b""
    async for chunk in chunks:
        rest += chunk
        whole = len(rest) - len(rest) % 3
        if whole:
            yield base64.b64encode(rest[:whole])
            rest = rest[whole:]
    if rest:
        yield base64.b64encode(rest)
    yield after[0]


class ContentCut:
    """Takes an answer in pieces; keeps what is around the first `<content>` and digests what is inside, which may be
    of `largest` bytes.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._before = b""
        self._after: bytes | None = None
        self._inside = False
        self._rest = b""
        self._size = 0
        self._digest = hashlib.sha256()

    def feed(self, piece: bytes) -> None:
        """Take a piece. Deferred(REMOTE_MALFORMED) for content that is not base64, or too much around it."""
        if self._after is not None:
            self._after += piece
        elif self._inside:
            self._take(piece)
        else:
            self._before += piece
            place = self._before.find(_OPEN)
            if place >= 0:
                self._inside = True
                inside = self._before[place + len(_OPEN) :]
                self._before = self._before[: place + len(_OPEN)]
                self._take(inside)
        if len(self._before) + len(self._after or b"") > _AROUND:
            raise Deferred(Reason.REMOTE_MALFORMED, "envelope")

    def finish(self) -> tuple[bytes, Content | None]:
        """Give what is around the content, and the content, or None if the answer had no such element."""
        if not self._inside:
            return self._before, None
        if self._rest:
            raise Deferred(Reason.REMOTE_MALFORMED, "content")
        return self._before + (self._after or b""), Content(size=self._size, sha256=self._digest.digest())

    def _take(self, piece: bytes) -> None:
        end = piece.find(b"<")  # base64 has none, so any markup ends it; the parser then sees whether it is the end tag
        if end >= 0:
            self._after = piece[end:]
            piece = piece[:end]
        text = self._rest + piece.translate(None, _WHITE)
        whole = len(text) - len(text) % 4
        self._rest = text[whole:]
        try:
            decoded = binascii.a2b_base64(text[:whole], strict_mode=True)
        except binascii.Error:
            raise Deferred(Reason.REMOTE_MALFORMED, "content") from None
        self._size += len(decoded)
        if self._size > self._largest:
            raise Deferred(Reason.REMOTE_MALFORMED, "size of the content")
        self._digest.update(decoded)
