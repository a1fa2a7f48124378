"""Errands: what an adapter is asked to do at a counterpart, with all it needs to know and nothing more.

Rules: what leaves is a Released cargo, so that an unreleased document cannot be handed to an adapter.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, datetime

from gateway.core.document import DocumentKind, ListedDocument
from gateway.core.exchange import Fact
from gateway.core.office import Application, OfficeCode
from gateway.core.reason import Reason
from gateway.core.release import Released
from gateway.core.request import Cause, Hosting
from gateway.core.secret import Secret

__all__ = [
    "AnswerErrand",
    "Cargo",
    "CargoDocument",
    "CorrectErrand",
    "Errand",
    "HandOverErrand",
    "ObtainErrand",
    "PlaceErrand",
    "RecheckErrand",
    "ReplaceErrand",
    "WithdrawErrand",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CargoDocument:
    """A document as an adapter sees it: the facts of its list line, and its certified bytes, to be read at will."""

    listed: ListedDocument
    open: Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cargo:
    """What leaves when it is released: the application, the documents of one version, and how they are hosted.

    `access_code` is ours where the office issues it, None where the Bureau does. `facts` are what is
    known of the exchange so far, for example the numbers under which an own system holds an earlier version.
    """

    kind: DocumentKind
    application: Application
    documents: tuple[CargoDocument, ...]
    version: int
    hosting: Hosting
    access_code: Secret | None
    applicant_email: str | None
    received_at: datetime
    own_number: str | None = None
    own_filing_date: date | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errand:
    exchange_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceErrand(_Errand):
    """Register a document."""

    cargo: Released[Cargo]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectErrand(_Errand):
    """Correct the filing date of what is registered under `former_filing_date`."""

    cargo: Released[Cargo]
    former_filing_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceErrand(_Errand):
    """Put this version in the place of the registered one."""

    cargo: Released[Cargo]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawErrand(_Errand):
    """Take a registration back. Nothing leaves, so nothing needs a release."""

    kind: DocumentKind
    application: Application
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class ObtainErrand(_Errand):
    """Ask for another office's document and bring its bytes; `seen` are the facts recorded of it so far."""

    kind: DocumentKind
    application: Application
    access_code: Secret
    holding_office: OfficeCode | None
    own_number: str | None
    own_filing_date: date | None
    version: int
    seen: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckErrand(_Errand):
    """Look whether a fetched document has changed since; `seen` are the facts kept of the last fetch."""

    kind: DocumentKind
    application: Application
    access_code: Secret
    seen: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverErrand(_Errand):
    """Lay a received document into the office's own system."""

    cargo: Released[Cargo]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerErrand(_Errand):
    """Tell a counterpart that what it asked for under `acknowledgement_id` is ready, or why not."""

    acknowledgement_id: str
    cargo: Released[Cargo] | None
    reason: Reason | None


Errand = (
    PlaceErrand
    | CorrectErrand
    | ReplaceErrand
    | WithdrawErrand
    | ObtainErrand
    | RecheckErrand
    | HandOverErrand
    | AnswerErrand
)
