"""Bibliographic data in B-tags, as the EPO writes them in its ST.36 publications (SDOBI), read.

Source: WIPO ST.32, from which the tags come; ST.9 INID codes (21, 22, 30, 43, 54, 71, 72, 74), by which they are named.
"""

from collections.abc import Iterator
from typing import Final

from lxml import etree

from gateway.core.bibliography import (
    Address,
    Bibliography,
    Classification,
    DocumentId,
    NameKind,
    Party,
    PartyName,
    PartyRole,
    PriorityClaim,
    Title,
)
from gateway.wire.traced import Traced
from gateway.wire.xml import local_name

__all__ = ["read_sdobi"]

_PARTIES: Final = (
    (PartyRole.APPLICANT, "B700/B710/B711"),
    (PartyRole.APPLICANT, "B700/B730/B731"),
    (PartyRole.INVENTOR, "B700/B720/B721"),
    (PartyRole.AGENT, "B700/B740/B741"),
)


def read_sdobi(traced: Traced) -> Bibliography | None:
    """Read an SDOBI element; None if it names no application (B210)."""
    root = traced.root
    office = traced.text(root, "B100/B190")
    number, published = traced.text(root, "B200/B210"), traced.text(root, "B100/B110")
    if number is None:
        return None
    return Bibliography(
        application=DocumentId(number=number, office=office, dated=traced.day(root, "B200/B220/date")),
        publication=None
        if published is None
        else DocumentId(
            number=published,
            office=office,
            kind=traced.text(root, "B100/B130"),
            dated=traced.day(root, "B100/B140/date"),
        ),
        country=office,
        filing_language=traced.text(root, "B200/B250"),
        publication_language=traced.text(root, "B200/B260"),
        titles=tuple(_titles(traced, root)),
        parties=tuple(_parties(traced, root)),
        claims=tuple(_claims(traced, root)),
        classifications=tuple(_classifications(traced, root)),
    )


def _titles(traced: Traced, root: etree._Element) -> Iterator[Title]:
    language = None
    for element in traced.all(root, "B500/B540/B541|B542"):  # a language, then the title in it
        if local_name(element) == "B541":
            language = traced.text(element)
        elif text := traced.text(element):
            yield Title(text=text, language=language)


def _claims(traced: Traced, root: etree._Element) -> Iterator[PriorityClaim]:
    numbers = [traced.text(element) for element in traced.all(root, "B300/B310")]
    days = [traced.day(element, "date") for element in traced.all(root, "B300/B320")]
    offices = [traced.text(element, "ctry") for element in traced.all(root, "B300/B330")]
    for order, (number, filed, office) in enumerate(zip(numbers, days, offices, strict=False), 1):
        if filed is not None:
            yield PriorityClaim(sequence=str(order), number=number, filed=filed, office=office)


def _classifications(traced: Traced, root: etree._Element) -> Iterator[Classification]:
    for element in traced.all(root, "B500/B510EP/classification-ipcr"):
        text = traced.text(element, "text", collapse=False)
        if text is not None:
            yield Classification(sequence=traced.attribute(element, "sequence"), text=text)


def _parties(traced: Traced, root: etree._Element) -> Iterator[Party]:
    counted = dict.fromkeys(PartyRole, 0)
    for role, path in _PARTIES:
        for element in traced.all(root, path):
            name = traced.text(element, "snm")
            if name is None:
                continue
            counted[role] += 1
            yield Party(
                role=role,
                sequence=str(counted[role]),
                category="agent" if role is PartyRole.AGENT else None,  # INID code 74: attorney or agent
                name=PartyName(kind=NameKind.ENTITY, whole=name),
                address=_address(traced, traced.first(element, "adr")),
            )


def _address(traced: Traced, element: etree._Element | None) -> Address | None:
    if element is None:
        return None
    street = traced.text(element, "str")
    return Address(
        lines=(street,) if street else (),
        city=traced.text(element, "city"),
        country=traced.text(element, "ctry"),
    )
