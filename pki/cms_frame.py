"""Where in a CMS SignedData file its content lies, found without holding the content: 300 MB are walked like 3 KB.

Rules: only what is needed of BER is read (definite and indefinite lengths, constructed octet strings); what is not
content is bounded; nothing here is believed, `pki.cms` verifies.
Sources: RFC 5652, 3 and 5.1; X.690, 8.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Final

from pki.verdict import Refusal, SubIndication

__all__ = ["FRAME_MOST", "Frame", "Span", "enclose", "find_frame"]

#: Bytes of everything but the content: certificates, revocation lists, signatures.
FRAME_MOST: Final = 1 << 20
#: Pieces of one content: writers that stream use some kilobytes a piece, and a piece costs us a few bytes.
_PIECES_MOST: Final = 1 << 18
_DEPTH_MOST: Final = 4

_SEQUENCE, _OID, _CONTEXT_0 = 0x30, 0x06, 0xA0
_OCTETS, _OCTETS_CONSTRUCTED = 0x04, 0x24
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")  # 1.2.840.113549.1.7.2


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes from `offset` on."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A SignedData without its content: `der` the same ContentInfo with a detached content; `spans` where that lies.

    `spans` is None where the file carries no content: the signature is detached.
    """

    der: bytes
    spans: tuple[Span, ...] | None

    @property
    def size(self) -> int:
        """Bytes of the content; 0 where it is detached."""
        return sum(span.length for span in self.spans or ())


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    start: int
    content: int
    end: int | None  # None: an indefinite length, the end is found by walking


def find_frame(source: BinaryIO, size: int) -> Frame:
    """Walk a file of `size` bytes that is one ContentInfo; Refusal FORMAT_FAILURE if it is not SignedData.

    `source` is positioned at will. Nothing may follow the ContentInfo.
    """
    walk = _Walk(source, size)
    outer = walk.element(0, _SEQUENCE)
    members = walk.members(outer)
    kind = next(members, None)
    if kind is None or walk.raw(kind) != _SIGNED_DATA:
        raise _malformed("it is no SignedData")
    wrapped = walk.expect(next(members, None), _CONTEXT_0)
    [signed] = walk.all_of(wrapped, at_most=1)
    parts = walk.all_of(walk.expect(signed, _SEQUENCE), at_most=8)
    if len(parts) < 4 or next(members, None) is not None or walk.end_of(outer) != size:
        raise _malformed("its SignedData has not the members it must have, or something follows it")
    version, digests, content, *rest = parts
    oid, spans = _content(walk, walk.expect(content, _SEQUENCE))
    inner = [walk.raw(version), walk.raw(digests), _wrap(_SEQUENCE, oid), *(walk.raw(part) for part in rest)]
    body = _SIGNED_DATA + _wrap(_CONTEXT_0, _wrap(_SEQUENCE, b"".join(inner)))
    return Frame(der=_wrap(_SEQUENCE, body), spans=spans)


def _content(walk: _Walk, element: _Element) -> tuple[bytes, tuple[Span, ...] | None]:
    members = walk.all_of(element, at_most=2)
    if not members or members[0].tag != _OID:
        raise _malformed("its content has no type")
    if len(members) == 1:
        return walk.raw(members[0]), None
    [octets] = walk.all_of(walk.expect(members[1], _CONTEXT_0), at_most=1)
    return walk.raw(members[0]), tuple(walk.octets(octets))


def enclose(detached: bytes, size: int) -> tuple[bytes, bytes]:
    """What stands before and after a content of `size` bytes to make it part of a detached SignedData in DER."""
    walk = _Walk(BytesIO(detached), len(detached))
    _, wrapped = walk.all_of(walk.element(0, _SEQUENCE), at_most=2)
    [signed] = walk.all_of(wrapped, at_most=1)
    version, digests, content, *rest = (walk.raw(part) for part in walk.all_of(signed, at_most=8))
    [oid] = walk.all_of(walk.element(detached.index(content), _SEQUENCE), at_most=1)
    octets = _head(_OCTETS, size)
    explicit = _head(_CONTEXT_0, len(octets) + size)
    encapsulated = walk.raw(oid) + explicit + octets
    middle = version + digests + _head(_SEQUENCE, len(encapsulated) + size) + encapsulated
    after = b"".join(rest)
    inner = _head(_SEQUENCE, len(middle) + size + len(after)) + middle
    body = _SIGNED_DATA + _head(_CONTEXT_0, len(inner) + size + len(after)) + inner
    return _head(_SEQUENCE, len(body) + size + len(after)) + body, after


