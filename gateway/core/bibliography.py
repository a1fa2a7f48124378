"""Bibliographic data of an application as the ST.36 and ST.96 forms both can say it: what conversions go through.

Rules: values are kept as written (names, numbers) or as what they mean (dates, codes); nothing is invented, so what a
form does not say is None.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from gateway.core.secret import Secret

__all__ = [
    "IPC_PARTS",
    "Address",
    "Bibliography",
    "ClaimedCopy",
    "Classification",
    "DocumentId",
    "NameKind",
    "Party",
    "PartyName",
    "PartyRole",
    "PriorityClaim",
    "ReadBibliography",
    "Scope",
    "Title",
]

#: Parts of an IPC symbol, by ST.36's paths below classification-ipcr, in ST.36's order.
IPC_PARTS: Final = (
    "ipc-version-indicator/date", "classification-level", "section", "class", "subclass", "main-group", "subgroup",
    "symbol-position", "classification-value", "action-date/date", "generating-office/country",
    "classification-status", "classification-data-source",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentId:
    """An application or publication: ST.3 code, number as written, ST.16 kind, date."""

    number: str
    office: str | None = None
    kind: str | None = None
    dated: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A title with its language (ISO 639-1), its markup left out."""

    text: str
    language: str | None = None


class Scope(Enum):
    """Which system the earlier application was filed in."""

    NATIONAL = "national"
    REGIONAL = "regional"
    INTERNATIONAL = "international"


class ClaimedCopy(Enum):
    """Where the certified copy for a priority claim is to come from (PCT Rule 17.1)."""

    REQUESTED = "requested"
    ATTACHED = "attached"
    LIBRARY = "library"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityClaim:
    """One claim of priority. `library` and `fetched_by` belong to a copy in a digital library (das.md, 3)."""

    sequence: str
    filed: date
    office: str | None = None
    number: str | None = None
    scope: Scope | None = None
    copy: ClaimedCopy | None = None
    library: str | None = None
    fetched_by: str | None = None
    access_code: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """One IPC symbol (ST.8): `text` in one piece as it stands, or its parts as (one of IPC_PARTS, value)."""

    sequence: str | None = None
    text: str | None = None
    parts: tuple[tuple[str, str], ...] = ()


class PartyRole(Enum):
    """What a party is to the application."""

    APPLICANT = "applicant"
    INVENTOR = "inventor"
    AGENT = "agent"


class NameKind(Enum):
    """What a name names, where the form tells."""

    PERSON = "person"
    ORGANISATION = "organisation"
    ENTITY = "entity"  # not told


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyName:
    """A name: `whole` of an organisation or entity, the parts of a person."""

    kind: NameKind
    whole: str | None = None
    prefix: str | None = None
    first: str | None = None
    middle: str | None = None
    last: str | None = None
    suffix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address: in parts, or as one `text`. `country` is ISO 3166-1 alpha-2 or an ST.3 code."""

    lines: tuple[str, ...] = ()
    city: str | None = None
    county: str | None = None
    state: str | None = None
    postcode: str | None = None
    country: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody who applies, invented, or acts for an applicant. `category` is that of the role, in ST.36's words."""

    role: PartyRole
    name: PartyName
    sequence: str | None = None
    address: Address | None = None
    category: str | None = None
    designation: str | None = None
    nationality: str | None = None
    residence: str | None = None
    phone: str | None = None
    fax: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bibliography:
    """What both forms say of one application; parties in the order of the form."""

    application: DocumentId
    publication: DocumentId | None = None
    subject: str | None = None
    country: str | None = None
    filing_language: str | None = None
    publication_language: str | None = None
    titles: tuple[Title, ...] = ()
    parties: tuple[Party, ...] = ()
    claims: tuple[PriorityClaim, ...] = ()
    classifications: tuple[Classification, ...] = ()

    def of_role(self, role: PartyRole) -> tuple[Party, ...]:
        """The parties of one role."""
        return tuple(party for party in self.parties if party.role is role)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBibliography:
    """What was read; `left` the places of what was not; `malformed` those of dates that are none."""

    bibliography: Bibliography
    left: tuple[str, ...]
    malformed: tuple[str, ...]
