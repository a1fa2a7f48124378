"""JSON bodies become the same requests of the core that SOAP bodies become.

Rules: what is in the address (an exchange id) is passed in and checked here; places are JSON pointers.
"""

import re
from datetime import UTC, datetime
from typing import Final

from gateway.core.document import Certification, DocumentKind, ListedDocument, Role
from gateway.core.office import Application, OfficeCode, office_code
from gateway.core.reason import Reason, Refused
from gateway.core.release import Decision
from gateway.core.request import (
    Confirmation,
    Correction,
    Deposit,
    Head,
    Hold,
    Hosting,
    Issuer,
    Release,
    Replacement,
    Resend,
    Retrieval,
    Withdrawal,
)
from gateway.wire.rest_decode import decode_body
from gateway.wire.rest_structs import (
    ApplicationBody,
    ConfirmationBody,
    CorrectionBody,
    DecisionBody,
    DepositBody,
    DocumentBody,
    HeaderBody,
    HoldBody,
    ReleaseBody,
    ReplacementBody,
    ResendBody,
    RetrievalBody,
    WithdrawalBody,
)
from gateway.wire.soap_documents import INLINE_LIMIT

__all__ = [
    "decode_confirmation",
    "decode_correction",
    "decode_deposit",
    "decode_hold",
    "decode_release",
    "decode_replacement",
    "decode_resend",
    "decode_retrieval",
    "decode_withdrawal",
    "read_head",
]

_MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9._:@\-]{1,128}")
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def read_head(message_id: str | None, sender: str, receiver: str) -> Head:
    """Make the head of a call without body, from its Idempotency-Key, its caller and the office it asks.

    Refused with OFFICE_UNKNOWN, or SCHEMA_VIOLATION for a message id of another form.
    """
    if message_id is None or not _MESSAGE_ID.fullmatch(message_id):
        raise Refused(Reason.SCHEMA_VIOLATION, "Idempotency-Key")
    return Head(message_id=message_id, sender=office_code(sender), hosted=office_code(receiver))


def _head(header: HeaderBody, key: str | None) -> Head:
    if key is not None and header.message_id is not None and key != header.message_id:
        raise Refused(Reason.SCHEMA_VIOLATION, "/header/messageId")
    if key is None and header.message_id is None:
        raise Refused(Reason.SCHEMA_VIOLATION, "/header/messageId")
    return read_head(header.message_id or key, header.sender, header.receiver)


def _identifier(text: str, unknown: Reason) -> str:
    if not _IDENTIFIER.fullmatch(text):
        raise Refused(unknown)
    return text


def _application(body: ApplicationBody) -> Application:
    return Application(
        office=OfficeCode(body.office_code),
        right=body.right,
        number=body.number,
        normal=body.number,
        filing_date=body.filing_date,
    )


def _documents(bodies: tuple[DocumentBody, ...]) -> tuple[ListedDocument, ...]:
    listed: dict[str, ListedDocument] = {}
    room = INLINE_LIMIT
    for number, body in enumerate(bodies):
        if body.role is Role.REGISTRATION_CERTIFICATE:
            raise Refused(Reason.SCHEMA_VIOLATION, f"/documents/{number}/role")
        if body.content_id in listed:
            raise Refused(Reason.DOCUMENT_EXTRA, f"/documents/{number}")
        room -= len(body.content or b"")
        if room < 0:
            raise Refused(Reason.BODY_TOO_LARGE, f"/documents/{number}")
        listed[body.content_id] = _document(body)
    return tuple(listed.values())


def _document(body: DocumentBody) -> ListedDocument:
    certification = None
    if (certified := body.certification) is not None:
        certification = Certification(
            certified_by=OfficeCode(certified.certified_by),
            form=certified.form,
            certified_on=certified.certified_on,
            filing_date_certified=certified.filing_date_certified,
        )
    return ListedDocument(
        content_id=body.content_id,
        size=body.size,
        sha256=bytes.fromhex(body.sha256),
        role=body.role,
        media_type=body.media_type,
        language=body.language,
        certification=certification,
        content=body.content,
    )


