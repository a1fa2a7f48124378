"""A PDF as bytes, before any library sees it: where it begins and ends, what else it is, and how much it unfolds into.

Rules:
- Read in pieces; memory does not grow with the file.
- Object streams and cross-reference streams are what a reader must inflate to find anything: they are counted here,
  so that a bomb in the structure is known before the library meets it (ISO 32000-2, 7.5.7 and 7.5.8).
"""

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from gateway.core.finding import Code, Finding, found

__all__ = ["HEADER", "TAIL", "begins", "has_one_plain_table", "look_at_bytes"]

HEADER: Final = b"%PDF-"

#: Readers look for the header in the first 1024 bytes and for the end in the last 1024 (ISO 32000-1, Annex H).
_HEADER_WITHIN: Final = 1024
_END_WITHIN: Final = 1024
_WINDOW: Final = 1024 * 1024
#: How far a stream's keyword may stand behind the name of its type, and the name behind the window's end.
_REACH: Final = 1024
_STRUCTURE: Final = (b"/ObjStm", b"/XRef")
_STREAM: Final = re.compile(rb"\bstream\r?\n")
#: A predictor's row of a million columns, which the library would make room for before it reads a byte (7.4.4.4).
_WIDE: Final = re.compile(rb"/(?:Columns|Colors)[ \t\r\n\0]*0*[1-9]\d{6}")
_PIECE: Final = 64 * 1024
#: What one structure stream, and all of them, may inflate into: beyond this no honest writer goes.
_MOST_OF_ONE: Final = 32 * 1024 * 1024
_MOST_SLACK: Final = 32 * 1024 * 1024
_MOST_RATIO: Final = 40
#: The end of a plain PDF: where its table is, a comment perhaps, and the end mark.
_END: Final = re.compile(
    rb"startxref[ \r\n]{1,4}(\d{1,10})[ \r\n]{1,4}(?:%[^\r\n]{0,100}[\r\n]{1,2})?%%EOF[ \r\n]{0,4}\Z"
)
_END_REACH: Final = 200
#: What in a table and its trailer would lead elsewhere: older tables, hybrid ones, encryption, disguised names.
_ELSEWHERE: Final = re.compile(rb"Prev|XRefStm|Encrypt|#|xref.*xref", re.DOTALL)
_ZIP_END: Final = b"PK\x05\x06"
#: Last bytes of a file that are looked at: an archive's end may stand there.
TAIL: Final = 22 + 65535


def begins(first: bytes) -> int:
    """The offset at which a PDF begins in the first bytes of a file, or -1."""
    return first.find(HEADER, 0, _HEADER_WITHIN + len(HEADER))


def look_at_bytes(source: BinaryIO, size: int, first: bytes) -> Iterator[Finding]:
    """Yield what the bytes alone say. Ends with TOO_COSTLY where nothing further should be opened."""
    at = begins(first)
    if at > 0:
        yield found(Code.PDF_HEADER, f"byte {at}")
    source.seek(max(0, size - TAIL))
    tail = source.read(TAIL)
    if _ends_as_archive(tail):
        yield found(Code.TWO_FORMS)
    end = tail.rfind(b"%%EOF")
    if end < 0 or len(tail) - end > _END_WITHIN + len(b"%%EOF"):
        yield found(Code.PDF_CUT_SHORT if b"%%EOF" not in tail else Code.PDF_TRAILING)
    elif tail[end + len(b"%%EOF") :].strip(b"\r\n\t \0\x1a"):
        yield found(Code.PDF_TRAILING)
    if not has_one_plain_table(source, size, tail) and _unfolds_into_too_much(source, size):
        yield found(Code.TOO_COSTLY)


def has_one_plain_table(source: BinaryIO, size: int, tail: bytes) -> bool:
    """Whether a PDF has one cross-reference table of the plain kind, and nothing that leads readers elsewhere.

    `tail` are its last bytes. Then no reader looks for object streams or cross-reference streams, and the library
    inflates nothing by itself (ISO 32000-2, 7.5.4 and 7.5.5).
    """
    end = _END.search(tail, max(0, len(tail) - _END_REACH))
    if end is None:
        return False
    length = size - len(tail) + end.start() - int(end[1])
    if not 0 < length <= _WINDOW:
        return False
    source.seek(int(end[1]))
    trailer = source.read(length)
    return trailer.startswith(b"xref") and b"trailer" in trailer and not _ELSEWHERE.search(trailer)


def _ends_as_archive(tail: bytes) -> bool:
    at = tail.rfind(_ZIP_END)
    return 0 <= at <= len(tail) - 22 and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail)


def _unfolds_into_too_much(source: BinaryIO, size: int) -> bool:
    left = _MOST_SLACK + _MOST_RATIO * size
    for at, is_wide in _structure_streams(source, size):
        if is_wide:
            return True
        inflated = _inflated(source, at, min(left, _MOST_OF_ONE) + 1)
        left -= inflated
        if inflated > _MOST_OF_ONE or left < 0:
            return True
    return False


def _structure_streams(source: BinaryIO, size: int) -> Iterator[tuple[int, bool]]:
    """Give the offsets at which bytes of object and cross-reference streams begin, and whether rows are too wide."""
    last = -1
    for start in range(0, size, _WINDOW):
        source.seek(start)
        window = source.read(_WINDOW + 2 * _REACH)
        for name in _names_in(window):
            keyword = _STREAM.search(window, name, name + _REACH)
            if keyword is not None and start + keyword.end() != last:
                last = start + keyword.end()
                yield last, _WIDE.search(window, max(0, name - _REACH), keyword.start()) is not None


def _names_in(window: bytes) -> Iterator[int]:
    """Where a name of a structure stream stands within the window itself; found as bytes, since that is fast."""
    for name in _STRUCTURE:
        at = window.find(name, 0, _WINDOW + len(name))
        while at >= 0:
            yield at
            at = window.find(name, at + 1, _WINDOW + len(name))


def _inflated(source: BinaryIO, at: int, most: int) -> int:
    """How many bytes a zlib stream at an offset inflates into, counted no further than `most`; 0 if it is none."""
    inflating = zlib.decompressobj()
    source.seek(at)
    count, waiting = 0, b""
    try:
        while count < most and not inflating.eof:
            waiting = waiting or source.read(_PIECE)
            piece = inflating.decompress(waiting, _WINDOW)
            if not waiting and not piece:
                break
            waiting, count = inflating.unconsumed_tail, count + len(piece)
    except zlib.error:
        pass  # not deflated, or damaged: the library will say
    return count
