"""The directory of a ZIP archive: found at the end, walked, and compared with every local header (APPNOTE 6.3.10).

Rules:
- Only what one reader can read in one way is taken: one end record, one disk, one archive from first byte to last.
- Entries lie side by side and fill the file. Between two of them there is a data descriptor (APPNOTE 4.3.9), which
  must say what the directory says; some writers leave its room though the flag is not set, so that few bytes pass.
- The directory decides; a local header may leave sizes and checksum to the descriptor, but never say something else.
- A size stands in the zip64 extra field if and only if the plain field says so (APPNOTE 4.5.3).
- Places are names that were judged, or `entry N` while the name is not yet known to be harmless.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Final

from gateway.core.reason import Reason, Refused
from gateway.wire.archive_name import fault_of, folded

__all__ = ["DEFLATED", "STORED", "Entry", "Extent", "read_directory", "read_exactly"]

STORED: Final = 0
DEFLATED: Final = 8

_END: Final = struct.Struct("<4s4H2LH")
_END64_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_CENTRAL: Final = struct.Struct("<4s4B4H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_COMMENT_LIMIT: Final = 65535
_ENCRYPTED: Final = 0x0001 | 0x0040 | 0x2000
_DESCRIBED: Final = 0x0008
_UTF8: Final = 0x0800
#: Encryption, level of compression, data descriptor, UTF-8; anything else changes how the content is to be read.
_KNOWN_FLAGS: Final = _ENCRYPTED | 0x0006 | _DESCRIBED | _UTF8
_FULL16: Final = 0xFFFF
_FULL32: Final = 0xFFFFFFFF
_ZIP64: Final = 0x0001
_UNICODE_PATH: Final = 0x7075
#: A descriptor with or without its signature, of 4-byte or 8-byte sizes.
_DESCRIPTORS: Final = {12: "<LLL", 16: "<4xLLL", 20: "<LQQ", 24: "<4xLQQ"}
_GAP_LIMIT: Final = max(_DESCRIPTORS)
_SIGNATURES: Final = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06")
#: Types of file in the upper half of a Unix mode: none said, folder, plain file. Links and devices are none of them.
_PLAIN_KINDS: Final = (0x0, 0x4, 0x8)
_REPARSE_POINT: Final = 0x400


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file or folder of an archive: sizes in bytes, `crc` the CRC-32 of its content, which begins at `data_at`."""

    name: str
    is_folder: bool
    method: int
    size: int
    compressed: int
    crc: int
    data_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How large a directory may be: entries, and bytes of its records."""

    entries: int
    directory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """An entry as the directory lists it, its local header not yet seen."""

    name: str
    raw: bytes
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    header_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """What the end of the archive says: how many entries, and where their directory lies."""

    entries: int
    at: int
    size: int


def read_exactly(source: BinaryIO, at: int, size: int) -> bytes:
    """Give `size` bytes at offset `at`; Refused(ARCHIVE_MALFORMED) if the source has fewer."""
    source.seek(at)
    found = source.read(size)
    if len(found) != size:
        raise Refused(Reason.ARCHIVE_MALFORMED)
    return found


def read_directory(source: BinaryIO, extent: Extent) -> tuple[int, tuple[Entry, ...]]:
    """Give the archive's size in bytes and its entries in the order in which they lie.

    Refused with ARCHIVE_MALFORMED, ARCHIVE_CONTRADICTION, ARCHIVE_NAME, ARCHIVE_LINK, ARCHIVE_ENCRYPTED,
    ARCHIVE_METHOD or ARCHIVE_LIMIT. Costs memory for the directory only, and reads every local header once.
    """
    total = source.seek(0, io.SEEK_END)
    end = _find_end(source, total)
    if end.entries > extent.entries or end.size > extent.directory:
        raise Refused(Reason.ARCHIVE_LIMIT, "directory")
    listed = _walk(read_exactly(source, end.at, end.size), end.entries)
    _compare_names(listed)
    return total, _tile(source, sorted(listed, key=lambda each: each.header_at), end.at)


def _find_end(source: BinaryIO, total: int) -> _End:
    length = min(total, _END.size + _COMMENT_LIMIT)
    tail = read_exactly(source, total - length, length)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > length:
        raise Refused(Reason.ARCHIVE_MALFORMED, "end of directory")
    _, disk, first_disk, here, entries, size, offset, comment = _END.unpack_from(tail, at)
    # what follows is the comment, whole; an end record inside a comment would be found instead and not fit
    if at + _END.size + comment != length or _has_other_end(tail, at):
        raise Refused(Reason.ARCHIVE_CONTRADICTION, "end of directory")
    end_at = total - length + at
    locator_at = end_at - _END64_LOCATOR.size
    directory_end = end_at
    locator = read_exactly(source, locator_at, _END64_LOCATOR.size) if locator_at >= 0 else b""
    if locator.startswith(b"PK\x06\x07"):
        plain = (disk, first_disk, here, entries, size, offset)
        directory_end, wide = _read_end64(source, locator, locator_at)
        full = (_FULL16, _FULL16, _FULL16, _FULL16, _FULL32, _FULL32)
        if any(said not in (most, meant) for said, most, meant in zip(plain, full, wide, strict=True)):
            raise Refused(Reason.ARCHIVE_CONTRADICTION, "end of directory")
        disk, first_disk, here, entries, size, offset = wide
    if (disk, first_disk) != (0, 0) or here != entries:
        raise Refused(Reason.ARCHIVE_MALFORMED, "several disks")
    if offset + size != directory_end:
        raise Refused(Reason.ARCHIVE_CONTRADICTION, "end of directory")
    return _End(entries=entries, at=offset, size=size)


def _has_other_end(tail: bytes, found: int) -> bool:
    """Whether an earlier end record would fit as well: its "comment" would hold the one that was found."""
    at = tail.rfind(b"PK\x05\x06", 0, found)
    while at >= 0:
        if at + _END.size + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
            return True
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return False


def _read_end64(source: BinaryIO, locator: bytes, locator_at: int) -> tuple[int, tuple[int, int, int, int, int, int]]:
    _, disk_of_end, end_at, disks = _END64_LOCATOR.unpack(locator)
    if disk_of_end != 0 or disks > 1 or end_at + _END64.size > locator_at:
        raise Refused(Reason.ARCHIVE_MALFORMED, "zip64 end of directory")
    record = _END64.unpack(read_exactly(source, end_at, _END64.size))
    signature, length, _, _, disk, first_disk, here, entries, size, offset = record
    # an "extensible data sector" would follow here; nobody writes one, and it would be room for something else
    if signature != b"PK\x06\x06" or length != _END64.size - 12 or end_at + _END64.size != locator_at:
        raise Refused(Reason.ARCHIVE_MALFORMED, "zip64 end of directory")
    return end_at, (disk, first_disk, here, entries, size, offset)


def _walk(records: bytes, entries: int) -> list[_Listed]:
    listed, at = [], 0
    for number in range(1, entries + 1):
        place = f"entry {number}"
        if at + _CENTRAL.size > len(records):
            raise Refused(Reason.ARCHIVE_MALFORMED, place)
        fields = _CENTRAL.unpack_from(records, at)
        (signature, _, _, _, _, flags, method, _, _, crc, compressed, size, named, extra, comment, disk, _,
         attributes, header_at) = fields  # fmt: skip
        start = at + _CENTRAL.size
        at = start + named + extra + comment
        if signature != b"PK\x01\x02" or at > len(records):
            raise Refused(Reason.ARCHIVE_MALFORMED, place)
        raw = records[start : start + named]
        extras = _read_extras(records[start + named : start + named + extra], place)
        name = _read_name(raw, flags, extras, place)
        _check_kind(name, flags, method, attributes)
        [wide, *_] = extras.get(_ZIP64, [b""])
        size, compressed, header_at, disk = _widen(wide, size, compressed, header_at, disk, name)
        if disk != 0:
            raise Refused(Reason.ARCHIVE_MALFORMED, "several disks")
        if method == STORED and size != compressed:
            raise Refused(Reason.ARCHIVE_CONTRADICTION, name)
        if name.endswith("/") and size:
            raise Refused(Reason.ARCHIVE_CONTRADICTION, name)
        listed.append(
            _Listed(
                name=name, raw=raw, flags=flags, method=method, crc=crc, compressed=compressed, size=size,
                header_at=header_at,
            )
        )  # fmt: skip
    if at != len(records):
        raise Refused(Reason.ARCHIVE_MALFORMED, "directory")
    return listed


def _read_extras(block: bytes, place: str) -> dict[int, list[bytes]]:
    """Give the extra fields by their id (APPNOTE 4.5)."""
    found: dict[int, list[bytes]] = {}
    at = 0
    while at + 4 <= len(block):
        kind, length = struct.unpack_from("<HH", block, at)
        content = block[at + 4 : at + 4 + length]
        if len(content) != length or (kind == _ZIP64 and kind in found):
            raise Refused(Reason.ARCHIVE_MALFORMED, place)
        found.setdefault(kind, []).append(content)
        at += 4 + length
    if block[at:].strip(b"\0"):  # up to three zero bytes are an alignment
        raise Refused(Reason.ARCHIVE_MALFORMED, place)
    return found


def _read_name(raw: bytes, flags: int, extras: dict[int, list[bytes]], place: str) -> str:
    # APPNOTE 4.6.9: version 1, the CRC-32 of the plain name, and the name in UTF-8
    bound = b"\x01" + zlib.crc32(raw).to_bytes(4, "little")
    path = next((each[5:] for each in extras.get(_UNICODE_PATH, ()) if each[:5] == bound and each[5:]), None)
    try:
        name = (raw if path is None else path).decode("utf-8")
    except UnicodeDecodeError:
        if flags & _UTF8 or path is not None:
            raise Refused(Reason.ARCHIVE_NAME, place) from None
        name = raw.decode("cp437")  # APPNOTE D.1: what a name is written in that does not say UTF-8
    if fault_of(name):
        raise Refused(Reason.ARCHIVE_NAME, place)
    return name


def _check_kind(name: str, flags: int, method: int, attributes: int) -> None:
    if attributes >> 28 not in _PLAIN_KINDS or attributes & _REPARSE_POINT:
        raise Refused(Reason.ARCHIVE_LINK, name)
    if (attributes >> 28 == 0x4) and not name.endswith("/"):
        raise Refused(Reason.ARCHIVE_CONTRADICTION, name)
    if flags & _ENCRYPTED:
        raise Refused(Reason.ARCHIVE_ENCRYPTED, name)
    if method not in (STORED, DEFLATED) or flags & ~_KNOWN_FLAGS:
        raise Refused(Reason.ARCHIVE_METHOD, name)


def _widen(extra: bytes, size: int, compressed: int, header_at: int, disk: int, name: str) -> tuple[int, int, int, int]:
    """Take from the zip64 extra field what the plain fields leave to it, in its fixed order."""
    at = 0

    def wide(value: int, full: int, width: int) -> int:
        nonlocal at
        if value != full:
            return value
        if at + width > len(extra):
            raise Refused(Reason.ARCHIVE_MALFORMED, name)
        at += width
        return int.from_bytes(extra[at - width : at], "little")

    size, compressed, header_at = (wide(value, _FULL32, 8) for value in (size, compressed, header_at))
    return size, compressed, header_at, wide(disk, _FULL16, 4)


def _compare_names(listed: list[_Listed]) -> None:
    """Refuse two names that are one, and a file that is another's folder."""
    known: dict[str, bool] = {}
    for each in listed:
        key = folded(each.name)
        if key in known:
            raise Refused(Reason.ARCHIVE_NAME, each.name)
        known[key] = each.name.endswith("/")
    for each in listed:
        folder = folded(each.name).rpartition("/")[0]
        while folder:
            if known.get(folder) is False:
                raise Refused(Reason.ARCHIVE_NAME, each.name)
            folder = folder.rpartition("/")[0]


