"""The ZIP reader: honest archives of several writers are read, each hostile one is refused with its own reason."""

import io
import random
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest

from gateway.core.reason import Reason, Refused
from gateway.wire.archive import Archive, ArchiveLimits, open_archive

TEXT = b"claim 1. A pouch. " * 40


class Pipe(io.RawIOBase):
    """A sink that cannot be sought in, as a network connection: what writes to it needs data descriptors."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        self.written += content
        return len(content)


def zipped(*names: str, method: int = zipfile.ZIP_DEFLATED, content: bytes = TEXT) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name in names:
            archive.writestr(name, content)
    return sink.getvalue()


def with_entry(entry: zipfile.ZipInfo, content: bytes = b"") -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(entry, content)
    return sink.getvalue()


def patched(archive: bytes, signature: bytes, offset: int, value: bytes, *, which: int = 0) -> bytes:
    """Write `value` at an offset into one of the records that begin with a signature."""
    at = -1
    for _ in range(which + 1):
        at = archive.index(signature, at + 1)
    return archive[: at + offset] + value + archive[at + offset + len(value) :]


CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


def refusal(source: bytes, limits: ArchiveLimits | None = None) -> Reason:
    with pytest.raises(Refused) as caught:
        open_archive(source, limits or ArchiveLimits()).verify()
    return caught.value.reason


def test_what_a_usual_writer_made_is_read() -> None:
    archive = open_archive(io.BytesIO(zipped("a.xml", "figures/D000001.tif")))
    assert archive.names == ("a.xml", "figures/D000001.tif")
    assert archive.read("a.xml") == TEXT
    assert archive.entry("a.xml").size == len(TEXT) and archive.size == len(zipped("a.xml", "figures/D000001.tif"))
    archive.verify()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_data_descriptors_are_read(method: int) -> None:
    """As Java's and every other streaming writer leaves them."""
    sink = Pipe()
    with zipfile.ZipFile(sink, "w", method) as archive:
        archive.writestr("a.xml", TEXT)
        archive.writestr("b.xml", b"")
    streamed = bytes(sink.written)
    assert b"PK\x07\x08" in streamed
    assert open_archive(streamed).read("a.xml") == TEXT


def test_data_descriptors_with_wide_sizes_are_read() -> None:
    sink = Pipe()
    with zipfile.ZipFile(sink, "w") as archive, archive.open("a.xml", "w", force_zip64=True) as entry:
        entry.write(TEXT)
    assert open_archive(bytes(sink.written)).read("a.xml") == TEXT


def test_a_descriptor_without_its_signature_is_read() -> None:
    """APPNOTE 4.3.9.3: the signature is optional."""
    sink = Pipe()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a.xml", TEXT)
    bare = bytes(sink.written).replace(b"PK\x07\x08", b"", 1)
    at = bare.index(END)
    [directory_at] = struct.unpack_from("<L", bare, at + 16)
    assert open_archive(patched(bare, END, 16, struct.pack("<L", directory_at - 4))).read("a.xml") == TEXT


def test_a_descriptor_that_says_something_else_is_refused() -> None:
    sink = Pipe()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a.xml", TEXT)
    assert refusal(patched(bytes(sink.written), b"PK\x07\x08", 4, b"\0\0\0\0")) is Reason.ARCHIVE_CONTRADICTION


def test_local_sizes_in_the_wide_field_are_read() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive, archive.open("a.xml", "w", force_zip64=True) as entry:
        entry.write(TEXT)
    assert open_archive(sink.getvalue()).read("a.xml") == TEXT


@pytest.mark.parametrize("name", ["ملف.pdf", "Заявка/описание.xml", "優先権.pdf", "naïve – copy (2).xml", "a b/c.d.e"])
def test_names_of_every_script_are_read(name: str) -> None:
    assert open_archive(zipped(name)).names == (name,)


def test_names_of_old_writers_are_read_in_their_code_page() -> None:
    old = zipped("aa.txt").replace(b"aa.txt", b"\x84\x94.txt")
    assert open_archive(old).names == ("äö.txt",)


def test_a_name_in_utf8_that_does_not_say_so_is_read() -> None:
    assert open_archive(zipped("aa.txt").replace(b"aa.txt", "ä.txt".encode())).names == ("ä.txt",)


def test_an_empty_archive_has_no_entries() -> None:
    assert open_archive(zipped()).entries == ()


