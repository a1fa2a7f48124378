"""The only XML parser of the product: bytes from outside become an element tree, or are refused.

Rules:
- UTF-8 only, with or without a byte order mark; a declaration may say nothing else. So the bytes can be searched for
  markup before a parser sees them: any DOCTYPE and any processing instruction is refused first, even inside a
  comment or CDATA section, where it would be harmless but has no business in a message.
- Everything is bounded before parsing: bytes, tags, attributes. libxml2 itself bounds depth (256), names (50,000
  bytes) and one text (10 MB) as long as huge_tree is off.
- Nothing is fetched, nothing is defined, nothing is defaulted; the parser is stateless and may be shared.
- Error texts of libxml2 quote the message, so they go nowhere; a place is a line and column, or names of elements.
"""

import html.entities
import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

from gateway.core.reason import Reason, Refused
from gateway.wire.prologue import bare

__all__ = [
    "DOOR",
    "PACKAGED",
    "XmlLimits",
    "canonical",
    "local_name",
    "namespace_of",
    "parse",
    "parse_packaged",
    "place_of",
    "text_of",
    "token_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlLimits:
    """How much XML is taken: `size` in bytes; `tags` counts every "<", `attributes` every pair of quotation marks.

    Both counts are upper bounds taken from the bytes, so that they cost a memory scan and no parse.
    """

    size: int
    tags: int
    attributes: int


#: For messages at the doors: 4 MiB of inline content as base64 with line breaks, and room for 64 documents.
DOOR: Final = XmlLimits(size=6 * 1024 * 1024, tags=8192, attributes=4096)

#: For documents inside packages: a description with its drawings apart, or a long list of citations.
PACKAGED: Final = XmlLimits(size=16 * 1024 * 1024, tags=400_000, attributes=400_000)

_MARK: Final = b"\xef\xbb\xbf"
_DECLARATION: Final = re.compile(
    rb"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*["']1\.0["']"""
    rb"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*["'](?P<encoding>[A-Za-z0-9._\-]{1,40})["'])?"""
    rb"""(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*["'](?:yes|no)["'])?[ \t\r\n]*\?>"""
)
_WHITE: Final = " \t\r\n"
_RESOURCE_LIMITS: Final = frozenset({110, 114})  # XML_ERR_NAME_TOO_LONG, XML_ERR_RESOURCE_LIMIT
_UNDECLARED_ENTITY: Final = 26  # XML_ERR_UNDECLARED_ENTITY
_PREDEFINED: Final = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_NAMED: Final = re.compile(
    rb"<!--(?:[^-]|-(?!->))*+-->|<!\[CDATA\[(?:[^\]]|\](?!\]>))*+\]\]>|&(?P<name>[A-Za-z][A-Za-z0-9]{0,31});"
)
_PLACE_LIMIT: Final = 400  # characters; names of elements come from the message
_NAME_LIMIT: Final = 64

_PARSER: Final = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    load_dtd=False,
    dtd_validation=False,
    attribute_defaults=False,
    no_network=True,
    huge_tree=False,
    recover=False,
    collect_ids=False,
    remove_comments=False,
    remove_pis=False,
    strip_cdata=True,
)


def parse(data: bytes, *, limits: XmlLimits = DOOR) -> etree._Element:
    """Parse one document and give its root element.

    Refused with BODY_TOO_LARGE, DOCTYPE_FORBIDDEN, XML_LIMIT or NOT_XML, in the order of these steps.
    """
    # 1. size
    if len(data) > limits.size:
        raise Refused(Reason.BODY_TOO_LARGE)
    # 2. declaration: the encoding is fixed before anything is searched for
    start = len(_MARK) if data.startswith(_MARK) else 0
    if data.startswith(b"<?xml", start):
        start = _read_declaration(data, start)
    # 3. markup that is refused wherever it stands
    if data.find(b"<?", start) >= 0 or data.find(b"<!DOCTYPE", start) >= 0:
        raise Refused(Reason.DOCTYPE_FORBIDDEN)
    # 4. bounds
    _bound(data, limits)
    # 5. the parse itself
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as error:
        raise _refusal(error) from None


