"""The only ZIP writer of the product: the same names, contents and time give the same bytes, on any sink.

Rules:
- Contents that come in pieces are followed by a data descriptor, since the sink need not be seekable; what is not to
  be compressed then goes as deflate blocks of level 0, because streaming readers cannot find the end of stored bytes.
- Names are judged by the rules of the reader; whatever this writes, the reader takes.
- No zip64: entries and archives end below 4 GiB.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Final

from gateway.wire.archive_directory import DEFLATED, STORED
from gateway.wire.archive_name import fault_of, folded

__all__ = ["ArchiveWriter"]

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_DESCRIPTOR: Final = struct.Struct("<4s3L")
_CENTRAL: Final = struct.Struct("<4s4B4H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_LEVEL: Final = 6
_DESCRIBED: Final = 0x0008
_UTF8: Final = 0x0800
_VERSION: Final = 20  # APPNOTE 4.4.3: deflate and folders
_UNIX: Final = 3
_PLAIN_FILE: Final = 0o100644 << 16
_MOST: Final = 0xFFFFFFFF
_MOST_ENTRIES: Final = 0xFFFE


class ArchiveWriter:
    """Writes an archive to a sink, entry by entry; `at` is the time every entry bears (UTC, to two seconds).

    ValueError for a name the reader would refuse, a time before 1980 or after 2107; OverflowError beyond 4 GiB.
    """

    def __init__(self, sink: BinaryIO, at: datetime) -> None:
        moment = at.astimezone(UTC)
        if not 1980 <= moment.year <= 2107:
            raise ValueError("an archive tells times from 1980 to 2107 only")
        self._sink = sink
        self._time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
        self._day = (moment.year - 1980) << 9 | moment.month << 5 | moment.day
        self._records: list[bytes] = []
        self._known: set[str] = set()
        self._written = 0

    def add(self, name: str, content: Iterable[bytes] | bytes, *, compress: bool = True) -> None:
        """Write one file; `content` whole or in pieces."""
        fault = "a folder" if name.endswith("/") else fault_of(name)
        if fault or folded(name) in self._known:
            raise ValueError(f"a name an archive cannot hold: {fault or 'known already'}")
        self._known.add(folded(name))
        if isinstance(content, bytes):
            self._add_whole(name, content, compress=compress)
        else:
            self._add_pieces(name, content, level=_LEVEL if compress else 0)

    def close(self) -> None:
        """Write the directory; the sink stays open. Nothing can be added any more."""
        directory = b"".join(self._records)
        entries, at = len(self._records), self._written
        if entries > _MOST_ENTRIES:
            raise OverflowError("more entries than an archive without zip64 can hold")
        self._write(directory)
        self._write(_END.pack(b"PK\x05\x06", 0, 0, entries, entries, len(directory), at, 0))

    def _add_whole(self, name: str, content: bytes, *, compress: bool) -> None:
        method, packed = STORED, content
        if compress:
            deflated = b"".join(_deflated([content], _LEVEL))
            if len(deflated) < len(content):
                method, packed = DEFLATED, deflated
        at, flags = self._written, 0 if name.isascii() else _UTF8
        crc = zlib.crc32(content)
        self._write_header(name, flags, method, crc, len(packed), len(content))
        self._write(packed)
        self._record(name, flags, method, crc, len(packed), len(content), at)

    def _add_pieces(self, name: str, pieces: Iterable[bytes], *, level: int) -> None:
        at, flags = self._written, _DESCRIBED | (0 if name.isascii() else _UTF8)
        crc, size = 0, 0

        def counted() -> Iterator[bytes]:
            nonlocal crc, size
            for piece in pieces:
                crc, size = zlib.crc32(piece, crc), size + len(piece)
                yield piece

        self._write_header(name, flags, DEFLATED, 0, 0, 0)
        start = self._written
        for packed in _deflated(counted(), level):
            self._write(packed)
        compressed = self._written - start
        self._write(_DESCRIPTOR.pack(b"PK\x07\x08", crc, compressed, _fitting(size)))
        self._record(name, flags, DEFLATED, crc, compressed, size, at)

    def _write_header(self, name: str, flags: int, method: int, crc: int, compressed: int, size: int) -> None:
        raw = name.encode("utf-8")
        fields = (_VERSION, flags, method, self._time, self._day, crc, compressed, _fitting(size), len(raw), 0)
        self._write(_LOCAL.pack(b"PK\x03\x04", *fields) + raw)

    def _record(self, name: str, flags: int, method: int, crc: int, compressed: int, size: int, at: int) -> None:
        raw = name.encode("utf-8")
        fields = (_VERSION, _UNIX, _VERSION, 0, flags, method, self._time, self._day, crc, compressed, size, len(raw))
        self._records.append(_CENTRAL.pack(b"PK\x01\x02", *fields, 0, 0, 0, 0, _PLAIN_FILE, at) + raw)

    def _write(self, content: bytes) -> None:
        self._written = _fitting(self._written + len(content))
        self._sink.write(content)


def _deflated(pieces: Iterable[bytes], level: int) -> Iterator[bytes]:
    deflating = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    for piece in pieces:
        yield deflating.compress(piece)
    yield deflating.flush()


def _fitting(size: int) -> int:
    if size > _MOST:
        raise OverflowError("larger than an archive without zip64 can be")
    return size
