"""Deliver: hand an errand to the adapter and turn every way it can end into a value.

Rules: what leaves is decided released at this moment, not earlier, and under an agreement in force; a leg whose
exchange was withdrawn before anything was told to the counterpart goes nowhere.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from gateway.core.agreement import Agreement
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
from gateway.core.exchange import Exchange, State
from gateway.core.office import Application, OfficeCode
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.release import Released, decide, for_addressee, open_conditions
from gateway.core.request import Cause, Hosting
from gateway.core.retry import after_failure
from gateway.core.secret import Secret
from gateway.core.transmission import Delivered, Ended, Leg, Pending, Task, Transmission, TransmissionState
from gateway.core.view import ExchangeView
from gateway.ports import AdapterKit, OfficeAdapter
from gateway.stages.line import Line

__all__ = ["deliver"]

#: The leg is wherever it was: nothing may be concluded, another worker or a later moment goes on.
_NO_OUTCOME: Final = frozenset({Reason.LEASE_LOST, Reason.DATABASE_UNAVAILABLE, Reason.SHUTTING_DOWN})
#: These carry documents of the hosted office, or what is told of them, to others.
_LEAVING: Final = frozenset({Task.PLACE, Task.CORRECT, Task.REPLACE})
#: How often a suspended agreement is looked at: whoever lifts the suspension need not touch each transmission.
_SUSPENDED: Final = timedelta(minutes=15)


async def deliver(
    transmission: Transmission, view: ExchangeView, adapter: OfficeAdapter, kit: AdapterKit, line: Line
) -> Delivered | Pending | Ended:
    """Do one attempt. Raises only Deferred with LEASE_LOST, DATABASE_UNAVAILABLE or SHUTTING_DOWN.

    A bug of an adapter, or an answer that it was not written for, ends like a failure inside: put off, ever longer.
    """
    hosted, name = transmission.hosted, transmission.leg.agreement
    agreement = next((a for a in line.agreements() if (a.hosted, a.name) == (hosted, name)), None)
    if agreement is None:
        return Ended(reason=Reason.KIND_NOT_AGREED, state=TransmissionState.HELD)
    if agreement.suspended:
        return Pending(delay=_SUSPENDED)
    try:
        errand = await _errand(transmission, view, line)
        if errand is None:
            return Delivered()
        outcome = await adapter.deliver(errand, kit)
        if isinstance(errand, ObtainErrand) and isinstance(outcome, Delivered) and not outcome.documents:
            raise Deferred(Reason.REMOTE_MALFORMED)
    except Refused as error:
        return _failed(error.reason, transmission, agreement, line, None)
    except Deferred as error:
        if error.reason in _NO_OUTCOME:
            raise
        return _failed(error.reason, transmission, agreement, line, error.delay)
    except Exception as bug:
        leg = transmission.leg
        kit.log.warning(
            "an adapter failed inside", adapter=leg.adapter, task=leg.task.value, fault=type(bug).__name__, exc_info=bug
        )
        return _failed(Reason.INTERNAL, transmission, agreement, line, None)
    return outcome


def _failed(
    reason: Reason, transmission: Transmission, agreement: Agreement, line: Line, named: timedelta | None
) -> Ended:
    return after_failure(
        reason,
        attempts=transmission.attempts + 1,
        now=line.clock.now(),
        closes_at=transmission.created_at + agreement.window,
        jitter=int.from_bytes(line.randomness.take(2), "big") / 65536,
        named=named,
    )


async def _errand(transmission: Transmission, view: ExchangeView, line: Line) -> Errand | None:
    """Make the errand of a leg; None if there is nothing left to do."""
    exchange, leg = view.exchange, transmission.leg
    placed = view.placed_filing_date(leg.counterpart, leg.adapter)
    if leg.task in _LEAVING:
        _check_withdrawn(leg, view)
    match leg.task:
        case Task.PLACE:
            cargo = await _leaving(transmission, view, _planned_date(leg), line)
            return PlaceErrand(exchange_id=exchange.exchange_id, cargo=cargo)
        case Task.CORRECT:
            former = _registered(placed)
            if former == _planned_date(leg):
                return None
            cargo = await _leaving(transmission, view, _planned_date(leg), line)
            return CorrectErrand(exchange_id=exchange.exchange_id, cargo=cargo, former_filing_date=former)
        case Task.REPLACE:
            cargo = await _leaving(transmission, view, _registered(placed), line)
            return ReplaceErrand(exchange_id=exchange.exchange_id, cargo=cargo)
        case Task.WITHDRAW:
            registered = placed or view.unsure_filing_date(leg.counterpart, leg.adapter)
            return _withdraw(exchange, registered) if registered else None
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
                seen=view.facts,
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
            received = _cargo(transmission, view, exchange.application, line, None)
            return HandOverErrand(
                exchange_id=exchange.exchange_id, cargo=for_addressee(received, on_hold=exchange.is_stopped)
            )
        case Task.ANSWER:
            there = exchange.state is State.PLACED
            return AnswerErrand(
                exchange_id=exchange.exchange_id,
                acknowledgement_id=transmission.transmission_id,
                cargo=await _leaving(transmission, view, placed, line) if there else None,
                reason=None if there else Reason.NOT_REGISTERED,
            )
        case Task.ROUTE:
            raise TypeError("routing is no errand")


def _check_withdrawn(leg: Leg, view: ExchangeView) -> None:
    """Once withdrawn, only what was begun is brought to its end, and not even that if its release was rescinded."""
    if view.exchange.state is State.WITHDRAWN and (not leg.is_begun or open_conditions(view.decisions)):
        raise Refused(Reason.STATE_CONFLICT, "withdrawn before it left")


def _registered(placed: date | None) -> date:
    if placed is None:
        raise Refused(Reason.STATE_CONFLICT, "not registered")
    return placed


def _withdraw(exchange: Exchange, there: date) -> WithdrawErrand:
    return WithdrawErrand(
        exchange_id=exchange.exchange_id,
        kind=exchange.kind,
        application=replace(exchange.application, filing_date=there),
        cause=Cause(exchange.terms["cause"]),
    )


async def _leaving(
    transmission: Transmission, view: ExchangeView, filing_date: date | None, line: Line
) -> Released[Cargo]:
    """Decide, now, that this cargo may leave; Refused(NOT_RELEASED, HELD_BY_PERSON).

    `filing_date` is the one by which the counterpart knows it, or shall know it; the newest is told in its turn.
    """
    exchange = view.exchange
    sealed = await line.records.access_code(exchange.hosted, exchange.exchange_id)
    code = line.sealing.open_secret(sealed, owner=exchange.exchange_id) if sealed else None
    application = replace(exchange.application, filing_date=filing_date or exchange.application.filing_date)
    cargo = _cargo(transmission, view, application, line, code)
    return decide(cargo, view.decisions, on_hold=exchange.is_stopped)


def _cargo(
    transmission: Transmission, view: ExchangeView, application: Application, line: Line, code: Secret | None
) -> Cargo:
    exchange, leg = view.exchange, transmission.leg
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


def _planned_date(leg: Leg) -> date:
    return date.fromisoformat(leg.progress["filing_date"])


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
