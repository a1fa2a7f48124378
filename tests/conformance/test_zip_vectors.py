"""The published ZIP vectors of yauzl: each failure is refused with a reason, each readable entry is read.

Deviations from yauzl's own verdicts, as the PROVENANCE of the vectors allows: what is encrypted or compressed otherwise
is refused with the whole archive, and so is a backslash in a name (the same bytes stand among its failures, too).
"""

import io
import tracemalloc
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from gateway.core.reason import Reason, Refused
from gateway.wire.archive import ArchiveLimits, open_archive

VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "zip" / "yauzl"
if not VECTORS.exists():
    pytest.skip("the ZIP vectors are not here", allow_module_level=True)

#: The first words of a failure's file name, which is the error it stands for -> our reason.
FAILURES = {
    "End of central directory": Reason.ARCHIVE_MALFORMED,
    "Invalid comment length": Reason.ARCHIVE_CONTRADICTION,
    "absolute path": Reason.ARCHIVE_NAME,
    "compressed uncompressed size mismatch": Reason.ARCHIVE_CONTRADICTION,
    "extra field length": Reason.ARCHIVE_MALFORMED,
    "file data overflows": Reason.ARCHIVE_CONTRADICTION,
    "invalid central directory": Reason.ARCHIVE_MALFORMED,
    "invalid characters": Reason.ARCHIVE_NAME,
    "invalid code lengths": Reason.ARCHIVE_DAMAGED,
    "invalid local file header": Reason.ARCHIVE_MALFORMED,
    "invalid relative path": Reason.ARCHIVE_NAME,
    "invalid zip64": Reason.ARCHIVE_MALFORMED,
    "multi-disk": Reason.ARCHIVE_MALFORMED,
    "not enough bytes": Reason.ARCHIVE_CONTRADICTION,
    "strong encryption": Reason.ARCHIVE_ENCRYPTED,
    "too many bytes": Reason.ARCHIVE_CONTRADICTION,
    "too many length": Reason.ARCHIVE_DAMAGED,
    "unexpected EOF": Reason.ARCHIVE_MALFORMED,
    "unsupported compression": Reason.ARCHIVE_METHOD,
    "zip64 extended information": Reason.ARCHIVE_MALFORMED,
}
REFUSED_SUCCESSES = {
    "bogus-compression-method.zip": Reason.ARCHIVE_METHOD,
    "sloppy-filenames.zip": Reason.ARCHIVE_NAME,
    "traditional-encryption-and-compression.zip": Reason.ARCHIVE_ENCRYPTED,
    "traditional-encryption-and-compression_deprecated.zip": Reason.ARCHIVE_ENCRYPTED,
    "traditional-encryption.zip": Reason.ARCHIVE_ENCRYPTED,
    "traditional-encryption_deprecated.zip": Reason.ARCHIVE_ENCRYPTED,
}


def reason_of(path: Path) -> Reason | None:
    with path.open("rb") as source:
        try:
            open_archive(cast(BinaryIO, source)).verify()
        except Refused as refusal:
            return refusal.reason
    return None


@pytest.mark.parametrize("path", sorted((VECTORS / "failure").iterdir()), ids=lambda path: path.stem[:40])
def test_a_failure_is_refused_with_its_reason(path: Path) -> None:
    [expected] = [reason for words, reason in FAILURES.items() if path.name.startswith(words)]
    assert reason_of(path) is expected


@pytest.mark.parametrize("path", sorted((VECTORS / "success").iterdir()), ids=lambda path: path.stem)
def test_a_success_is_read(path: Path) -> None:
    assert reason_of(path) is REFUSED_SUCCESSES.get(path.name)


def test_names_in_the_unicode_field_are_read() -> None:
    assert open_archive((VECTORS / "success" / "unicode-path-extra-field.zip").read_bytes()).names == ("七个房间.txt",)


def test_sizes_that_are_not_true_are_refused() -> None:
    assert reason_of(VECTORS / "wrong-entry-sizes" / "wrong-entry-sizes.zip") is Reason.ARCHIVE_CONTRADICTION


def test_no_file_of_the_corpus_costs_much_memory() -> None:
    tracemalloc.start()
    for path in VECTORS.rglob("*.zip"):
        reason_of(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


class Sparse(io.RawIOBase):
    """A file of eight thousand million bytes of which a few hundred are told; between them there are zeros."""

    def __init__(self, pieces: dict[int, bytes], size: int) -> None:
        super().__init__()
        self._pieces, self._size, self._at = pieces, size, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = offset + (self._size if whence == io.SEEK_END else 0)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = max(0, min(len(buffer), self._size - self._at))
        found = bytearray(count)
        for start, piece in self._pieces.items():
            first, last = max(start, self._at), min(start + len(piece), self._at + count)
            if first < last:
                found[first - self._at : last - self._at] = piece[first - start : last - start]
        buffer[:count] = found
        self._at += count
        return count


def test_an_archive_beyond_four_gibibytes_is_read() -> None:
    """yauzl's fragment: 8,000,000,000 zeros belong where its first four bytes say, counted from their own begin."""
    fragment = (VECTORS / "zip64" / "zip64.zip_fragment").read_bytes()
    cut, body = int.from_bytes(fragment[:4], "big") - 4, fragment[4:]
    gap = 8_000_000_000
    source = Sparse({0: body[:cut], cut + gap: body[cut:]}, len(body) + gap)
    wide = ArchiveLimits(total=10_000_000_000)
    archive = open_archive(io.BufferedReader(source), wide)
    assert archive.names == ("a.txt", "large.bin", "b.txt")
    assert archive.entry("large.bin").size == gap
    assert archive.read("b.txt") == b"hello b\n"
    with pytest.raises(Refused) as caught:
        open_archive(io.BufferedReader(source))
    assert caught.value.reason is Reason.ARCHIVE_LIMIT
