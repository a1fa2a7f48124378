"""Bibliographic data of patents in ST.96 V6.0, read, and what words of ST.36 mean in it.

Source: WIPO ST.96, Annex III (Patent, Common components); the correspondence of values is WIPO's own, ST.96 Annex VI.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
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
from gateway.wire.traced import Traced
from gateway.wire.xml import local_name, place_of

__all__ = [
    "BAGS",
    "CATEGORIES",
    "COMMON",
    "DESIGNATIONS",
    "IPC_NAMES",
    "PATENT",
    "SCOPES",
    "SUBJECTS",
    "find_st96_bibliography",
    "read_st96_bibliography",
]

COMMON: Final = "http://www.wipo.int/standards/XMLSchema/ST96/Common"
PATENT: Final = "http://www.wipo.int/standards/XMLSchema/ST96/Patent"

SCOPES: Final[Mapping[Scope, str]] = MappingProxyType(
    {Scope.NATIONAL: "National", Scope.REGIONAL: "Regional", Scope.INTERNATIONAL: "PCT"}
)
#: ST.36's word -> ST.96's; where several words mean one, the last is the way back.
SUBJECTS: Final[Mapping[str, str]] = MappingProxyType({"utility": "Utility", "design": "Design", "plant": "Plant"})
DESIGNATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"all": "All", "all-except-us": "All except US", "us-only": "US only", "as-indicated": "As indicated"}
)
CATEGORIES: Final[Mapping[PartyRole, Mapping[str, str]]] = MappingProxyType(
    {
        PartyRole.APPLICANT: {
            "otherwise": "Applicant",
            "applicant": "Applicant",
            "applicant-inventor": "Applicant_Inventor",
        },
        PartyRole.INVENTOR: {},
        PartyRole.AGENT: {"agent": "Agent", "attorney": "Attorney", "common-representative": "Common representative"},
    }
)
#: ST.96's name of each part of an IPC symbol, in ST.96's order, and ST.36's path of the same.
IPC_NAMES: Final = (
    ("ClassificationVersionDate", "ipc-version-indicator/date"),
    ("PatentClassificationLevelCode", "classification-level"),
    ("SymbolPositionCode", "symbol-position"),
    ("IPCClassificationValueCode", "classification-value"),
    ("ActionDate", "action-date/date"),
    ("IPCClassificationStatusCode", "classification-status"),
    ("PatentClassificationDataSourceCode", "classification-data-source"),
    ("GeneratingOfficeCode", "generating-office/country"),
    ("Section", "section"),
    ("Class", "class"),
    ("Subclass", "subclass"),
    ("MainGroup", "main-group"),
    ("Subgroup", "subgroup"),
)
#: Role, bag and element below PartyBag, and the element that has the category.
BAGS: Final = (
    (PartyRole.APPLICANT, "ApplicantBag", "Applicant", "ApplicantCategory"),
    (PartyRole.INVENTOR, "InventorBag", "Inventor", None),
    (PartyRole.AGENT, "RegisteredPractitionerBag", "RegisteredPractitioner", "RegisteredPractitionerCategory"),
)
_COPIES: Final = (
    ("RequestedPriorityDocumentIndicator", ClaimedCopy.REQUESTED),
    ("AttachedPriorityDocumentIndicator", ClaimedCopy.ATTACHED),
)


def find_st96_bibliography(root: etree._Element) -> etree._Element | None:
    """The pat:BibliographicData of a document: the root itself or a child of it."""
    wanted = f"{{{PATENT}}}BibliographicData"
    return next((each for each in (root, *root.iterchildren("*")) if each.tag == wanted), None)


def read_st96_bibliography(element: etree._Element) -> ReadBibliography:
    """Read a pat:BibliographicData; Refused(SCHEMA_VIOLATION) if it names no application."""
    traced = Traced(element)
    identified = traced.first(element, "ApplicationIdentification")
    application = _application(traced, identified)
    if application is None:
        raise Refused(Reason.SCHEMA_VIOLATION, f"{place_of(element)}/ApplicationIdentification")
    subject = traced.text(identified, "InventionSubjectMatterCategory")
    bibliography = Bibliography(
        application=application,
        publication=_publication(traced, traced.first(element, "PatentPublicationIdentification")),
        subject=_word(SUBJECTS, subject),
        country=traced.attribute(element, "officeCode"),
        filing_language=traced.text(element, "FilingLanguageCode"),
        publication_language=traced.text(element, "PublicationLanguageCode"),
        titles=tuple(_titles(traced, element)),
        parties=tuple(_parties(traced, element)),
        claims=tuple(_claims(traced, element)),
        classifications=tuple(_classifications(traced, element)),
    )
    return ReadBibliography(bibliography=bibliography, left=traced.left(), malformed=tuple(traced.malformed))


def _word(words: Mapping[str, str], value: str | None) -> str | None:
    return {theirs: ours for ours, theirs in words.items()}.get(value) if value else None


def _number(traced: Traced, element: etree._Element | None) -> str | None:
    return traced.text(element, "ApplicationNumber/ApplicationNumberText|ST13ApplicationNumber")


def _application(traced: Traced, element: etree._Element | None) -> DocumentId | None:
    number = _number(traced, element)
    if number is None:
        return None
    office = traced.text(element, "IPOfficeCode")
    again = traced.text(element, "ApplicationNumber/IPOfficeCode")
    return DocumentId(number=number, office=office or again, dated=traced.day(element, "FilingDate"))


def _publication(traced: Traced, element: etree._Element | None) -> DocumentId | None:
    number = traced.text(element, "PublicationNumber")
    if number is None:
        return None
    return DocumentId(
        number=number,
        office=traced.text(element, "IPOfficeCode"),
        kind=traced.text(element, "PatentDocumentKindCode"),
        dated=traced.day(element, "PublicationDate"),
    )


def _titles(traced: Traced, root: etree._Element) -> Iterator[Title]:
    for element in traced.all(root, "InventionTitleBag/InventionTitle"):
        if text := traced.text(element):
            yield Title(text=text, language=traced.attribute(element, "languageCode"))


def _claims(traced: Traced, root: etree._Element) -> Iterator[PriorityClaim]:
    for order, element in enumerate(traced.all(root, "PriorityClaimBag/PriorityClaim"), 1):
        filed = traced.day(element, "FilingDate")
        if filed is None:
            continue
        online = traced.first(element, "OnlineAvailablePriorityDocumentIndicator")
        code = traced.text(element, "DASAccessCode")
        scope = traced.text(element, "ApplicationFilingCategory")
        yield PriorityClaim(
            sequence=traced.attribute(element, "sequenceNumber") or str(order),
            filed=filed,
            office=traced.text(element, "IPOfficeCode"),
            number=_number(traced, element),
            scope=next((each for each, word in SCOPES.items() if word == scope), None),
            copy=_copy(traced, element, online is not None or code is not None),
            library=traced.attribute(online, "libraryIdentifier"),
            fetched_by=traced.attribute(online, "officeCode"),
            access_code=Secret(code) if code else None,
        )
        traced.text(online)


def _copy(traced: Traced, element: etree._Element, in_library: bool) -> ClaimedCopy | None:
    if in_library:
        return ClaimedCopy.LIBRARY
    return next((copy for name, copy in _COPIES if traced.text(element, name) in ("true", "1")), None)


def _classifications(traced: Traced, root: etree._Element) -> Iterator[Classification]:
    for element in traced.all(root, "PatentClassificationBag/IPCRClassificationBag/IPCRClassification"):
        named = {path: traced.text(element, name) for name, path in IPC_NAMES}
        parts = [(path, named[path]) for path in IPC_PARTS]
        yield Classification(
            sequence=traced.attribute(element, "sequenceNumber"),
            text=traced.text(element, "PatentClassificationText", collapse=False),
            parts=tuple(
                (path, value.replace("-", "") if path.endswith("date") else value) for path, value in parts if value
            ),
        )


def _parties(traced: Traced, root: etree._Element) -> Iterator[Party]:
    for role, bag, name, category in BAGS:
        for element in traced.all(root, f"PartyBag/{bag}/{name}"):
            contact = traced.first(element, "Contact|PublicationContact")
            named = _name(traced, contact)
            if named is None:
                continue
            yield Party(
                role=role,
                sequence=traced.attribute(element, "sequenceNumber"),
                name=named,
                address=_address(traced, contact),
                category=_word(CATEGORIES[role], traced.text(element, category)) if category else None,
                designation=_word(DESIGNATIONS, traced.text(element, "DesignationCategory")),
                nationality=traced.text(element, "NationalityCode"),
                residence=traced.text(element, "ResidenceCountryCode"),
                phone=traced.text(contact, "PhoneNumberBag/PhoneNumber"),
                fax=traced.text(contact, "FaxNumberBag/FaxNumber"),
                email=traced.text(contact, "EmailAddressBag/EmailAddressText"),
            )


def _name(traced: Traced, contact: etree._Element | None) -> PartyName | None:
    if organisation := traced.text(contact, "Name/OrganizationName/OrganizationStandardName"):
        return PartyName(kind=NameKind.ORGANISATION, whole=organisation)
    person = traced.first(contact, "Name/PersonName/PersonStructuredName")
    if last := traced.text(person, "LastName"):
        return PartyName(
            kind=NameKind.PERSON,
            prefix=traced.text(person, "NamePrefix"),
            first=traced.text(person, "FirstName"),
            middle=traced.text(person, "MiddleName"),
            last=last,
            suffix=traced.text(person, "NameSuffix"),
        )
    for path in ("Name/EntityName", "Name/PersonName/PersonFullName", "ContactText"):
        if whole := traced.text(contact, path):
            return PartyName(kind=NameKind.ENTITY, whole=whole)
    return None


def _address(traced: Traced, contact: etree._Element | None) -> Address | None:
    postal = traced.first(contact, "PostalAddressBag/PostalAddress")
    parts = traced.first(postal, "PostalStructuredAddress")
    if parts is None and contact is not None and local_name(contact) == "PublicationContact":
        parts = contact
    lines = []
    for line in traced.all(parts, "AddressLineText"):
        traced.attribute(line, "sequenceNumber")
        lines.append(traced.text(line))
    texts = [traced.text(line) for line in traced.all(postal, "PostalAddressText")]
    regions = {}
    for region in traced.all(parts, "GeographicRegionName"):
        kind = traced.attribute(region, "geographicRegionCategory")
        traced.attribute(region, "sequenceNumber")
        regions[kind if kind == "County" else "State"] = traced.text(region)
    address = Address(
        lines=tuple(line for line in lines if line),
        city=traced.text(parts, "CityName"),
        county=regions.get("County"),
        state=regions.get("State"),
        postcode=traced.text(parts, "PostalCode"),
        country=traced.text(parts, "CountryCode"),
        text=", ".join(text for text in texts if text) or None,
    )
    return address if address != Address() else None
