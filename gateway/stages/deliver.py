"""Deliver: hand an errand to the adapter and turn every way it can end into a value.

Rules: what leaves is decided released at this moment, not earlier; a leg whose exchange was withdrawn before anything
was told to the counterpart goes nowhere.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from gateway.core.document import Document, Role
from gateway.core.errand import (
    AnswerErrand,
    Cargo,
    CargoDocument,
    CorrectErrand,
    Errand,
    HandOverErrand,
    ObtainErrand,
    PlaceErrand,
    RecheckErrand,
    ReplaceErrand,
    WithdrawErrand,
)
from gateway.core.exchange import State
from gateway.core.office import Application, OfficeCode
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.release import Released, decide, for_addressee
from gateway.core.request import Cause, Hosting
from gateway.core.retry import after_failure
from gateway.core.secret import Secret
from gateway.core.transmission import Delivered, Ended, Pending, Task, Transmission, TransmissionState
from gateway.core.view import ExchangeView
from gateway.ports import AdapterKit, OfficeAdapter
from gateway.stages.line import Line

__all__ = ["deliver"]

#: The leg is wherever it was: nothing may be concluded, another worker or a later moment goes on.
_NO_OUTCOME: Final = frozenset({Reason.LEASE_LOST, Reason.DATABASE_UNAVAILABLE, Reason.SHUTTING_DOWN})
#: A person decides and the transmission waits, instead of coming to nothing.
_WAITS: Final = frozenset({Reason.NOT_RELEASED, Reason.HELD_BY_PERSON})
#: Without an agreement any more: the shortest window.
_NO_WINDOW: Final = timedelta()


async def deliver(
    transmission: Transmission, view: ExchangeView, adapter: OfficeAdapter, kit: AdapterKit, line: Line
) -> Delivered | Pending | Ended:
    """Do one attempt. Raises only Deferred with LEASE_LOST, DATABASE_UNAVAILABLE or SHUTTING_DOWN, and bugs."""
    try:
        errand = await _errand(transmission, view, line)
        if errand is None:
            return Delivered()
        return await adapter.deliver(errand, kit)
    except Refused as error:
        if error.reason in _WAITS:
            return Ended(reason=error.reason, state=TransmissionState.HELD)
        return _failed(error.reason, transmission, line, None)
    except Deferred as error:
        if error.reason in _NO_OUTCOME:
            raise
        return _failed(error.reason, transmission, line, error.delay)


def _failed(reason: Reason, transmission: Transmission, line: Line, named: timedelta | None) -> Ended:
    window = next(
        (a.window for a in line.agreements() if a.name == transmission.leg.agreement),
        _NO_WINDOW,
    )
    return after_failure(
        reason,
        attempts=transmission.attempts + 1,
        now=line.clock.now(),
        closes_at=transmission.created_at + window,
        jitter=int.from_bytes(line.randomness.take(2), "big") / 65536,
        named=named,
    )


async def _errand(transmission: Transmission, view: ExchangeView, line: Line) -> Errand | None:
    """Make the errand of a leg; None if there is nothing left to do."""
    exchange, leg = view.exchange, transmission.leg
    placed = exchange.terms.get("placed_filing_date")
    begun = transmission.leg.progress.keys() - {"filing_date"}
    if exchange.state is State.WITHDRAWN and leg.task in (Task.PLACE, Task.CORRECT, Task.REPLACE) and not begun:
        raise Refused(Reason.STATE_CONFLICT, "withdrawn before it left")
    match leg.task:
        case Task.PLACE:
            return PlaceErrand(exchange_id=exchange.exchange_id, cargo=await _leaving(transmission, view, line))
        case Task.CORRECT:
            if placed == leg.progress["filing_date"]:
                return None
            former = date.fromisoformat(placed) if placed else exchange.application.filing_date
            cargo = await _leaving(transmission, view, line)
            return CorrectErrand(exchange_id=exchange.exchange_id, cargo=cargo, former_filing_date=former)
        case Task.REPLACE:
            return ReplaceErrand(exchange_id=exchange.exchange_id, cargo=await _leaving(transmission, view, line))
        case Task.WITHDRAW:
            return _withdraw(view) if placed else None
        case Task.OBTAIN:
            return ObtainErrand(
                exchange_id=exchange.exchange_id,
                kind=exchange.kind,
                application=exchange.application,
                access_code=await _code(view, line),
                holding_office=_office(exchange.terms.get("holding_office")),
                own_number=exchange.terms.get("own_number"),
                own_filing_date=_date(exchange.terms.get("own_filing_date")),
                version=leg.version,
            )
        case Task.RECHECK:
            return RecheckErrand(
                exchange_id=exchange.exchange_id,
                kind=exchange.kind,
                application=exchange.application,
                access_code=await _code(view, line),
                seen=view.facts,
            )
        case Task.HAND_OVER:
            received = _cargo(transmission, view, line, None)
            return HandOverErrand(
                exchange_id=exchange.exchange_id, cargo=for_addressee(received, on_hold=exchange.is_stopped)
            )
        case Task.ANSWER:
            return AnswerErrand(
                exchange_id=exchange.exchange_id,
                acknowledgement_id=transmission.transmission_id,
                cargo=await _leaving(transmission, view, line),
                reason=None,
            )
        case Task.ROUTE:
            raise TypeError("routing is no errand")


def _withdraw(view: ExchangeView) -> WithdrawErrand:
    exchange = view.exchange
    return WithdrawErrand(
        exchange_id=exchange.exchange_id,
        kind=exchange.kind,
        application=exchange.application,
        cause=Cause(exchange.terms["cause"]),
    )


async def _leaving(transmission: Transmission, view: ExchangeView, line: Line) -> Released[Cargo]:
    """Decide, now, that this cargo may leave; Refused(NOT_RELEASED, HELD_BY_PERSON)."""
    sealed = await line.records.access_code(view.exchange.hosted, view.exchange.exchange_id)
    code = line.sealing.open_secret(sealed, owner=view.exchange.exchange_id) if sealed else None
    cargo = _cargo(transmission, view, line, code)
    return decide(cargo, view.decisions, on_hold=view.exchange.is_stopped)


def _cargo(transmission: Transmission, view: ExchangeView, line: Line, code: Secret | None) -> Cargo:
    exchange, leg = view.exchange, transmission.leg
    application = exchange.application
    if leg.task in (Task.PLACE, Task.CORRECT):
        application = _at_date(exchange.application, leg.progress["filing_date"])
    documents = tuple(
        CargoDocument(listed=document.listed, open=_opener(document, line))
        for document in view.documents_of(leg.version)
        if document.listed.role is not Role.REGISTRATION_CERTIFICATE
    )
    return Cargo(
        kind=exchange.kind,
        application=application,
        documents=documents,
        version=leg.version,
        hosting=Hosting(exchange.terms.get("hosting", Hosting.BUREAU.value)),
        access_code=code,
        applicant_email=exchange.terms.get("applicant_email"),
        received_at=transmission.created_at,
        own_number=exchange.terms.get("own_number"),
        own_filing_date=_date(exchange.terms.get("own_filing_date")),
        facts=view.facts,
    )


def _at_date(application: Application, filing_date: str) -> Application:
    return replace(application, filing_date=date.fromisoformat(filing_date))


def _opener(document: Document, line: Line) -> Callable[[], AsyncIterator[bytes]]:
    return lambda: line.documents.read(document)


async def _code(view: ExchangeView, line: Line) -> Secret:
    sealed = await line.records.access_code(view.exchange.hosted, view.exchange.exchange_id)
    if sealed is None:
        raise Refused(Reason.ACCESS_CODE_MALFORMED)
    return line.sealing.open_secret(sealed, owner=view.exchange.exchange_id)


def _office(code: str | None) -> OfficeCode | None:
    return OfficeCode(code) if code else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
