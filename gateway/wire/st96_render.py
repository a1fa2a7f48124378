"""Bibliographic data of patents in ST.96 V6.0, written, and told what of a value ST.96 has no word for.

Rules: elements in the order of the official schema; nothing is invented but "Agent" for a representative whose kind is
not told, since the schema asks for a kind. What cannot be said is told by place in ST.36's words.
Source: WIPO ST.96 V6.0, pat:BibliographicDataType and the types below it.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from lxml import etree

from gateway.core.bibliography import (
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
)
from gateway.core.reason import Reason, Refused
from gateway.wire.st96 import BAGS, CATEGORIES, COMMON, DESIGNATIONS, IPC_NAMES, PATENT, SCOPES, SUBJECTS

__all__ = ["render_st96_bibliography"]

_COM, _PAT = f"{{{COMMON}}}", f"{{{PATENT}}}"
_LANGUAGE: Final = re.compile(r"[a-z]{2}")
_CODE: Final = re.compile(r"[A-Z]{2}")
_NEEDED: Final = frozenset({"ipc-version-indicator/date", "section", "class", "subclass"})
_COMMON_PARTS: Final = frozenset({"SymbolPositionCode"})


def render_st96_bibliography(bibliography: Bibliography) -> tuple[bytes, tuple[str, ...]]:
    """Give a pat:BibliographicData document in UTF-8, and the places of what ST.96 cannot say.

    Refused(SCHEMA_VIOLATION) with the place of what the schema asks for and the value has not: the office of the
    application, a title, a party.
    """
    writing = _Writing()
    return writing.write(bibliography), tuple(writing.dropped)


@dataclass(slots=True)
class _Writing:
    dropped: list[str] = field(default_factory=list)

    def write(self, bibliography: Bibliography) -> bytes:
        root = etree.Element(f"{_PAT}BibliographicData", nsmap={"pat": PATENT, "com": COMMON})
        root.set(f"{_COM}st96Version", "V6_0")
        if (office := self.coded(bibliography.country, _CODE, "/@country")) is not None:
            root.set(f"{_COM}officeCode", office)
        if bibliography.publication is not None:
            self.publication(root, bibliography.publication)
        self.application(root, bibliography)
        self.claims(root, bibliography.claims)
        self.classifications(root, bibliography.classifications)
        self.titles(root, bibliography)
        self.parties(root, bibliography)
        _add(root, "com:FilingLanguageCode", self.language(bibliography.filing_language, "/language-of-filing"))
        language = self.language(bibliography.publication_language, "/language-of-publication")
        _add(root, "com:PublicationLanguageCode", language)
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    def coded(self, value: str | None, pattern: re.Pattern[str], place: str) -> str | None:
        """The value if ST.96 takes it; else its place is noted."""
        if value is not None and not pattern.fullmatch(value):
            self.dropped.append(place)
            return None
        return value

    def language(self, code: str | None, place: str) -> str | None:
        return self.coded(code, _LANGUAGE, place)

    def publication(self, root: etree._Element, document: DocumentId) -> None:
        place = "/publication-reference/document-id"
        office = self.coded(document.office, _CODE, f"{place}/country")
        if office is None:
            self.dropped.append(place)
            return
        element = _add(root, "pat:PatentPublicationIdentification")
        _add(element, "com:IPOfficeCode", office)
        _add(element, "pat:PublicationNumber", document.number)
        _add(element, "com:PatentDocumentKindCode", document.kind)
        _add(element, "com:PublicationDate", _day(document.dated))

    def application(self, root: etree._Element, bibliography: Bibliography) -> None:
        document = bibliography.application
        place = "/application-reference/document-id"
        office = self.coded(document.office, _CODE, f"{place}/country")
        if office is None:
            raise Refused(Reason.SCHEMA_VIOLATION, f"{place}/country")
        element = _add(root, "pat:ApplicationIdentification")
        _add(element, "com:IPOfficeCode", office)
        _add(_add(element, "com:ApplicationNumber"), "com:ApplicationNumberText", document.number)
        if document.kind is not None:
            self.dropped.append(f"{place}/kind")
        subject = self.word(
            SUBJECTS.get(bibliography.subject or ""), bibliography.subject, "/application-reference/@appl-type"
        )
        _add(element, "pat:InventionSubjectMatterCategory", subject)
        _add(element, "pat:FilingDate", _day(document.dated))

    def word(self, theirs: str | None, ours: str | None, place: str) -> str | None:
        """ST.96's word; noted where there is one of ST.36 and none of ST.96."""
        if ours is not None and theirs is None:
            self.dropped.append(place)
        return theirs

    def claims(self, root: etree._Element, claims: tuple[PriorityClaim, ...]) -> None:
        sayable = []
        for number, claim in enumerate(claims, 1):
            place = f"/priority-claims/priority-claim[{number}]"
            if claim.office is not None and _CODE.fullmatch(claim.office):
                sayable.append((claim, place))
            else:
                self.dropped.append(place)
        if sayable:
            bag = _add(root, "pat:PriorityClaimBag")
            for claim, place in sayable:
                self.claim(bag, claim, place)

    def claim(self, bag: etree._Element, claim: PriorityClaim, place: str) -> None:
        element = _add(bag, "pat:PriorityClaim")
        element.set(f"{_COM}sequenceNumber", claim.sequence)
        _add(element, "com:IPOfficeCode", claim.office)
        if claim.number is not None:
            _add(_add(element, "com:ApplicationNumber"), "com:ApplicationNumberText", claim.number)
        _add(element, "pat:FilingDate", _day(claim.filed))
        _add(element, "pat:ApplicationFilingCategory", SCOPES[claim.scope] if claim.scope else None)
        if claim.copy is ClaimedCopy.REQUESTED:
            _add(element, "pat:RequestedPriorityDocumentIndicator", "true")
        elif claim.copy is ClaimedCopy.ATTACHED:
            _add(element, "pat:AttachedPriorityDocumentIndicator", "true")
        elif claim.access_code is not None:  # the schema takes the code or the library, not both
            _add(element, "com:DASAccessCode", claim.access_code.reveal())
            if claim.library or claim.fetched_by:
                self.dropped.append(f"{place}/priority-doc-from-library/@library-identifier")
        elif claim.copy is ClaimedCopy.LIBRARY:
            online = _add(element, "pat:OnlineAvailablePriorityDocumentIndicator", "true")
            if claim.library is not None:
                online.set(f"{_PAT}libraryIdentifier", claim.library)
            by = self.coded(claim.fetched_by, _CODE, f"{place}/priority-doc-from-library/@action-by")
            if by is not None:
                online.set(f"{_COM}officeCode", by)

    def classifications(self, root: etree._Element, symbols: tuple[Classification, ...]) -> None:
        sayable = []
        for number, symbol in enumerate(symbols, 1):
            parts = dict(symbol.parts)
            if symbol.text is not None or parts.keys() >= _NEEDED:
                sayable.append((symbol, parts))
            else:
                self.dropped.append(f"/classifications-ipcr/classification-ipcr[{number}]")
        if not sayable:
            return
        bag = _add(_add(root, "pat:PatentClassificationBag"), "pat:IPCRClassificationBag")
        for symbol, parts in sayable:
            element = _add(bag, "pat:IPCRClassification")
            if symbol.sequence is not None:
                element.set(f"{_COM}sequenceNumber", symbol.sequence)
            if symbol.text is not None:
                _add(element, "pat:PatentClassificationText", symbol.text)
                continue
            for name, path in IPC_NAMES:
                value = parts.get(path)
                if value and path.endswith("date"):
                    value = f"{value[:4]}-{value[4:6]}-{value[6:]}"
                _add(element, f"{'com' if name in _COMMON_PARTS else 'pat'}:{name}", value)

    def titles(self, root: etree._Element, bibliography: Bibliography) -> None:
        if not bibliography.titles:
            raise Refused(Reason.SCHEMA_VIOLATION, "/invention-title")
        bag = _add(root, "pat:InventionTitleBag")
        for number, title in enumerate(bibliography.titles, 1):
            element = _add(bag, "pat:InventionTitle", title.text)
            if (language := self.language(title.language, f"/invention-title[{number}]/@lang")) is not None:
                element.set(f"{_COM}languageCode", language)

    def parties(self, root: etree._Element, bibliography: Bibliography) -> None:
        if not bibliography.parties:
            raise Refused(Reason.SCHEMA_VIOLATION, "/parties")
        outer = _add(root, "pat:PartyBag")
        for role, bag_name, name, category in BAGS:
            parties = bibliography.of_role(role)
            if not parties:
                continue
            bag = _add(outer, f"pat:{bag_name}")
            for number, party in enumerate(parties, 1):
                place = f"/parties/{role.value}s/{role.value}[{number}]"
                self.party(_add(bag, f"pat:{name}"), party, number, category, place)

    def party(self, element: etree._Element, party: Party, number: int, category: str | None, place: str) -> None:
        sequence = party.sequence or (str(number) if party.role is PartyRole.AGENT else None)
        if sequence is not None:
            element.set(f"{_COM}sequenceNumber", sequence)
        word = self.word(CATEGORIES[party.role].get(party.category or ""), party.category, f"{place}/@category")
        if party.role is PartyRole.AGENT:
            _add(element, f"pat:{category}", word or "Agent")
        self.contact(element, party, place)
        if party.role is PartyRole.APPLICANT:
            _add(element, f"pat:{category}", word)
            _add(element, "com:NationalityCode", self.coded(party.nationality, _CODE, f"{place}/nationality"))
            designation = self.word(
                DESIGNATIONS.get(party.designation or ""), party.designation, f"{place}/@designation"
            )
            _add(element, "pat:DesignationCategory", designation)
            _add(element, "com:ResidenceCountryCode", self.coded(party.residence, _CODE, f"{place}/residence"))
            return
        if party.designation is not None:
            self.dropped.append(f"{place}/@designation")
        if party.residence is not None:
            self.dropped.append(f"{place}/residence")
        if party.role is PartyRole.INVENTOR:
            _add(element, "com:NationalityCode", self.coded(party.nationality, _CODE, f"{place}/nationality"))
        elif party.nationality is not None:
            self.dropped.append(f"{place}/nationality")

    def contact(self, element: etree._Element, party: Party, place: str) -> None:
        where = party.address or Address()
        country = self.coded(where.country, _CODE, f"{place}/addressbook/address/country")
        reached = party.phone or party.fax or party.email
        regions = [(kind, name) for kind, name in (("County", where.county), ("State", where.state)) if name]
        if not (where.lines or where.text or reached or len(regions) > 1):
            contact = _add(element, "com:PublicationContact")
            _add_name(contact, party.name)
            _add(contact, "com:CityName", where.city)
            _add_regions(contact, regions)
            _add(contact, "com:CountryCode", country)
            _add(contact, "com:PostalCode", where.postcode)
            return
        contact = _add(element, "com:Contact")
        _add_name(contact, party.name)
        if where != Address():
            postal = _add(_add(contact, "com:PostalAddressBag"), "com:PostalAddress")
            if where.lines and country is not None:
                self.structured(postal, where, country, regions)
                if where.text is not None:
                    self.dropped.append(f"{place}/addressbook/address/text")
            else:
                self.in_one(postal, where, f"{place}/addressbook/address")
        for bag, name, number in (
            ("FaxNumberBag", "FaxNumber", party.fax),
            ("EmailAddressBag", "EmailAddressText", party.email),
            ("PhoneNumberBag", "PhoneNumber", party.phone),
        ):
            if number is not None:
                _add(_add(contact, f"com:{bag}"), f"com:{name}", number)

    def structured(self, postal: etree._Element, where: Address, country: str, regions: list[tuple[str, str]]) -> None:
        parts = _add(postal, "com:PostalStructuredAddress")
        for number, line in enumerate(where.lines, 1):
            _add(parts, "com:AddressLineText", line).set(f"{_COM}sequenceNumber", str(number))
        _add(parts, "com:CityName", where.city)
        _add_regions(parts, regions)
        _add(parts, "com:CountryCode", country)
        _add(parts, "com:PostalCode", where.postcode)

    def in_one(self, postal: etree._Element, where: Address, place: str) -> None:
        """What has no line or no country cannot be said in parts: it is said as one text."""
        parts = (*where.lines, where.text, where.city, where.county, where.state, where.postcode, where.country)
        told = [part for part in parts if part]
        _add(postal, "com:PostalAddressText", ", ".join(told))
        if told != [where.text]:
            self.dropped.append(f"{place} (its parts, joined into one text)")