class _Walk:
    """A file read an element at a time."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source = source
        self._size = size
        self._ends: dict[int, int] = {}  # of indefinite elements, once walked
        self._kept = 0
        self._pieces = 0

    def element(self, offset: int, tag: int | None = None) -> _Element:
        """The element whose header is at `offset`."""
        self._source.seek(offset)
        head = self._source.read(10)
        if len(head) < 2 or head[0] & 0x1F == 0x1F:
            raise _malformed("it ends early, or has a tag that CMS does not have")
        if tag is not None and head[0] != tag:
            raise _malformed("an element is not of the type it must be")
        first = head[1]
        if first < 0x80:
            content, length = offset + 2, first
        elif first == 0x80:
            if not head[0] & 0x20:
                raise _malformed("a primitive element has no length")
            return _Element(head[0], offset, offset + 2, None)
        else:
            octets = first & 0x7F
            if octets > 8 or len(head) < 2 + octets:
                raise _malformed("a length cannot be read")
            content, length = offset + 2 + octets, int.from_bytes(head[2 : 2 + octets])
        if content + length > self._size:
            raise _malformed("an element reaches beyond the file's end")
        return _Element(head[0], offset, content, content + length)

    def members(self, element: _Element, depth: int = 0) -> Iterator[_Element]:
        """What a constructed element consists of, in order; afterwards `end_of` knows its end."""
        offset = element.content
        while offset != element.end:
            if element.end is not None and offset > element.end:
                raise _malformed("an element reaches beyond the one it is in")
            member = self.element(offset)
            if member.tag == 0:  # end-of-contents, X.690, 8.1.5
                if element.end is not None or member.end != member.content:
                    raise _malformed("an end-of-contents is where none belongs")
                offset = member.content
                break
            yield member
            offset = self.end_of(member, depth)
        self._ends[element.start] = offset

    def end_of(self, element: _Element, depth: int = 0) -> int:
        """Where an element ends, its end-of-contents included."""
        if element.end is not None:
            return element.end
        if element.start not in self._ends:
            if depth >= 32:
                raise _malformed("it is nested too deeply")
            for _ in self.members(element, depth + 1):
                self._count()
        return self._ends[element.start]

    def all_of(self, element: _Element, *, at_most: int) -> list[_Element]:
        """All members, one at least."""
        found: list[_Element] = []
        for member in self.members(element):
            found.append(member)
            if len(found) > at_most:
                raise _malformed("an element has more members than it can have")
        if not found:
            raise _malformed("an element is empty that must not be")
        return found

    def octets(self, element: _Element, depth: int = 0) -> Iterator[Span]:
        """The pieces of an octet string, primitive or constructed (X.690, 8.7)."""
        if element.tag == _OCTETS and element.end is not None:
            self._count()
            yield Span(element.content, element.end - element.content)
            return
        if element.tag != _OCTETS_CONSTRUCTED or depth >= _DEPTH_MOST:
            raise _malformed("its content is no octet string")
        for member in self.members(element):
            yield from self.octets(member, depth + 1)

    def expect(self, element: _Element | None, tag: int) -> _Element:
        """The same element, if it is of this type."""
        if element is None or element.tag != tag:
            raise _malformed("an element is missing or not of the type it must be")
        return element

    def raw(self, element: _Element) -> bytes:
        """The bytes of a small element, header included."""
        end = self.end_of(element)
        self._kept += end - element.start
        if self._kept > FRAME_MOST:
            raise _malformed(f"it has more than {FRAME_MOST} bytes beside its content")
        self._source.seek(element.start)
        return self._source.read(end - element.start)

    def _count(self) -> None:
        self._pieces += 1
        if self._pieces > _PIECES_MOST:
            raise _malformed(f"it is in more than {_PIECES_MOST} pieces")


def _head(tag: int, length: int) -> bytes:
    if length < 0x80:
        return bytes((tag, length))
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets


def _wrap(tag: int, content: bytes) -> bytes:
    return _head(tag, len(content)) + content


def _malformed(explanation: str) -> Refusal:
    return Refusal(SubIndication.FORMAT_FAILURE, explanation)
