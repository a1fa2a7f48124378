"""Bibliographic data in ST.36, written.

Rules: what a value does not say is not written; nothing is invented. What ST.36 has more room for (named kinds of
address lines) is written in its plainest place.
"""

from datetime import date
from typing import Final

from lxml import etree

from gateway.core.bibliography import Bibliography, ClaimedCopy, DocumentId, NameKind, Party, PriorityClaim
from gateway.wire.st36 import PARTY_BAGS

__all__ = ["render_bibliography"]

_LINES: Final = 5  # address-1 to address-5


def render_bibliography(bibliography: Bibliography) -> tuple[bytes, tuple[str, ...]]:
    """Give `bibliographic-data` in UTF-8, without a DOCTYPE, and the places of what ST.36 cannot say.

    Nothing but the sixth and further lines of an address has no place in ST.36.
    """
    root = etree.Element("bibliographic-data")
    _set(root, country=bibliography.country)
    if bibliography.publication is not None:
        _add_id(_add(root, "publication-reference"), bibliography.publication)
    if bibliography.classifications:
        _add_classifications(_add(root, "classifications-ipcr"), bibliography)
    reference = _add(root, "application-reference")
    _set(reference, **{"appl-type": bibliography.subject})
    _add_id(reference, bibliography.application)
    _add(root, "language-of-filing", bibliography.filing_language)
    _add(root, "language-of-publication", bibliography.publication_language)
    if bibliography.claims:
        claims = _add(root, "priority-claims")
        for claim in bibliography.claims:
            _add_claim(claims, claim)
    _add_parties(root, bibliography)
    for title in bibliography.titles:
        _set(_add(root, "invention-title", title.text), lang=title.language)
    lost = [
        f"/parties/{party.role.value}s/{party.role.value}[{number}]/addressbook/address (lines after the fifth)"
        for role, *_ in PARTY_BAGS
        for number, party in enumerate(bibliography.of_role(role), 1)
        if party.address is not None and len(party.address.lines) > _LINES
    ]
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True), tuple(lost)


def _add(parent: etree._Element, name: str, text: str | None = "") -> etree._Element:
    """Add a child; with `text` None nothing is added and the child lies outside of the tree."""
    element = etree.Element(name) if text is None else etree.SubElement(parent, name)
    element.text = text or None
    return element


def _set(element: etree._Element, **attributes: str | None) -> None:
    for name, value in attributes.items():
        if value is not None:
            element.set(name, value)


def _add_path(parent: etree._Element, path: str, text: str | None) -> None:
    if text is None:
        return
    *outer, last = path.split("/")
    for name in outer:
        parent = _add(parent, name)
    _add(parent, last, text)


def _add_id(parent: etree._Element, document: DocumentId) -> None:
    element = _add(parent, "document-id")
    _add(element, "country", document.office)
    _add(element, "doc-number", document.number)
    _add(element, "kind", document.kind)
    _add(element, "date", _day(document.dated))


def _day(day: date | None) -> str | None:
    return day.strftime("%Y%m%d") if day is not None else None


def _add_classifications(parent: etree._Element, bibliography: Bibliography) -> None:
    for each in bibliography.classifications:
        element = _add(parent, "classification-ipcr")
        _set(element, sequence=each.sequence)
        for path, value in each.parts:
            _add_path(element, path, value)
        _add(element, "text", each.text)


def _add_claim(parent: etree._Element, claim: PriorityClaim) -> None:
    element = _add(parent, "priority-claim")
    _set(element, sequence=claim.sequence, kind=claim.scope.value if claim.scope else None)
    _add(element, "country", claim.office)
    _add(element, "doc-number", claim.number)
    _add(element, "date", _day(claim.filed))
    if claim.copy is ClaimedCopy.LIBRARY:
        library = _add(element, "priority-doc-from-library")
        code = claim.access_code.reveal() if claim.access_code else None
        _set(library, **{"library-identifier": claim.library, "action-by": claim.fetched_by})
        _set(library, **{"priority-doc-access-code": code})
    elif claim.copy is not None:
        _add(element, f"priority-doc-{claim.copy.value}")


def _add_parties(root: etree._Element, bibliography: Bibliography) -> None:
    if not bibliography.parties:
        return
    bags = _add(root, "parties")
    for role, path, category in PARTY_BAGS:
        bag_name, name = (step.partition("|")[0] for step in path.split("/"))
        if not bibliography.of_role(role):
            continue
        bag = _add(bags, bag_name)
        for party in bibliography.of_role(role):
            element = _add(bag, name)
            _set(element, sequence=party.sequence, designation=party.designation)
            _set(element, **({category: party.category} if category else {}))
            _add_book(element, party)
            _add_path(element, "nationality/country", party.nationality)
            _add_path(element, "residence/country", party.residence)


def _add_book(parent: etree._Element, party: Party) -> None:
    book = _add(parent, "addressbook")
    name = party.name
    if name.kind is NameKind.PERSON:
        for tag, part in (("prefix", name.prefix), ("last-name", name.last), ("first-name", name.first)):
            _add(book, tag, part)
        _add(book, "middle-name", name.middle)
        _add(book, "suffix", name.suffix)
    else:
        _add(book, "orgname" if name.kind is NameKind.ORGANISATION else "name", name.whole)
    if (where := party.address) is not None:
        address = _add(book, "address")
        for number, line in enumerate(where.lines[:_LINES], 1):
            _add(address, f"address-{number}", line)
        _add(address, "city", where.city)
        _add(address, "county", where.county)
        _add(address, "state", where.state)
        _add(address, "postcode", where.postcode)
        _add(address, "country", where.country)
        _add(address, "text", where.text)
    for tag, reached in (("phone", party.phone), ("fax", party.fax), ("email", party.email)):
        _add(book, tag, reached)
