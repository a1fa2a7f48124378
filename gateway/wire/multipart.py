"""A MIME multipart body, read as it comes: bytes in, parts out, without I/O (RFC 2046 section 5.1).

Rules:
- Everything is bounded: the whole, the number of parts, headers, preamble, epilogue, transport padding.
- A line that begins with the boundary and goes on otherwise is refused, not guessed at: two readers that guess
  differently would see different documents. So is a header that comes twice, and a body without close delimiter.
- No work per line: a document is searched for its delimiter only, and handed on in the pieces it came in.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.core.reason import Reason, Refused
from gateway.wire.media import parse_parameters

__all__ = ["DOOR_MIME", "Event", "MimeLimits", "MultipartReader", "PartEnded", "PartHead"]

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z\-]{1,76}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_CONTENT_ID: Final = re.compile(r"<([^<>\s]{1,255})>")
_PADDING: Final = re.compile(rb"[ \t]{0,64}\r\n")
_PLAIN_ENCODINGS: Final = frozenset({"binary", "8bit", "7bit"})
_MOST_HEADERS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MimeLimits:
    """Bounds in bytes, except `parts`, which counts the root too. `total` is of the transport's bytes."""

    total: int
    root: int = 6 * 1024 * 1024
    parts: int = 65
    head: int = 8 * 1024
    preamble: int = 1024
    epilogue: int = 4096


