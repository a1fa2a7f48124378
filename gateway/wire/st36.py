"""Bibliographic data in ST.36, read: from the standard's own form and its national variants.

Rules: `us-` in front of a name means the same as without; elements of a namespace (JPO) are read by their local names.
What is not read is told by place. The EPO's publications in B-tags are read beside this (st36_sdobi.py).
Source: WIPO ST.36; PCT Administrative Instructions, Annex F (wo-bibliographic-data, pdoc-body).
"""

from collections.abc import Iterator
from typing import Final

from lxml import etree

from gateway.core.bibliography import (
    IPC_PARTS,
    Address,
    Bibliography,
    ClaimedCopy,
    Classification,
    DocumentId,
    NameKind,
    Party,
    PartyName,
    PartyRole,
    PriorityClaim,
    ReadBibliography,
    Scope,
    Title,
)
from gateway.core.reason import Reason, Refused
from gateway.core.secret import Secret
from gateway.wire.st36_sdobi import read_sdobi
from gateway.wire.traced import Traced
from gateway.wire.xml import local_name, place_of

__all__ = ["PARTY_BAGS", "find_bibliography", "read_bibliography"]

_ROOTS: Final = frozenset(
    {
        *("bibliographic-data", "wo-bibliographic-data", "SDOBI"),
        *("us-bibliographic-data-application", "us-bibliographic-data-grant"),
    }
)
_LINES: Final = (
    *(f"address-{number}" for number in range(1, 6)),
    *("mailcode", "pobox", "room", "address-floor", "building", "street"),
)
#: Role, path below parties, and the attribute that has the category.
PARTY_BAGS: Final = (
    (PartyRole.APPLICANT, "applicants|us-applicants/applicant|us-applicant", "app-type"),
    (PartyRole.INVENTOR, "inventors/inventor", ""),
    (PartyRole.AGENT, "agents/agent", "rep-type"),
)


def find_bibliography(root: etree._Element) -> etree._Element | None:
    """The bibliographic part of a document: the root itself or a child, grandchild of it."""
    children = list(root.iterchildren("*"))
    grandchildren = (inner for child in children for inner in child.iterchildren("*"))
    return next((each for each in (root, *children, *grandchildren) if local_name(each) in _ROOTS), None)


def read_bibliography(element: etree._Element) -> ReadBibliography:
    """Read a bibliographic part (`find_bibliography`); Refused(SCHEMA_VIOLATION) if it names no application."""
    traced = Traced(element)
    bibliography = read_sdobi(traced) if local_name(element) == "SDOBI" else _read(traced)
    if bibliography is None:
        raise Refused(Reason.SCHEMA_VIOLATION, f"{place_of(element)}/application-reference")
    return ReadBibliography(bibliography=bibliography, left=traced.left(), malformed=tuple(traced.malformed))


def _read(traced: Traced) -> Bibliography | None:
    root = traced.root
    country = traced.attribute(root, "country")
    reference = traced.first(root, "application-reference")
    application = _document_id(traced, reference, country)
    if application is None:
        return None
    parties = traced.first(root, "parties|us-parties")
    return Bibliography(
        application=application,
        publication=_document_id(traced, traced.first(root, "publication-reference"), country),
        subject=traced.attribute(reference, "appl-type"),
        country=country,
        filing_language=traced.text(root, "language-of-filing"),
        publication_language=traced.text(root, "language-of-publication"),
        titles=tuple(_titles(traced, root)),
        parties=tuple(_parties(traced, parties)),
        claims=tuple(_claims(traced, root)),
        classifications=tuple(_classifications(traced, root)),
    )


def _document_id(traced: Traced, reference: etree._Element | None, country: str | None) -> DocumentId | None:
    found = traced.first(reference, "document-id")
    number = traced.text(found, "doc-number")
    if number is None:
        return None
    return DocumentId(
        number=number,
        office=traced.text(found, "country") or country,
        kind=traced.text(found, "kind"),
        dated=traced.day(found, "date"),
    )


