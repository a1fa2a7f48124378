"""Breaking files by their structure: XML, ZIP, MIME and CMS, changed where their readers decide something.

Every function takes an honest or a broken file and gives another; the only chance is the one passed in, so that
hypothesis can shrink it and a seed can repeat it.
"""

import itertools
import random
import re
import struct
import zlib
from collections.abc import Callable

Breaking = Callable[[bytes, random.Random], bytes]

#: Numbers at which fields end or turn over.
EDGES = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
MOST = 200_000


def octets(file: bytes, chance: random.Random) -> bytes:
    """Any file: bits turned, a stretch lost, doubled, cut off, or filled."""
    if not file:
        return bytes([chance.randrange(256)])
    changed = bytearray(file)
    at = chance.randrange(len(changed))
    length = min(chance.choice([1, 2, 4, 16, 64, 1024]), len(changed) - at)
    kind = chance.randrange(6)
    if kind == 0:
        changed[at] ^= 1 << chance.randrange(8)
    elif kind == 1:
        changed[at] = chance.choice(b"\x00\xff<>&;\"'-= \r\n%#PK0")
    elif kind == 2:
        del changed[at : at + length]
    elif kind == 3:
        changed[at:at] = changed[at : at + length]
    elif kind == 4:
        del changed[at:]
    else:
        changed[at : at + length] = bytes([chance.choice([0, 0x20, 0x41, 0xFF])]) * length
    return bytes(changed[:MOST])


def _spliced(parts: list[bytes], chance: random.Random) -> list[bytes]:
    """A list of parts with one lost, doubled, moved, or repeated very often."""
    if not parts:
        return parts
    at, kind = chance.randrange(len(parts)), chance.randrange(4)
    if kind == 0:
        return parts[:at] + parts[at + 1 :]
    if kind == 1:
        return parts[: at + 1] + parts[at:]
    if kind == 2:
        rest = parts[:at] + parts[at + 1 :]
        to = chance.randrange(len(rest) + 1)
        return [*rest[:to], parts[at], *rest[to:]]
    return parts[:at] + [parts[at]] * chance.choice([3, 70, 300]) + parts[at + 1 :]


_MARKUP = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<[^<>]*>|[^<]+|<", re.DOTALL)
_XML_PIECES = (
    b"<!-- x -->", b"<!--", b"<![CDATA[<a>]]>", b"<?x y?>", b"<?xml version='1.0'?>", b"&amp;", b"&#x0;", b"&#xD800;",
    b"&lol;", b"&#60;", b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>", b"<!DOCTYPE a SYSTEM 'a.dtd'>",
    b"<a", b"</a>", b"<a xmlns:p='urn:x' p:a='1' a='2'>", b"\xef\xbb\xbf", b"\x00", b"\xff\xfe", b"\r\n",
    "é中\U0001f41f".encode(), b"]]>", b"<a xml:id='b'/>", b"<a xml:base='http://127.0.0.1:9/'/>",
    b"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///etc/passwd'/>", b"<a:b:c/>", b"<:/>",
)  # fmt: skip
_NUMBER = re.compile(rb"\d+")


def xml(file: bytes, chance: random.Random) -> bytes:
    """Tags lost, doubled, moved and nested; markup where none belongs; numbers, names and encodings changed."""
    kind = chance.randrange(9)
    if kind == 0:
        return octets(file, chance)
    if kind == 1:
        depth = chance.choice([10, 255, 256, 257, 3000])
        return b"<a>" * depth + file + b"</a>" * depth
    if kind == 2:
        return file.decode("utf-8", "replace").encode(chance.choice(["utf-16", "utf-16-le", "utf-32", "utf-7"]))
    if kind == 3 and (found := list(_NUMBER.finditer(file))):
        one = chance.choice(found)
        number = chance.choice([b"0", b"-1", b"99999999999999999999", b"1e9", b"20269999", "٣".encode(), b""])
        return file[: one.start()] + number + file[one.end() :]
    parts = _MARKUP.findall(file)
    if kind == 4 and parts:
        at = chance.randrange(len(parts))
        many = b"".join(b" a%d='x'" % number for number in range(chance.choice([1, 300, 5000])))
        parts[at] = parts[at].replace(b">", many + b">", 1)
    elif kind == 5:
        parts.insert(chance.randrange(len(parts) + 1), chance.choice(_XML_PIECES))
    elif kind == 6 and parts:
        at = chance.randrange(len(parts))
        parts[at] = parts[at] * chance.choice([2, 200]) if len(parts[at]) < 500 else b""
    elif kind == 7 and parts:
        at = chance.randrange(len(parts))
        inner = b"".join(parts[at : at + chance.randrange(1, 9)])
        parts.insert(at, inner)
    else:
        parts = _spliced(parts, chance)
    return b"".join(parts)[:MOST]


