"""The signed list of documents in a SOAP request, and inline content in it.

Rules:
- A document comes in one way: inline base64, or a MIME part that an xop:Include names, or, without Content, the part
  of that ContentId. An href other than `cid:` is refused; nothing is ever fetched (XOP 1.0, section 2).
- Digests are not compared here: the stage that takes the bytes in does it while they pass.
"""

import binascii
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote

from lxml import etree

from gateway.core.document import Certification, CertificationForm, ListedDocument, Role
from gateway.core.reason import Reason, Refused
from gateway.wire import xml
from gateway.wire.schema import EXCHANGE
from gateway.wire.soap_values import fields_of, read_date, read_number, read_office, read_optional

__all__ = ["INLINE_LIMIT", "decode_base64", "part_names", "read_documents"]

#: Bytes of inline content in one message.
INLINE_LIMIT: Final = 4 * 1024 * 1024

_INCLUDE: Final = "{http://www.w3.org/2004/08/xop/include}Include"
_DOCUMENT: Final = f"{{{EXCHANGE}}}Document"
_CONTENT: Final = f"{{{EXCHANGE}}}Content"
_CONTENT_ID: Final = f"{{{EXCHANGE}}}ContentId"
_WHITE: Final = b" \t\r\n"


def read_documents(documents: etree._Element) -> tuple[ListedDocument, ...]:
    """Read a valid Documents element.

    Refused with DOCUMENT_EXTRA for a ContentId that comes twice, CONTENT_ENCODING for content that is neither strict
    base64 nor an xop:Include, BODY_TOO_LARGE for more than INLINE_LIMIT bytes inline.
    """
    listed: list[ListedDocument] = []
    seen: set[str] = set()
    room = INLINE_LIMIT
    for element in documents.iterchildren(_DOCUMENT):
        document = _read_document(element)
        if document.content_id in seen:
            raise Refused(Reason.DOCUMENT_EXTRA, xml.place_of(element))
        seen.add(document.content_id)
        room -= len(document.content or b"")
        if room < 0:
            raise Refused(Reason.BODY_TOO_LARGE, xml.place_of(element))
        listed.append(document)
    return tuple(listed)


def _read_document(element: etree._Element) -> ListedDocument:
    fields = fields_of(element)
    return ListedDocument(
        content_id=xml.text_of(fields["ContentId"]),
        size=read_number(fields["Size"]),
        sha256=bytes.fromhex(xml.text_of(fields["Sha256"])),
        role=Role(xml.text_of(fields["Role"])),
        media_type=xml.text_of(fields["MediaType"]),
        language=read_optional(fields, "Language"),
        certification=_read_certification(fields["Certification"]) if "Certification" in fields else None,
        content=_read_content(fields["Content"]) if "Content" in fields else None,
    )


def _read_certification(element: etree._Element) -> Certification:
    fields = fields_of(element)
    return Certification(
        certified_by=read_office(fields["CertifiedBy"]),
        form=CertificationForm(xml.text_of(fields["Form"])),
        certified_on=read_date(fields["CertifiedOn"]),
        filing_date_certified=xml.token_of(fields["FilingDateCertified"]) in ("true", "1"),
    )


def _read_content(content: etree._Element) -> bytes | None:
    if len(content):
        _read_include(content)
        return None
    decoded = decode_base64((content.text or "").encode("ascii", "replace"))
    if decoded is None:
        raise Refused(Reason.CONTENT_ENCODING, xml.place_of(content))
    return decoded


def decode_base64(text: bytes) -> bytes | None:
    """Decode base64 strictly but for white space between its characters; None if it is none."""
    try:
        return binascii.a2b_base64(text.translate(None, _WHITE), strict_mode=True)
    except binascii.Error:
        return None


def _read_include(content: etree._Element) -> str:
    """Give the content id that the only child of a Content names."""
    include = content[0]
    texts = [content.text, include.tail, include.text]
    href = include.get("href", "")
    if (
        len(content) != 1
        or len(include)
        or include.tag != _INCLUDE
        or not href.startswith("cid:")
        or len(href) > 512
        or any(text is not None and text.strip() for text in texts)
    ):
        raise Refused(Reason.CONTENT_ENCODING, xml.place_of(content))
    return unquote(href[4:])


def part_names(operation: etree._Element) -> Mapping[str, str]:
    """Give {Content-ID of a MIME part: ContentId of the list} where an xop:Include names another id than its line.

    Toolkits that choose Content-IDs themselves need it; `wire.mtom.renamed` applies it to the parts. Refused with
    DOCUMENT_EXTRA if two lines name one part. For a valid operation.
    """
    names: dict[str, str] = {}
    for document, content in _contents(operation):
        if not len(content):
            continue
        name = _read_include(content)
        if name in names:
            raise Refused(Reason.DOCUMENT_EXTRA, xml.place_of(content))
        names[name] = xml.text_of(document)
    return names


def _contents(operation: etree._Element) -> Iterator[tuple[etree._Element, etree._Element]]:
    for document in operation.iter(_DOCUMENT):
        content, content_id = document.find(_CONTENT), document.find(_CONTENT_ID)
        if content is not None and content_id is not None:
            yield content_id, content