def test_folders_are_entries_and_not_files() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.mkdir("figures")
        archive.writestr("figures/a.tif", b"x")
    opened = open_archive(sink.getvalue())
    assert opened.names == ("figures/a.tif",)
    assert [entry.is_folder for entry in opened.entries] == [True, False]


def test_a_comment_of_the_archive_is_allowed() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.comment = b"made by a filing tool"
        archive.writestr("a", b"x")
    assert open_archive(sink.getvalue()).names == ("a",)


@pytest.mark.parametrize(
    "name",
    [
        "../a", "a/../../b", "/etc/passwd", "C:\\a", "c:/a", "\\\\host\\a", "a\\b", "a//b", "./a", "a/.", "a/..",
        "a\x01b", "a\x7f", "a\x85b", "fi\u202efdp.exe", "\u2066a", "cafe\u0301.pdf", "NUL", "con.txt", "a/COM1.pdf",
        "x" * 300, "a/" * 600 + "a", "\ufeffa",
    ],
)  # fmt: skip
def test_names_that_could_do_harm_are_refused(name: str) -> None:
    assert refusal(zipped(name)) is Reason.ARCHIVE_NAME


def test_a_name_of_no_length_is_refused() -> None:
    assert refusal(_nameless()) is Reason.ARCHIVE_NAME


def _nameless() -> bytes:
    local = struct.pack("<4s5H3L2H", LOCAL, 20, 0, 0, 0, 33, 0, 0, 0, 0, 0)
    central = struct.pack("<4s6H3L5H2L", CENTRAL, 20, 20, 0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    return local + central + struct.pack("<4s4H2LH", END, 0, 0, 1, 1, len(central), len(local), 0)


@pytest.mark.parametrize(
    ("first", "second"),
    [("A.pdf", "a.PDF"), ("straße", "STRASSE"), ("a", "a."), ("a /b", "a/b"), ("a", "a/b"), ("a/B", "A/b/c")],
)
def test_names_that_are_one_elsewhere_are_refused(first: str, second: str) -> None:
    assert refusal(zipped(first, second)) is Reason.ARCHIVE_NAME


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_refused() -> None:
    assert refusal(zipped("a", "a")) is Reason.ARCHIVE_NAME


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind: int) -> None:
    entry = zipfile.ZipInfo("a")
    entry.create_system, entry.external_attr = 3, (kind | 0o777) << 16
    assert refusal(with_entry(entry, b"/etc/passwd")) is Reason.ARCHIVE_LINK


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_are_refused(method: int) -> None:
    assert refusal(zipped("a", method=method)) is Reason.ARCHIVE_METHOD


def test_the_method_with_the_larger_window_is_refused() -> None:
    deflate64 = patched(patched(zipped("a"), LOCAL, 8, b"\x09"), CENTRAL, 10, b"\x09")
    assert refusal(deflate64) is Reason.ARCHIVE_METHOD


@pytest.mark.parametrize("flag", [0x01, 0x41, 0x2000])
def test_encrypted_entries_are_refused(flag: int) -> None:
    said = struct.pack("<H", flag)
    assert refusal(patched(patched(zipped("a"), LOCAL, 6, said), CENTRAL, 8, said)) is Reason.ARCHIVE_ENCRYPTED


@pytest.mark.parametrize(
    ("offset", "value"),
    [(6, b"\x01"), (6, b"\x08"), (8, b"\x00"), (14, b"\x00" * 4), (18, b"\x01\0\0\0"), (22, b"\x01\0\0\0"), (30, b"z")],
)
def test_a_local_header_that_says_something_else_is_refused(offset: int, value: bytes) -> None:
    """Flags, method, checksum, both sizes, name: each alone (hostile-cases C7)."""
    assert refusal(patched(zipped("abc.txt"), LOCAL, offset, value)) is Reason.ARCHIVE_CONTRADICTION


def _mixed(change: Callable[[bytes], bytes]) -> Reason:
    return refusal(change(zipped("a", "b")))


def test_bytes_before_the_archive_are_refused() -> None:
    """Even if every offset is moved along, as in a self-extracting program or a PDF that is a ZIP file as well."""
    inner = zipped("a")
    shifted = patched(inner, CENTRAL, 42, struct.pack("<L", 9))
    [at] = struct.unpack_from("<L", inner, inner.index(END) + 16)
    shifted = patched(shifted, END, 16, struct.pack("<L", at + 9))
    assert refusal(b"%PDF-1.7\n" + shifted) is Reason.ARCHIVE_CONTRADICTION
    assert refusal(b"%PDF-1.7\n" + inner) is Reason.ARCHIVE_CONTRADICTION


