"""Requests: what an office may ask of the gateway, once it is authenticated, read and validated.

Rules:
- The digest of a request is over its business content with documents replaced by their digests, never over
  transport bytes: an honest retry has a new timestamp, signature and boundary (architecture.md, section 4).
- An access code is in no digest, since it would be the only unknown of it (office-practice.md, Access codes).
"""

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, get_args

from gateway.core.document import DocumentKind, ListedDocument, Publication
from gateway.core.instant import rfc3339
from gateway.core.office import Application, OfficeCode
from gateway.core.release import Decision
from gateway.core.secret import Secret

__all__ = [
    "REQUESTS",
    "Cause",
    "Confirmation",
    "Correction",
    "Deposit",
    "Head",
    "Hold",
    "Hosting",
    "Inquiry",
    "Issuer",
    "Notice",
    "Read",
    "ReadKind",
    "Release",
    "Replacement",
    "Request",
    "Resend",
    "Retrieval",
    "Withdrawal",
    "canonical_json",
    "payload_digest",
]


class Hosting(Enum):
    """Where the file lies that the counterpart hands out: with the Bureau, or in the office's own library."""

    BUREAU = "bureau"
    OFFICE = "office"


class Issuer(Enum):
    """Who makes the access code: the Bureau (we never see it) or the office."""

    BUREAU = "bureau"
    OFFICE = "office"


class Cause(Enum):
    """Why a registration is withdrawn (office-practice.md, Corrections)."""

    AUTHORISATION_RESCINDED = "authorisation-rescinded"
    REGISTERED_IN_ERROR = "registered-in-error"
    WRONG_DOCUMENT = "wrong-document"
    SECRECY_IMPOSED = "secrecy-imposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Who asks whom: `sender` signs, `hosted` is the office asked, `message_id` the sender's."""

    message_id: str
    sender: OfficeCode
    hosted: OfficeCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """Take these documents into the bag; they are held until released."""

    head: Head
    kind: DocumentKind
    application: Application
    documents: tuple[ListedDocument, ...]
    hosting: Hosting = Hosting.BUREAU
    code_issuer: Issuer = Issuer.BUREAU
    applicant_email: str | None = None
    publication: Publication = Publication.UNPUBLISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Decisions on the conditions that hold a document."""

    head: Head
    exchange_id: str
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The filing date was wrong; everything else stays."""

    head: Head
    exchange_id: str
    filing_date: date
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """New documents instead of the deposited ones; the old version is kept."""

    head: Head
    exchange_id: str
    explanation: str
    documents: tuple[ListedDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Take the registration back; what was fetched stays fetched."""

    head: Head
    exchange_id: str
    cause: Cause
    explanation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """Ask for another office's document. `own_*` name the application in whose file it is to be laid."""

    head: Head
    kind: DocumentKind
    application: Application
    access_code: Secret
    holding_office: OfficeCode | None = None
    own_number: str | None = None
    own_filing_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The office's system has taken what a notification told of."""

    head: Head
    notification_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A person's emergency stop of one exchange, or of the whole office if `exchange_id` is None; or its end."""

    head: Head
    exchange_id: str | None
    explanation: str
    lift: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """Try again, now, what was refused, held or put off on the way to a counterpart.

    `own_*` name, for a document that was asked for, the application in whose file it is to be laid after all.
    """

    head: Head
    exchange_id: str
    own_number: str | None = None
    own_filing_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A counterpart asks for a document that lies in the hosted office's own library (das.md 1.5, flow 2)."""

    head: Head
    application: Application
    access_code: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A counterpart tells that what was asked for under its acknowledgement id can be looked at."""

    head: Head
    acknowledgement_id: str


class ReadKind(Enum):
    """The calls that change nothing; of them only FETCH writes an entry."""

    STATUS = "status"
    POLL = "poll"
    FETCH = "fetch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A question: the status of an exchange, waiting notifications, or a package."""

    head: Head
    kind: ReadKind
    exchange_id: str | None = None
    version: int | None = None
    limit: int = 50


Request = (
    Deposit
    | Release
    | Correction
    | Replacement
    | Withdrawal
    | Retrieval
    | Confirmation
    | Hold
    | Resend
    | Inquiry
    | Notice
)

#: Every class of Request, for tables that must be total.
REQUESTS: tuple[type[Request], ...] = get_args(Request)


def canonical_json(value: object) -> bytes:
    """RFC 8785 for what we write: keys in ASCII, whole numbers below 2^53, no floats; held against a referee."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def payload_digest(request: Request) -> bytes:
    """SHA-256 over the business content of a request, the same by whatever door and in whatever wrapping it came."""
    content = {"operation": type(request).__name__, **_plain(request)}
    return hashlib.sha256(canonical_json(content)).digest()


@cache
def _members(kind: type) -> tuple[str, ...]:
    """The members of a value that its digest is over: what the sender said, documents standing by their digests.

    The normal form of a number is ours: it changes with the formats known here, and an honest repeat does not.
    """
    return tuple(field.name for field in fields(kind) if field.name not in ("content", "normal"))


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bool:
        return value
    if is_dataclass(kind):
        pairs = ((name, getattr(value, name)) for name in _members(kind))
        return {name: _plain(item) for name, item in pairs if item is not None and type(item) is not Secret}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"{kind.__name__} has no place in a digest")
