"""Route: plan the legs a step asks for, by the agreements in force now; the decision is itself an entry."""

from dataclasses import replace
from datetime import date

from gateway.core.exchange import Exchange, State, Step, advance
from gateway.core.receipt import Event
from gateway.core.release import decide
from gateway.core.routing import legs_after
from gateway.core.transmission import Delivered, Leg, Task, Transmission, TransmissionState
from gateway.core.view import ExchangeView
from gateway.ports import Append
from gateway.stages.line import Line
from gateway.stages.notify import notification_row

__all__ = ["route"]

#: Steps whose legs carry documents of the hosted office to others: only what is released goes.
_LEAVING = frozenset({Step.RELEASED, Step.CORRECTED, Step.REPLACED})
_CHANGES = frozenset({Step.CORRECTED, Step.REPLACED, Step.WITHDRAWN})


async def route(transmission: Transmission, view: ExchangeView, line: Line) -> None:
    """Plan the legs and end the routing transmission in one append.

    Refused(NOT_RELEASED, HELD_BY_PERSON) if a decision was rescinded meanwhile, Refused(KIND_NOT_AGREED) if no
    agreement in force covers the task.
    """
    step = Step(transmission.leg.progress["step"])
    # what changed before the release was recorded without legs of its own: it goes as it is now
    exchange = view.exchange if step is Step.RELEASED else _as_it_was(view.exchange, transmission)
    withdrawn = step in _LEAVING and exchange.state is State.WITHDRAWN
    if step in _LEAVING and not withdrawn:
        decide(exchange, view.decisions, on_hold=exchange.is_stopped)
    at = line.clock.now()
    planned = () if withdrawn else legs_after(step, exchange, line.agreements(), at=at)
    legs = tuple(
        replace(leg, progress={"filing_date": exchange.application.filing_date.isoformat()})
        for leg in planned
        if _is_needed(step, leg, view)
    )
    following = view.exchange
    released = step is Step.RELEASED and not withdrawn
    if released:
        following = replace(following, state=advance(following.party, following.state, Step.RELEASED))
    entry = line.entry(
        hosted=exchange.hosted,
        exchange_id=exchange.exchange_id,
        step=Step.RELEASED if released else Step.ROUTED,
        actor=exchange.hosted,
        outcome=step.value,
    )
    await line.journal.append(
        Append(
            hosted=exchange.hosted,
            entry=entry,
            exchange=following if released else None,
            legs=tuple((line.new_id(), leg) for leg in legs),
            notifications=(notification_row(Event.RELEASED, following, entry, line),) if released else (),
            settles=(transmission, Delivered()),
        )
    )


def _as_it_was(exchange: Exchange, transmission: Transmission) -> Exchange:
    """The exchange with the version and filing date that the step was about: later changes have legs of their own."""
    filing_date = date.fromisoformat(transmission.leg.progress["filing_date"])
    return replace(
        exchange,
        version=transmission.leg.version,
        application=replace(exchange.application, filing_date=filing_date),
    )


def _is_needed(step: Step, leg: Leg, view: ExchangeView) -> bool:
    """A change is told only where the document was placed, is about to be, or may have been."""
    if step not in _CHANGES:
        return True
    return any(
        other.leg.task is Task.PLACE
        and (other.leg.counterpart, other.leg.adapter) == (leg.counterpart, leg.adapter)
        and (other.state != TransmissionState.REFUSED.value or other.leg.is_begun)
        for other in view.transmissions
    )