#: Signature -> (struct of the record, numbers of its fields that the reader relies on).
_RECORDS = {
    b"PK\x03\x04": "<5H3L2H",
    b"PK\x01\x02": "<6H3L5H2L",
    b"PK\x05\x06": "<4H2LH",
    b"PK\x07\x08": "<3L",
    b"PK\x06\x06": "<Q2H2L4Q",
    b"PK\x06\x07": "<LQL",
}
_NAMES = (
    b"../x", b"/x", b"C:\\x", b"x\x00y", b"A/", b"", b"con", b".", b"a/../b", b"A", b"a",
    "é".encode(), "e\u0301".encode(), b"\xff", b"index.xml", b"core/a.pdf", b"META-INF/signatures.xml", b"x" * 300,
    b"a//b", b"a ", b"a.", b"\xe2\x80\xae.pdf",
)  # fmt: skip


def zip_(file: bytes, chance: random.Random) -> bytes:
    """Fields of records set to edges or to each other's, records lost, doubled and moved, names and extras changed."""
    kind = chance.randrange(7)
    places = [
        found.start() for found in re.finditer(rb"PK(?:\x03\x04|\x01\x02|\x05\x06|\x07\x08|\x06\x06|\x06\x07)", file)
    ]
    if kind == 0 or not places:
        return octets(file, chance)
    at = chance.choice(places)
    signature = file[at : at + 4]
    form = struct.Struct(_RECORDS[signature])
    if kind in (1, 2, 3) and at + 4 + form.size <= len(file):
        fields = list(form.unpack_from(file, at + 4))
        number = chance.randrange(len(fields))
        near = fields[number] + chance.choice([-2, -1, 1, 2, 4, 12, 16, 22])
        fields[number] = chance.choice([near, *EDGES, len(file), at, *places, 8, 12, 99, 0x0800, 0x0008, 0x0001])
        widest = {"H": 0xFFFF, "L": 0xFFFFFFFF, "Q": 0xFFFFFFFFFFFFFFFF}
        widths = [each for count, each in re.findall(r"(\d*)([HLQ])", form.format) for _ in range(int(count or 1))]
        fields[number] &= widest[widths[number]]
        return file[: at + 4] + form.pack(*fields) + file[at + 4 + form.size :]
    if kind == 4:
        bounds = [0, *places, len(file)]
        parts = [file[one:other] for one, other in itertools.pairwise(bounds) if other > one]
        return b"".join(_spliced(parts, chance))[:MOST]
    if kind == 5 and signature in (b"PK\x03\x04", b"PK\x01\x02"):
        head = 30 if signature == b"PK\x03\x04" else 46
        length_at = at + (26 if head == 30 else 28)
        if length_at + 2 <= len(file):
            length = struct.unpack_from("<H", file, length_at)[0]
            name = chance.choice(_NAMES)
            if chance.random() < 0.7:  # of the same length, so that the rest stays true
                name = name[:length].ljust(length, b"x")
            sized = file[:length_at] + struct.pack("<H", len(name)) + file[length_at + 2 :]
            return sized[: at + head] + name + sized[at + head + length :]
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    filled = bomb.compress(bytes(chance.choice([1000, 1_000_000]))) + bomb.flush()
    return file[:at] + chance.choice([b"", bytes(5), b"PK\x03\x04", filled]) + file[at:]


_HEADERS = (
    b"Content-ID: <x>", b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable",
    b"Content-Disposition: form-data; name=x", b"X:" + b"y" * 9000, b" folded", b": none", b"X\x00: y",
    b"Content-ID: x",
    b"Content-Type: text/xml; charset=utf-7", b"Content-Disposition: form-data; name=\"a\"; name=\"b\"",
)  # fmt: skip


def mime(file: bytes, chance: random.Random) -> bytes:
    """Lines lost, doubled and moved; delimiters prolonged, cut and padded; headers added; line ends changed."""
    kind = chance.randrange(7)
    if kind == 0:
        return octets(file, chance)
    lines = file.split(b"\r\n")
    delimiters = [number for number, line in enumerate(lines) if line.startswith(b"--")]
    if kind == 1 and delimiters:
        at = chance.choice(delimiters)
        lines[at] = chance.choice(
            [lines[at] + b"x", lines[at] + b"--", lines[at] + b" \t " * 30, lines[at][:-1], b"--"]
        )
    elif kind == 2 and delimiters:
        lines.insert(chance.choice(delimiters) + 1, chance.choice(_HEADERS))
    elif kind == 3:
        at = chance.randrange(len(lines))
        lines[at] = lines[at] + chance.choice([b"\n", b"\r", b"\r\r\n", b"=", b"===", b"--b"])
    elif kind == 4 and delimiters:
        lines[chance.choice(delimiters)] = b"x" * chance.choice([1, 1030, 5000])
    elif kind == 5:
        return file.replace(b"\r\n", chance.choice([b"\n", b"\r"]), chance.choice([1, 3, -1]))
    else:
        lines = _spliced(lines, chance)
    return b"\r\n".join(lines)[:MOST]