def _titles(traced: Traced, root: etree._Element) -> Iterator[Title]:
    for element in traced.all(root, "invention-title"):
        if text := traced.text(element):
            yield Title(text=text, language=_language(traced.attribute(element, "lang")))


def _language(code: str | None) -> str | None:
    return code.lower() if code else None


def _claims(traced: Traced, root: etree._Element) -> Iterator[PriorityClaim]:
    for order, element in enumerate(traced.all(root, "priority-claims/priority-claim"), 1):
        filed = traced.day(element, "date")
        if filed is None:
            continue
        library = traced.first(element, "priority-doc-from-library")
        code = traced.attribute(library, "priority-doc-access-code")
        yield PriorityClaim(
            sequence=traced.attribute(element, "sequence") or str(order),
            filed=filed,
            office=traced.text(element, "country"),
            number=traced.text(element, "doc-number"),
            scope=_scope(traced.attribute(element, "kind")),
            copy=_copy(traced, element, library),
            library=traced.attribute(library, "library-identifier"),
            fetched_by=traced.attribute(library, "action-by"),
            access_code=Secret(code) if code else None,
        )


def _scope(kind: str | None) -> Scope | None:
    return next((scope for scope in Scope if scope.value == kind), None)


def _copy(traced: Traced, element: etree._Element, library: etree._Element | None) -> ClaimedCopy | None:
    if library is not None:
        return ClaimedCopy.LIBRARY
    for copy in (ClaimedCopy.REQUESTED, ClaimedCopy.ATTACHED):
        if (found := traced.first(element, f"priority-doc-{copy.value}")) is not None:
            traced.text(found)
            return copy
    return None


def _classifications(traced: Traced, root: etree._Element) -> Iterator[Classification]:
    for element in traced.all(root, "classifications-ipcr/classification-ipcr"):
        parts = [(part, traced.text(element, part)) for part in IPC_PARTS]
        yield Classification(
            sequence=traced.attribute(element, "sequence"),
            text=traced.text(element, "text", collapse=False),
            parts=tuple((part, value) for part, value in parts if value),
        )


def _parties(traced: Traced, bag: etree._Element | None) -> Iterator[Party]:
    for role, path, category in PARTY_BAGS:
        for element in traced.all(bag, path):
            for book in traced.all(element, "addressbook"):
                name = _name(traced, book)
                if name is None:
                    continue
                yield Party(
                    role=role,
                    sequence=traced.attribute(element, "sequence"),
                    name=name,
                    address=_address(traced, traced.first(book, "address")),
                    category=traced.attribute(element, category) if category else None,
                    designation=traced.attribute(element, "designation"),
                    nationality=traced.text(element, "nationality/country"),
                    residence=traced.text(element, "residence/country"),
                    phone=traced.text(book, "phone"),
                    fax=traced.text(book, "fax"),
                    email=traced.text(book, "email"),
                )
                break  # a second address book says the same in another language; it stays among what is left


def _name(traced: Traced, book: etree._Element) -> PartyName | None:
    if organisation := traced.text(book, "orgname"):
        return PartyName(kind=NameKind.ORGANISATION, whole=organisation)
    if last := traced.text(book, "last-name"):
        return PartyName(
            kind=NameKind.PERSON,
            prefix=traced.text(book, "prefix"),
            first=traced.text(book, "first-name"),
            middle=traced.text(book, "middle-name"),
            last=last,
            suffix=traced.text(book, "suffix"),
        )
    whole = traced.text(book, "name")
    return PartyName(kind=NameKind.ENTITY, whole=whole) if whole else None


def _address(traced: Traced, element: etree._Element | None) -> Address | None:
    if element is None:
        return None
    lines = [traced.text(line) for name in _LINES for line in traced.all(element, name)]
    return Address(
        lines=tuple(line for line in lines if line),
        city=traced.text(element, "city"),
        county=traced.text(element, "county"),
        state=traced.text(element, "state"),
        postcode=traced.text(element, "postcode"),
        country=traced.text(element, "country"),
        text=traced.text(element, "text"),
    )