def decode_deposit(body: bytes, *, key: str | None = None) -> Deposit:
    """Read a deposit. Here as in every function below, `key` is the call's Idempotency-Key, if it has one."""
    read = decode_body(body, DepositBody)
    registration = read.registration
    return Deposit(
        head=_head(read.header, key),
        kind=DocumentKind.PRIORITY_DOCUMENT,
        application=_application(read.application),
        documents=_documents(read.documents),
        hosting=registration.hosting if registration else Hosting.BUREAU,
        code_issuer=registration.code_issuer if registration else Issuer.BUREAU,
        applicant_email=registration.applicant_email if registration else None,
        publication=read.publication_state,
    )


def decode_release(body: bytes, exchange_id: str, *, key: str | None = None) -> Release:
    """Read decisions on an exchange."""
    read = decode_body(body, ReleaseBody)
    return Release(
        head=_head(read.header, key),
        exchange_id=_identifier(exchange_id, Reason.EXCHANGE_UNKNOWN),
        decisions=tuple(_decision(decision, number) for number, decision in enumerate(read.decisions)),
    )


def _decision(body: DecisionBody, number: int) -> Decision:
    return Decision(
        condition=body.condition,
        outcome=body.outcome,
        by=body.by,
        basis=body.basis,
        decided_at=_utc(body.decided_at, f"/decisions/{number}/decidedAt"),
    )


def _utc(at: datetime, place: str) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:  # the year 1 seen from another zone
        raise Refused(Reason.SCHEMA_VIOLATION, place) from None


def decode_correction(body: bytes, exchange_id: str, *, key: str | None = None) -> Correction:
    """Read a correction."""
    read = decode_body(body, CorrectionBody)
    return Correction(
        head=_head(read.header, key),
        exchange_id=_identifier(exchange_id, Reason.EXCHANGE_UNKNOWN),
        filing_date=read.filing_date,
        explanation=read.explanation,
    )


def decode_replacement(body: bytes, exchange_id: str, *, key: str | None = None) -> Replacement:
    """Read a replacement."""
    read = decode_body(body, ReplacementBody)
    return Replacement(
        head=_head(read.header, key),
        exchange_id=_identifier(exchange_id, Reason.EXCHANGE_UNKNOWN),
        explanation=read.explanation,
        documents=_documents(read.documents),
    )


def decode_withdrawal(body: bytes, exchange_id: str, *, key: str | None = None) -> Withdrawal:
    """Read a withdrawal."""
    read = decode_body(body, WithdrawalBody)
    return Withdrawal(
        head=_head(read.header, key),
        exchange_id=_identifier(exchange_id, Reason.EXCHANGE_UNKNOWN),
        cause=read.cause,
        explanation=read.explanation,
    )


def decode_retrieval(body: bytes, *, key: str | None = None) -> Retrieval:
    """Read a retrieval."""
    read = decode_body(body, RetrievalBody)
    own = read.own_application
    return Retrieval(
        head=_head(read.header, key),
        kind=DocumentKind.PRIORITY_DOCUMENT,
        application=_application(read.application),
        access_code=read.access_code,
        holding_office=OfficeCode(read.holding_office) if read.holding_office else None,
        own_number=own.number if own else None,
        own_filing_date=own.filing_date if own else None,
    )


def decode_confirmation(body: bytes, notification_id: str, *, key: str | None = None) -> Confirmation:
    """Read the confirmation of a notification."""
    read = decode_body(body, ConfirmationBody)
    return Confirmation(
        head=_head(read.header, key), notification_id=_identifier(notification_id, Reason.NOTIFICATION_UNKNOWN)
    )


def decode_hold(body: bytes, exchange_id: str | None, *, key: str | None = None) -> Hold:
    """Read a person's stop of one exchange or, without an id, of the office; or its end."""
    read = decode_body(body, HoldBody)
    return Hold(
        head=_head(read.header, key),
        exchange_id=None if exchange_id is None else _identifier(exchange_id, Reason.EXCHANGE_UNKNOWN),
        explanation=read.explanation,
        lift=read.lift,
    )


def decode_resend(body: bytes, exchange_id: str, *, key: str | None = None) -> Resend:
    """Read the wish to try again."""
    read = decode_body(body, ResendBody)
    own = read.own_application
    return Resend(
        head=_head(read.header, key),
        exchange_id=_identifier(exchange_id, Reason.EXCHANGE_UNKNOWN),
        own_number=own.number if own else None,
        own_filing_date=own.filing_date if own else None,
    )
