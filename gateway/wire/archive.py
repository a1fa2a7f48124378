"""The only ZIP reader of the product: an archive from outside becomes a list of entries whose content can be streamed.

Rules:
- Opening judges the whole directory (`archive_directory.py`) and every bound before a byte of content is touched.
- Content is inflated in pieces and counted, and its size and CRC-32 are known to be true at its last piece only:
  who stops before has verified nothing.
- Nothing is written anywhere: what is to be kept, the caller keeps. Names are keys here, never paths.
- Archives inside archives share the outermost one's allowance, so that nesting multiplies nothing.
"""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from gateway.core.reason import Reason, Refused
from gateway.wire.archive_directory import DEFLATED, Entry, Extent, read_directory

__all__ = ["PACKAGE", "Archive", "ArchiveLimits", "Entry", "open_archive"]

_PIECE: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """How much an archive may hold. Sizes in bytes, after inflating, folders and archives inside counted.

    `ratio` bounds each entry against its compressed size, and all entries against the archive's own size, beyond a
    `slack` that honest drawings of one colour need. `depth` counts archives inside each other, the outermost as one.
    `whole` bounds what `Archive.read` and an inflated inner archive may take of memory.
    """

    entries: int = 10_000
    directory: int = 8 * 1024 * 1024
    total: int = 4 * 1024 * 1024 * 1024
    ratio: int = 100
    total_ratio: int = 40
    slack: int = 4 * 1024 * 1024
    total_slack: int = 32 * 1024 * 1024
    depth: int = 3
    whole: int = 16 * 1024 * 1024


#: For packages of documents.
PACKAGE: Final = ArchiveLimits()


