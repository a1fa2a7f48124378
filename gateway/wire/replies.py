"""Replies as values: what an office is told, one shape for both doors.

Rules:
- JSON writes these structures as they are, in lowerCamelCase; SOAP writes the same fields in UpperCamelCase. So a
  field is added here, in the XSD and in soap_replies.py, and a test compares the three.
- What is not known is absent, not null. Enumerations are written by their values; readers must bear new ones.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec
from lxml import etree

from gateway.core.document import Certification, CertificationForm, Document, DocumentKind, Role
from gateway.core.exchange import Fact, FactName, Party, State
from gateway.core.office import Application, Right
from gateway.core.reason import Reason, by_code
from gateway.core.receipt import Event
from gateway.core.release import Condition, Decision, Outcome
from gateway.core.secret import Secret
from gateway.core.transmission import TransmissionState
from gateway.core.view import ExchangeView, TransmissionView
from gateway.wire import xml
from gateway.wire.schema import RECEIPT

__all__ = [
    "ApplicationReply",
    "CertificationReply",
    "DecisionReply",
    "FactReply",
    "HeldDocument",
    "Notifications",
    "Package",
    "PackageDocument",
    "ReasonReply",
    "Status",
    "TransmissionReply",
    "WaitingNotice",
    "Written",
    "held_document",
    "package_document",
    "reason_reply",
    "status_of",
    "written",
]


class _Reply(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Written with absent members left out."""


class Written(_Reply, frozen=True, kw_only=True):
    """The answer to everything that changes something: the signed receipt, and what it says of the exchange."""

    exchange_id: str | None = None
    state: str | None = None
    ledger_standing: str | None = None
    receipt: bytes


class ApplicationReply(_Reply, frozen=True, kw_only=True):
    """An application, its number as received."""

    office_code: str
    right: Right
    number: str
    filing_date: date


class DecisionReply(_Reply, frozen=True, kw_only=True):
    """A release decision that was taken."""

    condition: Condition
    outcome: Outcome
    by: str
    basis: str
    decided_at: datetime


class FactReply(_Reply, frozen=True, kw_only=True):
    """Something known since a time."""

    name: FactName
    at: datetime
    value: str | None = None


class ReasonReply(_Reply, frozen=True, kw_only=True):
    """A row of the error table."""

    code: str
    text: str
    remedy: str


class TransmissionReply(_Reply, frozen=True, kw_only=True):
    """One errand at a counterpart."""

    counterpart: str
    task: str
    state: str
    attempts: int
    reason: ReasonReply | None = None
    next_attempt_at: datetime | None = None
    acknowledgement_ids: tuple[str, ...]


class CertificationReply(_Reply, frozen=True, kw_only=True):
    """The authority's own certification of a copy."""

    certified_by: str
    form: CertificationForm
    certified_on: date
    filing_date_certified: bool


class HeldDocument(_Reply, frozen=True, kw_only=True):
    """A document the gateway holds; `sha256` in hexadecimal."""

    content_id: str
    size: int
    sha256: str
    role: Role
    media_type: str
    language: str | None = None
    certification: CertificationReply | None = None
    version: int


class Status(_Reply, frozen=True, kw_only=True):
    """What is known of an exchange. `role` is the hosted office's: depositing or accessing."""

    exchange_id: str
    kind: DocumentKind
    role: Party
    state: State
    on_hold: bool
    version: int
    application: ApplicationReply
    release_decisions: tuple[DecisionReply, ...]
    facts: tuple[FactReply, ...]
    transmissions: tuple[TransmissionReply, ...]
    documents: tuple[HeldDocument, ...]


class WaitingNotice(_Reply, frozen=True, kw_only=True):
    """A notification that waits; `content` is the signed document exactly as it was signed."""

    notification_id: str
    exchange_id: str
    event: Event
    created_at: datetime
    content: bytes


class Notifications(_Reply, frozen=True, kw_only=True):
    """The notifications that wait, oldest first."""

    notifications: tuple[WaitingNotice, ...]


