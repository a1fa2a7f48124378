"""ST.96 documents of patents, designs, marks and geographical indications: what they say of their application."""

from collections.abc import Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Final

from lxml import etree

from gateway.core.finding import Code, Finding, Form, found
from gateway.core.office import Right
from gateway.packages.bibliographic import Claimed, Facts, check
from gateway.packages.form import Inspected, Look, Setting, Subject
from gateway.packages.xml_reading import XML_TYPES, read_root, references_of
from gateway.wire.traced import Traced
from gateway.wire.xml import local_name, namespace_of, place_of

__all__ = ["St96"]

_ST96: Final = "http://www.wipo.int/standards/XMLSchema/ST96/"
#: Component -> the rights that its documents are of.
_RIGHTS: Final[Mapping[str, frozenset[Right]]] = MappingProxyType(
    {
        "Patent": frozenset({Right.PATENT, Right.UTILITY_MODEL}),
        "Design": frozenset({Right.DESIGN}),
        "Trademark": frozenset({Right.TRADEMARK}),
    }
)
#: Roots that say something about one application; others (transactions of many, legal status) are only read.
_OF_ONE_APPLICATION: Final = frozenset(
    {
        *("PatentPublication", "BibliographicData", "SearchReport", "ExaminationReport"),
        *("DesignApplication", "TrademarkApplication", "GIApplication"),
    }
)
_CLAIMS: Final = ("PriorityClaim", "Priority")
_CLAIMS_MOST: Final = 500
_DATES: Final = ("FilingDate", "ApplicationDate")


class St96:
    """Documents whose root is in a namespace of ST.96, of whatever version."""

    form = Form.ST96
    media_types = XML_TYPES

    def recognises(self, look: Look) -> bool:
        return look.root is not None and look.root[1].startswith(_ST96)

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        for each in read_root(subject):
            if isinstance(each, Finding):
                yield each
                continue
            learnt.references.extend(references_of(each))
            if setting.schemas is not None:
                yield from (found(Code.DOCUMENT_SCHEMA, place) for place in setting.schemas.violations(each))
            if local_name(each) not in _OF_ONE_APPLICATION:
                continue
            facts = _facts(each)
            if facts.number is None:
                yield found(Code.BIBLIOGRAPHY_MISSING, facts.place)
            yield from check(facts, subject.declared.application, setting.at)


def _facts(root: etree._Element) -> Facts:
    traced = Traced(root)
    holder = next((each for each in root.iter("*") if _names_application(each)), root)
    number = traced.text(holder, "ApplicationNumber/ApplicationNumberText|ST13ApplicationNumber")
    filed = next((day for name in _DATES if (day := traced.day(holder, name)) is not None), None)
    offices = ("IPOfficeCode", "RegistrationOfficeCode", "ApplicationNumber/IPOfficeCode")
    office = next((code for path in offices if (code := traced.text(holder, path))), None)
    component = namespace_of(root).removeprefix(_ST96).partition("/")[0]
    subject = traced.text(holder, "InventionSubjectMatterCategory")
    return Facts(
        place=place_of(holder),
        office=office or traced.attribute(holder, "officeCode"),
        number=number,
        filed=filed,
        rights=_RIGHTS["Design"] if subject == "Design" else _RIGHTS.get(component, frozenset()),
        claims=tuple(_claims(traced, root)),
        malformed=tuple(traced.malformed),
    )


def _names_application(element: etree._Element) -> bool:
    """The application itself, not one that is claimed, cited or related to it."""
    name = local_name(element)
    if name == "ApplicationIdentification":
        parent = element.getparent()
        return parent is not None and local_name(parent) in _OF_ONE_APPLICATION
    return name in {"DesignApplication", "TrademarkApplication", "GIData"}


def _claims(traced: Traced, root: etree._Element) -> Iterator[Claimed]:
    claims = (element for element in root.iter("*") if local_name(element) in _CLAIMS)
    for number, element in enumerate(islice(claims, _CLAIMS_MOST), 1):
        filed = traced.day(element, "FilingDate|PriorityApplicationFilingDate")
        if filed is not None:
            office = traced.text(element, "IPOfficeCode|PriorityCountryCode")
            yield Claimed(place=f"//{local_name(element)}[{number}]", office=office, filed=filed)