def test_bytes_after_the_archive_are_refused() -> None:
    assert refusal(zipped("a") + b"\n") is Reason.ARCHIVE_CONTRADICTION


def test_an_archive_inside_the_comment_is_refused() -> None:
    """Two end records that both fit: readers that search from the front and from the back would read two archives."""
    outer, inner = zipped("a"), zipped("b")
    assert refusal(outer[:-2] + struct.pack("<H", len(inner)) + inner) is Reason.ARCHIVE_CONTRADICTION


def test_hidden_bytes_between_entries_are_refused() -> None:
    def hide(archive: bytes) -> bytes:
        second = archive.index(LOCAL, 1)
        hidden = archive[:second] + b"h" * 64 + archive[second:]
        moved = patched(hidden, CENTRAL, 42, struct.pack("<L", second + 64), which=1)
        [at] = struct.unpack_from("<L", archive, archive.index(END) + 16)
        return patched(moved, END, 16, struct.pack("<L", at + 64))

    assert _mixed(hide) is Reason.ARCHIVE_CONTRADICTION


def test_entries_that_share_bytes_are_refused() -> None:
    """The overlapping bomb: many names, one content (hostile-cases C5)."""
    assert _mixed(lambda archive: patched(archive, CENTRAL, 42, b"\0\0\0\0", which=1)) is Reason.ARCHIVE_CONTRADICTION


def test_an_entry_inside_another_is_refused() -> None:
    inner = zipped("b", method=zipfile.ZIP_STORED)
    outer = zipped("a", method=zipfile.ZIP_STORED, content=inner)
    at = outer.index(CENTRAL, outer.rindex(LOCAL) + len(inner) - 40)
    listed = inner[inner.index(CENTRAL) : inner.index(END)]
    quoted = patched(listed, CENTRAL, 42, struct.pack("<L", outer.index(LOCAL, 1)))
    end = outer.rindex(END)
    grown = outer[:end] + quoted + outer[end:]
    entries = struct.pack("<HHL", 2, 2, end + len(quoted) - at)
    assert refusal(grown[: grown.rindex(END) + 8] + entries + grown[grown.rindex(END) + 16 :]) in {
        Reason.ARCHIVE_CONTRADICTION,
        Reason.ARCHIVE_MALFORMED,
    }


def test_a_changed_content_is_refused_when_it_is_read() -> None:
    stored = zipped("a", method=zipfile.ZIP_STORED).replace(b"A pouch", b"A couch", 1)
    opened = open_archive(stored)
    with pytest.raises(Refused) as caught:
        opened.read("a")
    assert (caught.value.reason, caught.value.place) == (Reason.ARCHIVE_DAMAGED, "a")


@pytest.mark.parametrize("size", [1, len(TEXT) - 1, len(TEXT) + 1])
def test_a_size_that_is_not_true_is_refused_when_it_is_read(size: int) -> None:
    said = struct.pack("<L", size)
    lying = patched(patched(zipped("a"), LOCAL, 22, said), CENTRAL, 24, said)
    assert refusal(lying) is Reason.ARCHIVE_DAMAGED


def test_an_archive_that_was_cut_short_is_refused_everywhere() -> None:
    whole = zipped("a", "b")
    for end in range(len(whole)):
        with pytest.raises(Refused):
            open_archive(whole[:end]).verify()


@pytest.mark.parametrize(
    "limits",
    [
        ArchiveLimits(entries=1), ArchiveLimits(directory=90), ArchiveLimits(total=1000),
        ArchiveLimits(ratio=2, slack=0), ArchiveLimits(total_ratio=2, total_slack=0), ArchiveLimits(depth=0),
    ],
)  # fmt: skip
def test_what_is_more_than_the_limits_is_refused(limits: ArchiveLimits) -> None:
    assert refusal(zipped("a", "b"), limits) is Reason.ARCHIVE_LIMIT
    open_archive(zipped("a", "b")).verify()


def test_a_bomb_is_refused_before_it_unfolds() -> None:
    assert refusal(zipped("a", content=bytes(60_000_000))) is Reason.ARCHIVE_LIMIT