def _head(file: bytes, at: int) -> tuple[int, int] | None:
    """Where the content of the element at `at` begins and ends; an indefinite one ends where its parent does."""
    if at + 2 > len(file):
        return None
    first = file[at + 1]
    if first < 0x80:
        return at + 2, at + 2 + first
    if first == 0x80:
        return at + 2, len(file)
    wide = first & 0x7F
    return at + 2 + wide, at + 2 + wide + int.from_bytes(file[at + 2 : at + 2 + wide])


def _elements(file: bytes, most: int = 400) -> list[tuple[int, int, int]]:
    """(start, content, end) of the elements of BER, as far as they can be followed."""
    found, waiting = [], [(0, len(file))]
    while waiting and len(found) < most:
        at, end = waiting.pop()
        while at < end and len(found) < most:
            head = _head(file, at)
            if head is None or head[1] > end:
                break
            found.append((at, *head))
            if file[at] & 0x20:
                waiting.append(head)
            at = head[1]
    return found


def _length(number: int, wide: int = 0) -> bytes:
    if number < 0x80 and not wide:
        return bytes([number])
    encoded = number.to_bytes(max(wide, (number.bit_length() + 7) // 8, 1))
    return bytes([0x80 | len(encoded)]) + encoded


def cms(file: bytes, chance: random.Random) -> bytes:
    """Elements lost, doubled, exchanged and nested, lengths in other forms or untrue, with the outer ones mended."""
    elements = _elements(file)
    kind = chance.randrange(8)
    if kind == 0 or not elements:
        return octets(file, chance)
    start, content, end = chance.choice(elements)
    inner = file[content:end]
    if kind == 1:
        return (
            file[: start + 1]
            + chance.choice([b"\x80", b"\x84\xff\xff\xff\xff", b"\x88" + b"\xff" * 8, b"\x00"])
            + inner
        )
    if kind == 2:
        new = bytes([file[start] ^ chance.choice([0x20, 0x80, 0x04, 0x01])]) + file[start + 1 : end]
    elif kind == 3:
        new = b""
    elif kind == 4:
        new = file[start:end] * chance.choice([2, 2, 3, 70])
    elif kind == 5:
        one, _, other = chance.choice(elements)
        new = file[one:other]
    elif kind == 6:
        depth = chance.choice([1, 5, 40, 1000])
        new = bytes([file[start] | 0x20, 0x80]) * depth + file[start:end] + b"\x00\x00" * depth
    else:
        changed = octets(inner, chance)
        new = file[start : start + 1] + _length(len(changed), chance.choice([0, 0, 3])) + changed
    return _mended(file, elements, (start, end), new)[:MOST]


def _mended(file: bytes, elements: list[tuple[int, int, int]], place: tuple[int, int], new: bytes) -> bytes:
    """Put `new` in the place and make the lengths around it true again, from within outwards."""
    start, end = place
    around = [each for each in elements if each[1] <= start and each[2] >= end and each[0] < start]
    for one, content, other in sorted(around, key=lambda each: each[0], reverse=True):
        inner = file[content:start] + new + file[end:other]
        length = b"\x80" if file[one + 1] == 0x80 else _length(len(inner))
        new, start, end = file[one : one + 1] + length + inner, one, other
    return file[:start] + new + file[end:]


def pdf(file: bytes, chance: random.Random) -> bytes:
    """Objects lost, doubled and moved, numbers and references changed, names exchanged."""
    kind = chance.randrange(5)
    if kind == 0:
        return octets(file, chance)
    if kind == 1 and (numbers := list(_NUMBER.finditer(file))):
        one = chance.choice(numbers)
        number = b"%d" % chance.choice([*EDGES, *range(1, 9), len(file)])
        return file[: one.start()] + number + file[one.end() :]
    if kind == 2 and (names := list(re.finditer(rb"/[A-Za-z0-9]+", file))):
        one, other = chance.choice(names), chance.choice(names)
        added = chance.choice([other[0], b"/JavaScript", b"/Kids", b"/Parent", b"/Length", b"/ObjStm", b"/FlateDecode"])
        return file[: one.start()] + added + file[one.end() :]
    parts = re.split(rb"(?<=endobj)", file)
    return b"".join(_spliced(parts, chance))[:MOST]


BREAKING: dict[str, Breaking] = {"xml": xml, "zip": zip_, "mime": mime, "cms": cms, "pdf": pdf}