def _add(parent: etree._Element, name: str, text: str | None = "") -> etree._Element:
    """Add a child named `com:X` or `pat:X`; with `text` None the child lies outside of the tree."""
    prefix, _, local = name.partition(":")
    tag = f"{_COM if prefix == 'com' else _PAT}{local}"
    element = etree.Element(tag) if text is None else etree.SubElement(parent, tag)
    element.text = text or None
    return element


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _add_name(contact: etree._Element, name: PartyName) -> None:
    outer = _add(contact, "com:Name")
    if name.kind is NameKind.ORGANISATION:
        _add(_add(outer, "com:OrganizationName"), "com:OrganizationStandardName", name.whole)
    elif name.kind is NameKind.ENTITY:
        _add(outer, "com:EntityName", name.whole)
    else:
        person = _add(_add(outer, "com:PersonName"), "com:PersonStructuredName")
        _add(person, "com:NamePrefix", name.prefix)
        _add(person, "com:FirstName", name.first)
        _add(person, "com:MiddleName", name.middle)
        _add(person, "com:LastName", name.last)
        _add(person, "com:NameSuffix", name.suffix)


def _add_regions(parent: etree._Element, regions: list[tuple[str, str]]) -> None:
    for kind, name in regions:
        _add(parent, "com:GeographicRegionName", name).set(f"{_COM}geographicRegionCategory", kind)
