"""Validate: the rules that no schema can say, in the order in which a refusal helps most.

Rules: numbers are normalised beside what was received; a date lies in the past; an access code is four letters or
digits (das.md 1.4); too many wrong codes wait for a person.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from gateway.core.document import ListedDocument, Role
from gateway.core.effect import Effect, effect_of
from gateway.core.exchange import Exchange, Party, State
from gateway.core.finding import Report
from gateway.core.reason import Reason, Refused
from gateway.core.request import (
    Confirmation,
    Correction,
    Deposit,
    Hold,
    Inquiry,
    Notice,
    Replacement,
    Request,
    Resend,
    Retrieval,
    payload_digest,
)
from gateway.core.secret import Secret
from gateway.core.view import ExchangeView
from gateway.ports import KnownMessage
from gateway.stages.examine import examine
from gateway.stages.line import Line
from gateway.stages.unpack import Unpacked

__all__ = ["Repeated", "Valid", "validate"]

#: The schema of ST.96 lets a comma through; the field is four letters or digits (ipas-and-standards.md 3.3).
_ACCESS_CODE: Final = re.compile(r"[A-Za-z0-9]{4}")
_OLDEST: Final = date(1900, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """A request that may be recorded, with its digest and what it will do."""

    unpacked: Unpacked
    request: Request
    digest: bytes
    effect: Effect
    reports: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """The same message came before: the answer is the receipt given then."""

    receipt: bytes
    exchange_id: str | None


async def validate(unpacked: Unpacked, line: Line) -> Valid | Repeated:
    """Check a request against rules, agreements and the state of its exchange; Refused with the rule's Reason."""
    head, digest = unpacked.request.head, payload_digest(unpacked.request)
    if not isinstance(unpacked.request, Deposit | Retrieval | Inquiry | Notice):
        # these change what they ask about, so that an honest repeat would no longer fit: it is known by its id
        known = await line.records.message(head.hosted, head.sender, head.message_id)
        if known is not None:
            return repeated(known, digest)
    try:
        request = _with_normal_number(unpacked.request, line)
        _check_content(request, unpacked, line.clock.now().date())
        view = await _find_exchange(request, line)
        effect = effect_of(
            request,
            view,
            at=line.clock.now(),
            agreements=line.agreements(),
            new_exchange_id=line.new_id(),
        )
        reports = await examine(unpacked.documents, request, line)
    except Refused:
        # agreements, formats and counts of wrong codes change as well: what was accepted before them stays accepted
        known = await line.records.message(head.hosted, head.sender, head.message_id)
        if known is None:
            raise
        return repeated(known, digest)
    return Valid(unpacked=unpacked, request=request, digest=digest, effect=effect, reports=reports)


def repeated(known: KnownMessage, digest: bytes) -> Repeated:
    """Give the receipt of a message that came before; Refused(MESSAGE_ID_CONFLICT) if it said something else.

    What it said is not known any more once its exchange is forgotten: Refused(DOCUMENT_FORGOTTEN).
    """
    if not known.receipt:
        raise Refused(Reason.DOCUMENT_FORGOTTEN)
    if known.digest != digest:
        raise Refused(Reason.MESSAGE_ID_CONFLICT)
    return Repeated(receipt=known.receipt, exchange_id=known.exchange_id)


def _with_normal_number(request: Request, line: Line) -> Request:
    if isinstance(request, Deposit | Retrieval | Inquiry):
        application = replace(request.application, normal=line.normalised(request.application))
        return replace(request, application=application)
    return request


def _check_content(request: Request, unpacked: Unpacked, today: date) -> None:
    match request:
        case Deposit(application=application, documents=documents):
            if application.office != request.head.hosted:
                raise Refused(Reason.NOT_ENTITLED, "Application/OfficeCode")
            _check_date(application.filing_date, today)
            _check_documents(documents, today)
        case Replacement(documents=documents):
            _check_documents(documents, today)
        case Correction(filing_date=filing_date):
            _check_date(filing_date, today)
        case Retrieval(application=application, access_code=code, own_filing_date=own):
            _check_date(application.filing_date, today)
            _check_date(own or today, today)
            _check_code(code)
        case Resend(own_filing_date=own):
            _check_date(own or today, today)
        case Inquiry(application=application, access_code=code):
            _check_date(application.filing_date, today)
            _check_code(code)
        case _:
            pass
    for document in unpacked.documents:
        _check_magic(document.listed, unpacked.first_bytes[document.listed.content_id])