class _Allowance:
    """How many bytes the archives inside one archive may still unfold into; each opening takes from it."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, size: int) -> None:
        if size > self._left:
            raise Refused(Reason.ARCHIVE_LIMIT, "total size")
        self._left -= size


class Archive:
    """An open archive; it neither owns nor closes its source, and is not to be used from two threads at once."""

    def __init__(self, source: BinaryIO, limits: ArchiveLimits, outer: "Archive | None" = None) -> None:
        self._depth: int = 1 if outer is None else outer._depth + 1
        if self._depth > limits.depth:
            raise Refused(Reason.ARCHIVE_LIMIT, "nesting")
        self._source = source
        self._limits = limits
        extent = Extent(entries=limits.entries, directory=limits.directory)
        self._size, self._entries = read_directory(source, extent)
        unfolded = sum(entry.size for entry in self._entries)
        for entry in self._entries:
            if entry.size > limits.slack + limits.ratio * entry.compressed:
                raise Refused(Reason.ARCHIVE_LIMIT, entry.name)
        most = min(limits.total, limits.total_slack + limits.total_ratio * self._size)
        self._allowance: _Allowance = _Allowance(most) if outer is None else outer._allowance
        self._allowance.take(unfolded)
        self._by_name = {entry.name: entry for entry in self._entries}
        self._names = tuple(entry.name for entry in self._entries if not entry.is_folder)

    @property
    def size(self) -> int:
        """Bytes of the archive itself."""
        return self._size

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry, folders too, in the order in which they lie in the file."""
        return self._entries

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files, without the folders."""
        return self._names

    def __contains__(self, name: str) -> bool:
        """Whether there is a file of exactly this name, in a time that does not grow with their number."""
        entry = self._by_name.get(name)
        return entry is not None and not entry.is_folder

    def entry(self, name: str) -> Entry:
        """Give the entry of exactly this name; KeyError if there is none."""
        return self._by_name[name]

    def read(self, name: str, *, limit: int | None = None) -> bytes:
        """Give a whole content of at most `limit` bytes (default: the limits' `whole`), checked.

        KeyError if there is no such entry; Refused with ARCHIVE_LIMIT or ARCHIVE_DAMAGED.
        """
        most = self._limits.whole if limit is None else limit
        if self.entry(name).size > most:
            raise Refused(Reason.ARCHIVE_LIMIT, name)
        return b"".join(self.stream(name))

    def stream(self, name: str) -> Iterator[bytes]:
        """Give the content in pieces of at most 256 KiB; Refused(ARCHIVE_DAMAGED) at the latest instead of an end.

        KeyError, already at the call, if there is no such entry.
        """
        entry = self.entry(name)
        pieces = self._inflated(entry) if entry.method == DEFLATED and entry.compressed else self._stored(entry)
        return _checked(pieces, entry)

    def verify(self) -> None:
        """Read every content to its end; Refused(ARCHIVE_DAMAGED) at the first that is not what the directory says."""
        for entry in self._entries:
            for _ in self.stream(entry.name):
                pass

    def unfold(self, name: str, work: BinaryIO | None = None) -> BinaryIO:
        """Give a content as a seekable source, read to its end once and so known to be true.

        A stored one is read where it lies, whatever its size. A deflated one is unfolded into `work`, an empty file of
        the caller's, or into memory up to the limits' `whole`. KeyError; Refused as `read`.
        """
        entry = self.entry(name)
        if entry.method != DEFLATED:
            for _ in self.stream(name):
                pass
            return io.BufferedReader(_Window(self._source, entry.data_at, entry.size))
        if work is None and entry.size > self._limits.whole:
            raise Refused(Reason.ARCHIVE_LIMIT, name)
        unfolded = io.BytesIO() if work is None else work
        for piece in self.stream(name):
            unfolded.write(piece)
        unfolded.seek(0)
        return unfolded

    def _stored(self, entry: Entry) -> Iterator[bytes]:
        at, left = entry.data_at, entry.compressed
        while left:
            self._source.seek(at)
            piece = self._source.read(min(left, _PIECE))
            if not piece:
                raise Refused(Reason.ARCHIVE_DAMAGED, entry.name)
            at, left = at + len(piece), left - len(piece)
            yield piece

    def _inflated(self, entry: Entry) -> Iterator[bytes]:
        inflating = zlib.decompressobj(-zlib.MAX_WBITS)
        pieces = self._stored(entry)
        waiting = b""
        try:
            while not inflating.eof:
                waiting = waiting or next(pieces, b"")
                piece = inflating.decompress(waiting, _PIECE)
                ended = not waiting and not piece
                waiting = inflating.unconsumed_tail
                if ended and not inflating.eof:
                    raise Refused(Reason.ARCHIVE_DAMAGED, entry.name)
                yield piece
        except zlib.error:
            raise Refused(Reason.ARCHIVE_DAMAGED, entry.name) from None
        if inflating.unused_data or waiting or next(pieces, b""):
            raise Refused(Reason.ARCHIVE_DAMAGED, entry.name)


def _checked(pieces: Iterator[bytes], entry: Entry) -> Iterator[bytes]:
    size, crc = 0, 0
    for piece in pieces:
        size += len(piece)
        if size > entry.size:
            raise Refused(Reason.ARCHIVE_DAMAGED, entry.name)
        crc = zlib.crc32(piece, crc)
        if piece:
            yield piece
    if size != entry.size or crc != entry.crc:
        raise Refused(Reason.ARCHIVE_DAMAGED, entry.name)


class _Window(io.RawIOBase):
    """A stretch of a source, read as if it were a file of its own."""

    def __init__(self, source: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._source, self._start, self._size, self._at = source, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # any writable buffer
        self._source.seek(self._start + self._at)
        found = self._source.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


def open_archive(source: BinaryIO | bytes, limits: ArchiveLimits = PACKAGE, *, outer: Archive | None = None) -> Archive:
    """Open an archive from a seekable source or from memory, its directory judged and compared with its entries.

    One that lay inside another is opened under the allowance and depth of that `outer` one.
    Refused with ARCHIVE_MALFORMED, ARCHIVE_CONTRADICTION, ARCHIVE_NAME, ARCHIVE_LINK, ARCHIVE_ENCRYPTED,
    ARCHIVE_METHOD or ARCHIVE_LIMIT (APPNOTE 6.3.10; hostile-cases C1 to C12).
    """
    return Archive(io.BytesIO(source) if isinstance(source, bytes) else source, limits, outer)
