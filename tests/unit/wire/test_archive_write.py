"""The ZIP writer: what it writes, others read; the same in gives the same out; nothing the reader would refuse."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.core.reason import Refused
from gateway.wire.archive import open_archive
from gateway.wire.archive_name import fault_of, folded
from gateway.wire.archive_write import ArchiveWriter

AT = datetime(2026, 11, 23, 9, 30, 15, tzinfo=UTC)
CONTENT = b"a certified copy " * 300


def written(*entries: tuple[str, bytes | list[bytes], bool], at: datetime = AT) -> bytes:
    sink = io.BytesIO()
    writer = ArchiveWriter(sink, at)
    for name, content, compress in entries:
        writer.add(name, content if isinstance(content, bytes) else iter(content), compress=compress)
    writer.close()
    return sink.getvalue()


ALL_FORMS = (
    ("whole.pdf", CONTENT, True),
    ("stored.pdf", CONTENT, False),
    ("pieces/ä.xml", [CONTENT[:100], b"", CONTENT[100:]], True),
    ("pieces/b.png", [CONTENT], False),
    ("empty", b"", True),
    ("none", [], True),
)


def test_another_reader_reads_it() -> None:
    with zipfile.ZipFile(io.BytesIO(written(*ALL_FORMS))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [name for name, _, _ in ALL_FORMS]
        assert archive.read("pieces/ä.xml") == archive.read("stored.pdf") == CONTENT
        assert archive.infolist()[0].date_time == (2026, 11, 23, 9, 30, 14)
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


def test_our_reader_reads_it() -> None:
    archive = open_archive(written(*ALL_FORMS))
    archive.verify()
    assert [len(archive.read(name)) for name in archive.names] == [len(CONTENT)] * 4 + [0, 0]


def test_the_same_gives_the_same_bytes_in_any_time_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    assert written(*ALL_FORMS) == written(*ALL_FORMS, at=elsewhere)
    assert written(*ALL_FORMS) != written(*ALL_FORMS, at=AT + timedelta(seconds=2))


def test_bytes_do_not_depend_on_how_the_content_was_cut() -> None:
    whole = written(("a", [CONTENT], True))
    assert whole == written(("a", [CONTENT[at : at + 7] for at in range(0, len(CONTENT), 7)], True))


@pytest.mark.parametrize("name", ["", "../a", "a\\b", "/a", "a/", "NUL.txt"])
def test_a_name_the_reader_would_refuse_is_not_written(name: str) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        written((name, b"", True))


def test_a_name_is_written_once() -> None:
    with pytest.raises(ValueError, match="known already"):
        written(("a.pdf", b"", True), ("A.pdf", b"", True))


@pytest.mark.parametrize("year", [1979, 2108])
def test_a_time_an_archive_cannot_tell_is_refused(year: int) -> None:
    with pytest.raises(ValueError, match="1980"):
        ArchiveWriter(io.BytesIO(), AT.replace(year=year))


def test_more_than_fits_without_zip64_is_refused() -> None:
    class Counting(io.BytesIO):
        def write(self, content: object, /) -> int:
            return 0

    piece = bytes(64 * 1024 * 1024)

    def endless() -> Iterator[bytes]:
        while True:
            yield piece

    writer = ArchiveWriter(Counting(), AT)
    writer._written = 0xFFFFFFFF - len(piece)
    with pytest.raises(OverflowError):
        writer.add("a", endless(), compress=False)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
    lambda name: fault_of(name) is None and not name.endswith("/")
)


@settings(max_examples=60)
@given(st.dictionaries(NAMES, st.tuples(st.lists(st.binary(max_size=400), max_size=3), st.booleans()), max_size=6))
def test_what_is_written_is_read(contents: dict[str, tuple[list[bytes], bool]]) -> None:
    keys = [folded(name) for name in contents]
    assume(len(set(keys)) == len(keys))
    assume(not any(a != b and b.startswith(a + "/") for a in keys for b in keys))
    made = written(*((name, pieces, compress) for name, (pieces, compress) in contents.items()))
    archive = open_archive(made)
    assert {name: archive.read(name) for name in archive.names} == {
        name: b"".join(pieces) for name, (pieces, _) in contents.items()
    }


MODEL = written(*ALL_FORMS, ("inner.zip", written(("a.xml", CONTENT, True)), False))
CHANGES = st.lists(
    st.tuples(
        st.integers(0, len(MODEL) - 1), st.sampled_from(["flip", "cut", "insert", "move"]), st.binary(max_size=8)
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=300)
@given(CHANGES)
def test_a_mutant_is_read_truly_or_refused(changes: list[tuple[int, str, bytes]]) -> None:
    """Never anything but Refused; and what is read with success is what was put in."""
    mutant = MODEL
    for at, kind, bytes_ in changes:
        match kind:
            case "flip":
                mutant = mutant[:at] + bytes_ + mutant[at + len(bytes_) :]
            case "cut":
                mutant = mutant[:at] + mutant[at + len(bytes_) :]
            case "insert":
                mutant = mutant[:at] + bytes_ + mutant[at:]
            case "move":
                mutant = mutant[at:] + mutant[:at]
    try:
        archive = open_archive(mutant)
        read = {name: hashlib.sha256(archive.read(name)).digest() for name in archive.names}
        if "inner.zip" in read:
            open_archive(archive.unfold("inner.zip"), outer=archive).verify()
    except Refused:
        return
    honest = open_archive(MODEL)
    assert set(read.values()) <= {hashlib.sha256(honest.read(name)).digest() for name in honest.names}
