"""Exclusive C14N by lxml, with the guards without which its octets and the tree would not say the same.

Rules: what C14N drops (comments) or lxml mistreats (see `canonical`) is refused before anyone relies on it.
Standard: W3C Exclusive XML Canonicalization 1.0, without comments.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from pki.verdict import Refusal, SubIndication

__all__ = ["canonical", "namespaces_in_scope", "refuse_stray_text", "refuse_uncovered_nodes"]

#: Namespace declarations in scope where C14N begins; toolkits write a dozen or two.
_MAX_NAMESPACES: Final = 100
#: XML's white space (production 3), which is less than Python's.
_WHITE_SPACE: Final = " \t\r\n"


def refuse_uncovered_nodes(root: etree._Element) -> None:
    """Refuse comments, processing instructions and a DOCTYPE anywhere in the document.

    Exclusive C14N drops comments, so they would be unsigned, and they split the text around them (CVE-2017-11427
    and its kin); SOAP 1.1 section 3 and SOAP 1.2 part 1 section 5 forbid the other two.
    """
    if next(root.iter(etree.Comment, etree.ProcessingInstruction, etree.Entity), None) is not None:
        raise Refusal(SubIndication.FORMAT_FAILURE, "comments and processing instructions are not allowed in it")
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refusal(SubIndication.FORMAT_FAILURE, "a DOCTYPE is not allowed in it")


def canonical(element: etree._Element, prefixes: list[str] | None = None) -> bytes:
    """Exclusive C14N 1.0 without comments of an element where it stands (its ancestors give the namespaces)."""
    namespaces = namespaces_in_scope(element)
    if prefixes is not None and "#default" in prefixes and element.prefix is not None and None in namespaces:
        # libxml2 would honour "#default" but lxml drops it, so the octets would be others than the signer's.
        raise Refusal(
            SubIndication.SIG_CONSTRAINTS_FAILURE,
            "PrefixList names #default while a default namespace is in scope; use prefixes instead",
        )
    try:
        return etree.tostring(
            element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes
        )
    except etree.LxmlError:
        raise Refusal(SubIndication.FORMAT_FAILURE, "it cannot be canonicalized (a relative namespace URI?)") from None


def namespaces_in_scope(element: etree._Element) -> dict[str | None, str]:
    """Prefix -> namespace; refused if there are too many.

    lxml copies them to the apex of what it canonicalizes, looking each up among those before. That is quadratic,
    anyone may add declarations, and it happens before anything is proven.
    """
    namespaces = element.nsmap
    if len(namespaces) > _MAX_NAMESPACES:
        raise Refusal(SubIndication.FORMAT_FAILURE, f"more than {_MAX_NAMESPACES} namespaces are in scope")
    return namespaces


def refuse_stray_text(element: etree._Element) -> None:
    """Refuse text, other than white space, between the children of an element that holds elements only."""
    text = element.text or ""
    for child in element:
        text += child.tail or ""
    if text.strip(_WHITE_SPACE):
        raise Refusal(SubIndication.FORMAT_FAILURE, f"stray text in {etree.QName(element).localname}")
