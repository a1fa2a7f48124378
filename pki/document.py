"""Parse XML from outside for this package when it is used alone; the only parser here.

Rules: no DTD, no entities, no network, no recovery, libxml2's size limits on. Whoever already holds a parsed
element passes that instead, so that a message is parsed once and what was verified is what is used.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from pki.verdict import Refusal, SubIndication

__all__ = ["DOCUMENT_MOST", "parse"]

#: Receipts and notifications are a few kilobytes; this bounds the cost of anything else (bytes).
DOCUMENT_MOST: Final = 4 * 1024 * 1024


def parse(document: bytes) -> etree._Element:
    """The root element of a document; Refusal FORMAT_FAILURE if it is too large, malformed or has a DOCTYPE."""
    if len(document) > DOCUMENT_MOST:
        raise Refusal(SubIndication.FORMAT_FAILURE, f"the document is larger than {DOCUMENT_MOST} bytes")
    # Before the parser: it would already expand an internal subset. Only other encodings can hide the word,
    # and for those the check after parsing stands.
    if b"<!DOCTYPE" in document:
        raise Refusal(SubIndication.FORMAT_FAILURE, "a DOCTYPE is not allowed in it")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Refusal(SubIndication.FORMAT_FAILURE, "it is not well-formed XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refusal(SubIndication.FORMAT_FAILURE, "a DOCTYPE is not allowed in it")
    return root