def _check_date(filing_date: date, today: date) -> None:
    # an office east of us may already have tomorrow
    if not _OLDEST <= filing_date <= today + timedelta(days=1):
        raise Refused(Reason.DATE_MALFORMED)


def _check_code(code: Secret) -> None:
    if not _ACCESS_CODE.fullmatch(code.reveal()):
        raise Refused(Reason.ACCESS_CODE_MALFORMED)


def _check_documents(documents: tuple[ListedDocument, ...], today: date) -> None:
    for document in documents:
        if document.size == 0:
            raise Refused(Reason.DOCUMENT_EMPTY, document.content_id)
        if document.certification is not None:
            _check_date(document.certification.certified_on, today)
        if document.role is Role.CERTIFIED_COPY and document.certification is None:
            raise Refused(Reason.CERTIFICATION_MISSING, document.content_id)
    if not any(document.role is Role.CERTIFIED_COPY for document in documents):
        raise Refused(Reason.CERTIFICATION_MISSING, "Documents")


#: media type -> how its bytes begin; a type without a row is not looked at here.
_MAGIC: Final = {"application/pdf": (b"%PDF-",), "application/zip": (b"PK\x03\x04", b"PK\x05\x06")}


def _check_magic(listed: ListedDocument, first: bytes) -> None:
    beginnings = _MAGIC.get(listed.media_type)
    if beginnings and not first.startswith(beginnings):
        raise Refused(Reason.MEDIA_TYPE_MISMATCH, listed.content_id)


async def _find_exchange(request: Request, line: Line) -> ExchangeView | None:
    """Give the exchange a request names, if it belongs to who asks; others learn only that there is none."""
    hosted, sender = request.head.hosted, request.head.sender
    match request:
        case Deposit():
            return None
        case Retrieval(application=application):
            if await line.guesses.so_far(hosted, sender, application) >= line.guess_limit:
                raise Refused(Reason.TOO_MANY_WRONG_CODES)
            return None
        case Inquiry():
            return await _find_library_document(request, line)
        case Notice(acknowledgement_id=acknowledgement_id):
            exchange_id = await line.records.waiting_exchange(hosted, sender, acknowledgement_id)
        case Confirmation(notification_id=notification_id):
            exchange_id = await line.records.notification_exchange(hosted, sender, notification_id)
            if exchange_id is None:
                raise Refused(Reason.NOTIFICATION_UNKNOWN)
        case Hold(exchange_id=None):
            return None
        case _:
            exchange_id = request.exchange_id
    view = await line.records.view(hosted, exchange_id) if exchange_id else None
    if view is None or (view.exchange.terms["owner"] != sender and not isinstance(request, Notice)):
        raise Refused(Reason.EXCHANGE_UNKNOWN)
    return view


async def _find_library_document(request: Inquiry, line: Line) -> ExchangeView:
    """Find what a counterpart asks of our library: date and code must match, wrong codes are counted."""
    hosted, caller, application = request.head.hosted, request.head.sender, request.application
    if await line.guesses.so_far(hosted, caller, application) >= line.guess_limit:
        raise Refused(Reason.TOO_MANY_WRONG_CODES)
    found = await line.records.of_application(hosted, Party.DEPOSITING, application)
    exchange: Exchange | None = next((e for e in found if e.state is State.PLACED), None)
    if exchange is None:
        raise Refused(Reason.NOT_REGISTERED)
    sealed = await line.records.access_code(hosted, exchange.exchange_id)
    if sealed is not None:
        expected = line.sealing.open_secret(sealed, owner=exchange.exchange_id)
        if not expected.matches(request.access_code):
            await line.guesses.count(hosted, caller, application)
            line.meter.wrong_access_code(hosted, "das")
            raise Refused(Reason.ACCESS_CODE_MISMATCH)
    if exchange.application.filing_date != application.filing_date:
        raise Refused(Reason.DATE_MISMATCH)
    view = await line.records.view(hosted, exchange.exchange_id)
    if view is None or view.is_forgotten:
        raise Refused(Reason.NOT_REGISTERED)
    return view