class PackageDocument(HeldDocument, frozen=True, kw_only=True):
    """A document as it is handed out; without `content` its bytes come beside: as a MIME part, or at an address."""

    content: bytes | None = None


class Package(_Reply, frozen=True, kw_only=True):
    """One version of an exchange's documents. `access_code` only for the office that issued it."""

    exchange_id: str
    version: int
    access_code: Secret | None = None
    documents: tuple[PackageDocument, ...]


def written(receipt: bytes) -> Written:
    """Make the answer around a signed receipt of our own: an honest repeat gets the state it was told first."""
    root = xml.parse(receipt)
    return Written(
        exchange_id=_text(root, "ExchangeId"),
        state=_text(root, "State"),
        ledger_standing=_text(root, "Ledger", "Standing"),
        receipt=receipt,
    )


def _text(root: etree._Element, *names: str) -> str | None:
    found = root.find("/".join(f"{{{RECEIPT}}}{name}" for name in names))
    return None if found is None else xml.text_of(found)


def reason_reply(reason: Reason) -> ReasonReply:
    """Give a Reason's row as it is told."""
    return ReasonReply(code=reason.code, text=reason.text, remedy=reason.remedy)


def held_document(document: Document) -> HeldDocument:
    """Give the facts of a document that is held."""
    return HeldDocument(**_facts_of(document))


def package_document(document: Document, content: bytes | None) -> PackageDocument:
    """Give a document as it is handed out, its bytes inline or, if None, beside."""
    return PackageDocument(**_facts_of(document), content=content)


def _facts_of(document: Document) -> dict[str, Any]:
    listed = document.listed
    return {
        "content_id": listed.content_id,
        "size": listed.size,
        "sha256": listed.sha256.hex(),
        "role": listed.role,
        "media_type": listed.media_type,
        "language": listed.language,
        "certification": _certification(listed.certification) if listed.certification else None,
        "version": document.version,
    }


def _certification(certification: Certification) -> CertificationReply:
    return CertificationReply(
        certified_by=certification.certified_by,
        form=certification.form,
        certified_on=certification.certified_on,
        filing_date_certified=certification.filing_date_certified,
    )


def status_of(view: ExchangeView) -> Status:
    """Tell an exchange with all that is known of it."""
    exchange = view.exchange
    return Status(
        exchange_id=exchange.exchange_id,
        kind=exchange.kind,
        role=exchange.party,
        state=exchange.state,
        on_hold=exchange.on_hold,
        version=exchange.version,
        application=_application(exchange.application),
        release_decisions=tuple(_decisions(view.decisions)),
        facts=tuple(_facts(view.facts)),
        transmissions=tuple(map(_transmission, view.transmissions)),
        documents=tuple(map(held_document, view.documents)),
    )


def _application(application: Application) -> ApplicationReply:
    return ApplicationReply(
        office_code=application.office,
        right=application.right,
        number=application.number,
        filing_date=application.filing_date,
    )


def _decisions(decisions: Iterable[Decision]) -> Iterable[DecisionReply]:
    for taken in decisions:
        yield DecisionReply(
            condition=taken.condition,
            outcome=taken.outcome,
            by=taken.by,
            basis=taken.basis,
            decided_at=taken.decided_at,
        )


def _facts(facts: Iterable[Fact]) -> Iterable[FactReply]:
    for fact in facts:
        yield FactReply(name=fact.name, at=fact.at, value=fact.value)


def _transmission(view: TransmissionView) -> TransmissionReply:
    waiting = view.state == TransmissionState.READY.value
    return TransmissionReply(
        counterpart=view.leg.counterpart,
        task=view.leg.task.value,
        state=view.state,
        attempts=view.attempts,
        reason=reason_reply(by_code(view.reason)) if view.reason else None,
        next_attempt_at=view.leg.due_at if waiting else None,
        acknowledgement_ids=tuple(
            value for name, value in sorted(view.leg.progress.items()) if name.startswith("acknowledgement")
        ),
    )