def parse_packaged(data: bytes, *, limits: XmlLimits = PACKAGED) -> etree._Element:
    """Parse a document from inside a package, where the DTD standards (ST.36, Annex F) left their marks.

    A DOCTYPE that the catalogue knows is accepted and ignored (gateway/wire/prologue.py); the characters that such a
    DTD gives a name are known without it. Processing instructions mean nothing to us and are left out of the tree:
    publications mark chapters and changes with them. Everything else is as at the doors. Refused with BODY_TOO_LARGE,
    DOCTYPE_FORBIDDEN, XML_LIMIT or NOT_XML.
    """
    if len(data) > limits.size:
        raise Refused(Reason.BODY_TOO_LARGE)
    document = bare(data)
    _bound(document.content, limits)
    try:
        root = etree.fromstring(document.content, _PARSER)
    except etree.XMLSyntaxError as error:
        if not document.doctype or error.code != _UNDECLARED_ENTITY:  # type: ignore[attr-defined]
            raise _refusal(error) from None
        root = _parse_spelled_out(document.content)
    for node in list(root.iter(etree.PI)):
        _take_out(node)
    return root


def _bound(data: bytes, limits: XmlLimits) -> None:
    if data.count(b"<") > limits.tags or data.count(b'"') + data.count(b"'") > 2 * limits.attributes:
        raise Refused(Reason.XML_LIMIT)


def _refusal(error: etree.XMLSyntaxError) -> Refused:
    line, column = error.position
    code = error.code  # type: ignore[attr-defined]  # an attribute the stubs do not know
    reason = Reason.XML_LIMIT if code in _RESOURCE_LIMITS else Reason.NOT_XML
    return Refused(reason, f"line {line}, column {column}")


def _parse_spelled_out(content: bytes) -> etree._Element:
    """Parse with the named characters of the ISO sets in place of their names, which a DTD would have declared."""

    def spell(found: re.Match[bytes]) -> bytes:
        name = found["name"]
        if name is None or name in _PREDEFINED:
            return found[0]
        characters = html.entities.html5.get(f"{name.decode('ascii')};")
        return found[0] if characters is None else characters.encode()

    try:
        return etree.fromstring(_NAMED.sub(spell, content), _PARSER)
    except etree.XMLSyntaxError as error:
        raise _refusal(error) from None


def _take_out(node: etree._Element) -> None:
    parent, before = node.getparent(), node.getprevious()
    if parent is None:
        return
    if node.tail and before is not None:
        before.tail = (before.tail or "") + node.tail
    elif node.tail:
        parent.text = (parent.text or "") + node.tail
    parent.remove(node)


def _read_declaration(data: bytes, start: int) -> int:
    found = _DECLARATION.match(data, start)
    if found is None:
        # "<?xml-stylesheet" and the like are instructions; anything else is a broken declaration
        named = data[start + 5 : start + 6]
        raise Refused(Reason.NOT_XML if named in (b" ", b"\t", b"\r", b"\n", b"?", b"") else Reason.DOCTYPE_FORBIDDEN)
    encoding = found["encoding"]
    if encoding is not None and encoding.lower() != b"utf-8":
        raise Refused(Reason.NOT_XML, "encoding declaration")
    return found.end()


def canonical(element: etree._Element) -> bytes:
    """Give the element in Exclusive XML Canonicalization 1.0 without comments, its tail left out."""
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False, with_tail=False)


def text_of(element: etree._Element) -> str:
    """Give the whole text of an element that holds nothing but text.

    Refused(SCHEMA_VIOLATION) if there is a comment or element inside: `a<!-- -->b` must not be read as `a`.
    """
    if len(element):
        raise Refused(Reason.SCHEMA_VIOLATION, place_of(element))
    return element.text or ""


def token_of(element: etree._Element) -> str:
    """As text_of, without the white space around it (XML Schema part 2, whiteSpace=collapse for dates and numbers)."""
    return text_of(element).strip(_WHITE)


def local_name(element: etree._Element) -> str:
    """Give the name without namespace; the empty text for a comment."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace_of(element: etree._Element) -> str:
    """Give the namespace, or the empty text."""
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def place_of(element: etree._Element) -> str:
    """Say where an element stands, as an XPath over local names: `/Envelope/Body/Deposit/Documents/Document[2]`."""
    steps = []
    node: etree._Element | None = element
    while node is not None:
        name = local_name(node)[:_NAME_LIMIT] or "comment()"
        before = sum(1 for _ in node.itersiblings(node.tag, preceding=True))
        following = next(node.itersiblings(node.tag), None)
        steps.append(f"{name}[{before + 1}]" if before or following is not None else name)
        node = node.getparent()
    place = "/" + "/".join(reversed(steps))
    return place if len(place) <= _PLACE_LIMIT else "…" + place[-_PLACE_LIMIT:]