def _tile(source: BinaryIO, listed: list[_Listed], directory_at: int) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    begins = [each.header_at for each in listed] + [directory_at]
    if begins[0] != 0:
        raise Refused(Reason.ARCHIVE_CONTRADICTION, "before the first entry")
    for each, following in zip(listed, begins[1:], strict=True):
        data_at = _compare_local(source, each, directory_at)
        after = data_at + each.compressed
        if not 0 <= following - after <= _GAP_LIMIT:
            raise Refused(Reason.ARCHIVE_CONTRADICTION, each.name)
        _check_gap(read_exactly(source, after, following - after), each)
        entries.append(
            Entry(
                name=each.name, is_folder=each.name.endswith("/"), method=each.method, size=each.size,
                compressed=each.compressed, crc=each.crc, data_at=data_at,
            )
        )  # fmt: skip
    return tuple(entries)


def _compare_local(source: BinaryIO, listed: _Listed, directory_at: int) -> int:
    """Give the offset of the entry's content; Refused if its header is no header or says something else."""
    if listed.header_at + _LOCAL.size > directory_at:
        raise Refused(Reason.ARCHIVE_MALFORMED, listed.name)
    fields = _LOCAL.unpack(read_exactly(source, listed.header_at, _LOCAL.size))
    signature, _, flags, method, _, _, crc, compressed, size, named, extra = fields
    if signature != b"PK\x03\x04":
        raise Refused(Reason.ARCHIVE_MALFORMED, listed.name)
    following = read_exactly(source, listed.header_at + _LOCAL.size, named + extra)
    told = _ENCRYPTED | _DESCRIBED
    if following[:named] != listed.raw or method != listed.method or (flags ^ listed.flags) & told:
        raise Refused(Reason.ARCHIVE_CONTRADICTION, listed.name)
    left_open = (0,) if flags & _DESCRIBED else ()
    if _FULL32 in (size, compressed):
        [wide, *_] = _read_extras(following[named:], listed.name).get(_ZIP64, [b""])
        size, compressed, _, _ = _widen(wide, size, compressed, 0, 0, listed.name)
    said = ((crc, listed.crc), (size, listed.size), (compressed, listed.compressed))
    if any(here != there and here not in left_open for here, there in said):
        raise Refused(Reason.ARCHIVE_CONTRADICTION, listed.name)
    return listed.header_at + _LOCAL.size + int(named) + int(extra)


def _check_gap(gap: bytes, listed: _Listed) -> None:
    if listed.flags & _DESCRIBED and gap:
        form = _DESCRIPTORS.get(len(gap))
        signed = len(gap) in (16, 24)
        if form is None or (signed and not gap.startswith(b"PK\x07\x08")):
            raise Refused(Reason.ARCHIVE_MALFORMED, listed.name)
        if struct.unpack(form, gap) != (listed.crc, listed.compressed, listed.size):
            raise Refused(Reason.ARCHIVE_CONTRADICTION, listed.name)
    elif any(signature in gap for signature in _SIGNATURES):
        raise Refused(Reason.ARCHIVE_CONTRADICTION, listed.name)