#: For the doors, where no agreement says less: 1 GiB.
DOOR_MIME: Final = MimeLimits(total=1024 * 1024 * 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHead:
    """The head of a part. `headers` has lower-case names; `content_id` is without angle brackets; `name` that of a
    form-data part; `number` counts from 1, the root."""

    number: int
    headers: Mapping[str, str]
    content_id: str | None
    name: str | None
    base64: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEnded:
    """The part is complete."""

    number: int


#: What a reader gives: a head, then pieces of content, then the end, for each part in turn.
Event = PartHead | PartEnded | bytes


class _State(Enum):
    PREAMBLE = "preamble"
    DELIMITER = "delimiter"
    HEAD = "head"
    CONTENT = "content"
    EPILOGUE = "epilogue"


class MultipartReader:
    """Feed it what arrives; it gives the events that are complete. After Refused it is of no further use."""

    def __init__(self, boundary: str, limits: MimeLimits) -> None:
        """Refused(MALFORMED_MIME) if the boundary is not one of RFC 2046: 1 to 70 characters."""
        if not _BOUNDARY.fullmatch(boundary):
            raise Refused(Reason.MALFORMED_MIME, "boundary")
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        self._limits = limits
        self._buffer = b"\r\n"  # so that a delimiter at the very start is one like any other
        self._state = _State.PREAMBLE
        self._taken = 0
        self._number = 0
        self._lead = 0
        self._base64: _Base64 | None = None

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes; Refused with BODY_TOO_LARGE, DOCUMENT_EXTRA (too many parts) or MALFORMED_MIME."""
        self._taken += len(chunk)
        if self._taken > self._limits.total:
            raise Refused(Reason.BODY_TOO_LARGE)
        self._buffer += chunk
        events: list[Event] = []
        while _STEPS[self._state](self, events):
            pass
        return events

    def close(self) -> None:
        """Say that nothing more comes; Refused(MALFORMED_MIME) if the close delimiter did not."""
        if self._state is not _State.EPILOGUE:
            raise self._malformed()

    def _malformed(self) -> Refused:
        return Refused(Reason.MALFORMED_MIME, f"part {self._number}" if self._number else None)

    def _read_preamble(self, events: list[Event]) -> bool:
        found = self._buffer.find(self._delimiter)
        if found > self._limits.preamble or (found < 0 and len(self._buffer) > self._limits.preamble + 80):
            raise self._malformed()
        if found < 0:
            return False
        self._buffer = self._buffer[found + len(self._delimiter) :]
        self._state = _State.DELIMITER
        return True

    def _read_delimiter(self, events: list[Event]) -> bool:
        if len(self._buffer) < 2:
            return False
        if self._buffer.startswith(b"--"):
            self._buffer = self._buffer[2:]
            self._state = _State.EPILOGUE
            return True
        padding = _PADDING.match(self._buffer)
        if padding is None:
            if len(self._buffer) > 66 or self._buffer.strip(b" \t") not in (b"", b"\r"):
                raise self._malformed()
            return False
        self._number += 1
        if self._number > self._limits.parts:
            raise Refused(Reason.DOCUMENT_EXTRA, f"part {self._number}")
        self._buffer = self._buffer[padding.end() - 2 :]  # the line's end stays: it may begin an empty head
        self._state = _State.HEAD
        return True

    def _read_head(self, events: list[Event]) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end > self._limits.head or (end < 0 and len(self._buffer) > self._limits.head):
            raise self._malformed()
        if end < 0:
            return False
        head = self._parse_head(self._buffer[2:end])
        self._base64 = _Base64() if head.base64 else None
        events.append(head)
        self._buffer = self._buffer[end + 2 :]  # the blank line's end stays: it may begin the delimiter
        self._lead = 2
        self._state = _State.CONTENT
        return True

    def _parse_head(self, block: bytes) -> PartHead:
        try:
            text = block.decode("utf-8")
        except UnicodeDecodeError:
            raise self._malformed() from None
        headers: dict[str, str] = {}
        for line in re.sub(r"\r\n[ \t]+", " ", text).split("\r\n") if text else ():
            found = _HEADER.fullmatch(line)
            if found is None or found[1].lower() in headers or len(headers) == _MOST_HEADERS:
                raise self._malformed()
            headers[found[1].lower()] = found[2].rstrip(" \t")
        encoding = headers.get("content-transfer-encoding", "binary").lower()
        if encoding != "base64" and encoding not in _PLAIN_ENCODINGS:
            raise self._malformed()
        content_id = headers.get("content-id")
        bare = _CONTENT_ID.fullmatch(content_id) if content_id is not None else None
        if content_id is not None and bare is None:
            raise self._malformed()
        return PartHead(
            number=self._number,
            headers=headers,
            content_id=bare[1] if bare else None,
            name=self._form_name(headers.get("content-disposition")),
            base64=encoding == "base64",
        )

    def _form_name(self, disposition: str | None) -> str | None:
        if disposition is None or not disposition.lower().startswith("form-data"):
            return None
        parameters = parse_parameters(disposition, len("form-data"))
        if parameters is None or not parameters.get("name"):
            raise self._malformed()
        return parameters["name"]

    def _read_content(self, events: list[Event]) -> bool:
        buffer, lead = self._buffer, self._lead
        found = buffer.find(self._delimiter)
        end = found if found >= 0 else len(buffer) - len(self._delimiter) + 1
        if end > lead:
            self._give(buffer[lead:end], events)
            self._lead = 0
        if found < 0:
            if end > lead:
                self._buffer = buffer[end:]
            return False
        if self._base64 is not None and not self._base64.is_complete():
            raise self._malformed()
        events.append(PartEnded(number=self._number))
        self._buffer = buffer[found + len(self._delimiter) :]
        self._state = _State.DELIMITER
        return True

    def _give(self, content: bytes, events: list[Event]) -> None:
        if self._base64 is not None:
            try:
                content = self._base64.decode(content)
            except binascii.Error:
                raise self._malformed() from None
        if content:
            events.append(content)

    def _read_epilogue(self, events: list[Event]) -> bool:
        if not b"\r\n".startswith(self._buffer[:2]) or len(self._buffer) > self._limits.epilogue:
            raise self._malformed()
        return False


_STEPS: Final = {
    _State.PREAMBLE: MultipartReader._read_preamble,
    _State.DELIMITER: MultipartReader._read_delimiter,
    _State.HEAD: MultipartReader._read_head,
    _State.CONTENT: MultipartReader._read_content,
    _State.EPILOGUE: MultipartReader._read_epilogue,
}


class _Base64:
    """Decodes base64 in pieces, line breaks allowed, everything else that is no base64 refused."""

    def __init__(self) -> None:
        self._rest = b""
        self._padded = False

    def decode(self, piece: bytes) -> bytes:
        text = self._rest + piece.translate(None, b"\r\n")
        whole = len(text) - len(text) % 4
        self._rest = text[whole:]
        if not whole:
            return b""
        if self._padded:
            raise binascii.Error("content after the padding")
        self._padded = text[whole - 1 : whole] == b"="
        return binascii.a2b_base64(text[:whole], strict_mode=True)

    def is_complete(self) -> bool:
        return not self._rest
