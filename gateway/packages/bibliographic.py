"""What a document says of its application, held against itself and against the application it is sent for.

Rules: numbers are written in many ways, so only what cannot be the same number is a mismatch; dates and office codes
are compared as they are. What is not said is not missed.
Sources: Paris Convention, Article 4; WIPO ST.3 and ST.10/C.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from gateway.core.bibliography import Bibliography
from gateway.core.finding import Code, Finding, found
from gateway.core.office import Application, Right

__all__ = ["Claimed", "Facts", "check", "facts_of", "is_same_number"]

_ST3: Final = re.compile(r"[A-Z]{2}")
_DIGITS: Final = re.compile(r"\d+")
_TAIL: Final = 5
#: The priority period with two months of restoration and some days for closed offices (Article 4C(1), (3)).
_PERIODS: Final = {Right.PATENT: 14, Right.UTILITY_MODEL: 14, Right.DESIGN: 8, Right.TRADEMARK: 8}
_MONTH: Final = timedelta(days=31)
#: Offices lie in many time zones.
_TOMORROW: Final = timedelta(days=2)
_PATENTS: Final = frozenset({Right.PATENT, Right.UTILITY_MODEL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One claim of priority, and where it stands."""

    place: str
    office: str | None
    filed: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a document says of its application; `rights` are those it may be of, empty if it does not say."""

    place: str
    office: str | None = None
    number: str | None = None
    filed: date | None = None
    rights: frozenset[Right] = frozenset()
    claims: tuple[Claimed, ...] = ()
    malformed: tuple[str, ...] = ()


def facts_of(bibliography: Bibliography, place: str, claims_place: str, malformed: tuple[str, ...]) -> Facts:
    """The facts of bibliographic data that was read at `place`."""
    return Facts(
        place=place,
        office=bibliography.application.office,
        number=bibliography.application.number,
        filed=bibliography.application.dated,
        rights=frozenset({Right.DESIGN}) if bibliography.subject == "design" else _PATENTS,
        claims=tuple(
            Claimed(place=f"{claims_place}[{number}]", office=claim.office, filed=claim.filed)
            for number, claim in enumerate(bibliography.claims, 1)
        ),
        malformed=malformed,
    )


def check(facts: Facts, declared: Application | None, at: datetime) -> Iterator[Finding]:
    """Yield what is wrong with the facts by themselves, and with respect to the application they are sent for."""
    for place in facts.malformed:
        yield found(Code.DATE_MALFORMED, place)
    if facts.office is not None and not _ST3.fullmatch(facts.office):
        yield found(Code.OFFICE_CODE, facts.place, facts.office)
    if facts.filed is not None and facts.filed > (at + _TOMORROW).date():
        yield found(Code.DATE_IN_FUTURE, facts.place, facts.filed)
    for claim in facts.claims:
        yield from _check_claim(claim, facts)
    if declared is not None:
        yield from _compare(facts, declared)


def _check_claim(claim: Claimed, facts: Facts) -> Iterator[Finding]:
    if claim.office is not None and not _ST3.fullmatch(claim.office):
        yield found(Code.OFFICE_CODE, claim.place, claim.office)
    if facts.filed is None:
        return
    if claim.filed > facts.filed:
        yield found(Code.PRIORITY_AFTER_FILING, claim.place, f"{claim.filed} after {facts.filed}")
    months = max((_PERIODS[right] for right in facts.rights), default=max(_PERIODS.values()))
    if facts.filed - claim.filed > months * _MONTH:
        yield found(Code.PRIORITY_EXPIRED, claim.place, f"{claim.filed}, filed {facts.filed}")


def _compare(facts: Facts, declared: Application) -> Iterator[Finding]:
    if facts.rights and declared.right not in facts.rights:
        yield found(Code.RIGHT_MISMATCH, facts.place, declared.right.value)
    if facts.office is not None and _ST3.fullmatch(facts.office) and facts.office != declared.office:
        yield found(Code.OFFICE_MISMATCH, facts.place, f"{facts.office}, sent for {declared.office}")
    if facts.number is not None and not is_same_number(facts.number, declared.number):
        yield found(Code.NUMBER_MISMATCH, facts.place, f"{facts.number}, sent for {declared.number}")
    if facts.filed is not None and facts.filed != declared.filing_date:
        yield found(Code.DATE_MISMATCH, facts.place, f"{facts.filed}, sent for {declared.filing_date}")


def is_same_number(one: str, other: str) -> bool:
    """Whether two ways of writing can be the same application number.

    Signs, ST.3 codes, check digits, leading zeros and the year in another calendar may differ; one may leave the year
    out. What has no digits is compared as it stands.
    """
    first, second = ("".join(_DIGITS.findall(text)).lstrip("0") for text in (one, other))
    if not first or not second:
        return one.strip().casefold() == other.strip().casefold()
    if first in second or second in first:
        return True
    return len(first) > _TAIL < len(second) and first[-_TAIL:] == second[-_TAIL:]