def test_a_content_larger_than_is_held_at_once_is_refused_and_can_be_streamed() -> None:
    opened = open_archive(zipped("a", content=b"x" * 2000), ArchiveLimits(whole=1999))
    with pytest.raises(Refused) as caught:
        opened.read("a")
    assert caught.value.reason is Reason.ARCHIVE_LIMIT
    assert opened.read("a", limit=2000) == b"".join(opened.stream("a")) == b"x" * 2000


def test_a_name_that_is_not_there_is_no_entry() -> None:
    with pytest.raises(KeyError):
        open_archive(zipped("a")).stream("b")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_inside_an_archive_is_read(method: int) -> None:
    outer = open_archive(zipped("inner.zip", method=method, content=zipped("a.xml")))
    assert open_archive(outer.unfold("inner.zip"), outer=outer).read("a.xml") == TEXT
    assert open_archive(outer.unfold("inner.zip", io.BytesIO()), outer=outer).read("a.xml") == TEXT


def test_a_deflated_archive_inside_is_held_in_memory_within_the_limit_only() -> None:
    nested = zipped("inner.zip", content=zipped("a.xml"))
    limits = ArchiveLimits(whole=10)
    with pytest.raises(Refused) as caught:
        open_archive(nested, limits).unfold("inner.zip")
    assert caught.value.reason is Reason.ARCHIVE_LIMIT
    assert open_archive(open_archive(nested, limits).unfold("inner.zip", io.BytesIO())).names == ("a.xml",)


def test_a_stored_content_is_unfolded_where_it_lies_and_known_to_be_true() -> None:
    stored = zipped("a", method=zipfile.ZIP_STORED)
    unfolded = open_archive(stored).unfold("a")
    unfolded.seek(-8, io.SEEK_END)
    assert unfolded.read(100) == TEXT[-8:]
    with pytest.raises(Refused) as caught:
        open_archive(stored.replace(b"A pouch", b"A couch", 1)).unfold("a")
    assert caught.value.reason is Reason.ARCHIVE_DAMAGED


def test_archives_in_archives_end_at_the_depth() -> None:
    def descend(archive: Archive, depth: int) -> None:
        for _ in range(depth):
            archive = open_archive(archive.unfold("next.zip"), outer=archive)

    nested = zipped("a.xml")
    for _ in range(4):
        nested = zipped("next.zip", content=nested)
    descend(open_archive(nested), 2)
    with pytest.raises(Refused) as caught:
        descend(open_archive(nested), 3)
    assert caught.value.reason is Reason.ARCHIVE_LIMIT


def test_archives_inside_share_the_outer_ones_allowance() -> None:
    """What each would be allowed alone is too much together."""
    inner = zipped("a", content=b"x" * 4000)
    outer = open_archive(zipped("1.zip", "2.zip", content=inner), ArchiveLimits(total=2 * len(inner) + 6000))
    open_archive(outer.unfold("1.zip"), outer=outer)
    with pytest.raises(Refused) as caught:
        open_archive(outer.unfold("2.zip"), outer=outer)
    assert caught.value.reason is Reason.ARCHIVE_LIMIT


@pytest.mark.parametrize("source", [b"", b"PK", b"%PDF-1.7\n", END + bytes(17), b"\0" * 70000])
def test_what_is_no_archive_is_malformed(source: bytes) -> None:
    assert refusal(source) is Reason.ARCHIVE_MALFORMED


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_streaming_takes_the_memory_of_a_few_pieces(method: int) -> None:
    source = io.BytesIO(zipped("a", method=method, content=random.Random(1).randbytes(20_480_000)))
    archive = open_archive(source)
    tracemalloc.start()
    length = sum(len(piece) for piece in archive.stream("a"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == 20_480_000 and peak < 2_000_000


def test_many_entries_take_little_memory() -> None:
    source = zipped(*(f"{number:05d}/figure.tif" for number in range(9_000)), method=zipfile.ZIP_STORED, content=b"")
    tracemalloc.start()
    archive = open_archive(io.BytesIO(source))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(archive.entries) == 9_000 and peak < 16_000_000


def test_an_archive_knows_its_files_by_name() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as made:
        made.writestr("folder/", b"")
        made.writestr("folder/a", b"x")
    archive = open_archive(sink.getvalue())
    assert "folder/a" in archive
    assert "folder/" not in archive and "a" not in archive
