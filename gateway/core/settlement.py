"""What the end of an attempt does to its exchange: decided here, before acknowledge writes it.

Rules: pure. One table says which step a done task is, and what the office's own system is told of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from gateway.core.document import Document, ListedDocument
from gateway.core.effect import route_leg
from gateway.core.exchange import Exchange, Fact, FactName, Step, advance
from gateway.core.reason import Reason
from gateway.core.receipt import Event
from gateway.core.transmission import (
    Delivered,
    Ended,
    Leg,
    Obtained,
    Pending,
    Task,
    Transmission,
    TransmissionState,
)
from gateway.core.view import ExchangeView

__all__ = ["DONE", "Settlement", "settle"]

#: task -> (step when it is done, what the own system is told, None for nothing).
DONE: dict[Task, tuple[Step, Event | None]] = {
    Task.PLACE: (Step.PLACED, Event.PLACED),
    Task.CORRECT: (Step.CORRECTION_PLACED, Event.CORRECTED),
    Task.REPLACE: (Step.REPLACEMENT_PLACED, Event.REPLACED),
    Task.WITHDRAW: (Step.WITHDRAWAL_PLACED, Event.WITHDRAWN),
    Task.OBTAIN: (Step.RECEIVED, Event.RECEIVED),
    Task.RECHECK: (Step.CHANGED, Event.CHANGED),
    Task.HAND_OVER: (Step.HANDED_OVER, Event.HANDED_OVER),
    Task.ANSWER: (Step.ANSWERED, None),
}

#: Without these tasks an exchange has come to nothing.
_ESSENTIAL = frozenset({Task.PLACE, Task.OBTAIN})

#: Nothing is under way at a counterpart yet when the route of these steps is refused.
_FIRST_STEPS = frozenset({Step.REQUESTED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What acknowledge writes: step and outcome of the entry, the exchange as it shall be, and who is told."""

    step: Step
    outcome: str
    exchange: Exchange | None = None
    documents: tuple[Document, ...] = ()
    facts: tuple[Fact, ...] = ()
    legs: tuple[Leg, ...] = ()
    event: Event | None = None
    reason: Reason | None = None


def settle(
    transmission: Transmission, outcome: Delivered | Pending | Ended, view: ExchangeView, *, at: datetime
) -> Settlement:
    """Decide what an attempt's end does to the exchange."""
    match outcome:
        case Pending(facts=facts):
            return Settlement(step=Step.ATTEMPTED, outcome="pending", facts=facts)
        case Ended():
            return _ended(transmission, outcome, view.exchange)
        case Delivered():
            return _delivered(transmission, outcome, view, at)


def _ended(transmission: Transmission, outcome: Ended, exchange: Exchange) -> Settlement:
    reason = outcome.reason
    if outcome.state is TransmissionState.READY:
        return Settlement(step=Step.ATTEMPTED, outcome=reason.code)
    if outcome.state is TransmissionState.HELD:
        return Settlement(step=Step.ATTEMPTED, outcome=reason.code, event=Event.HELD, reason=reason)
    leg = transmission.leg
    ends = leg.task in _ESSENTIAL or (leg.task is Task.ROUTE and leg.progress.get("step") in _FIRST_STEPS)
    following = replace(exchange, state=advance(exchange.party, exchange.state, Step.REFUSED)) if ends else None
    # a counterpart that asked twice takes one answer: the other one's end concerns nobody
    event = None if leg.task is Task.ANSWER else Event.REFUSED
    return Settlement(step=Step.REFUSED, outcome=reason.code, exchange=following, event=event, reason=reason)


def _delivered(transmission: Transmission, outcome: Delivered, view: ExchangeView, at: datetime) -> Settlement:
    task, exchange = transmission.leg.task, view.exchange
    step, event = DONE[task]
    if _is_unchanged(task, outcome, view):
        again = route_leg(Step.ATTEMPTED, exchange, at)
        return Settlement(step=Step.ATTEMPTED, outcome="unchanged", facts=outcome.facts, legs=(again,))
    facts = outcome.facts
    version = exchange.version
    legs: tuple[Leg, ...] = ()
    if task is Task.OBTAIN:
        version = transmission.leg.version
    if task is Task.RECHECK:
        facts = (*facts, Fact(name=FactName.CHANGED_AFTER_ACCESS, at=at))
    following = replace(exchange, state=advance(exchange.party, exchange.state, step), version=version)
    if task in (Task.OBTAIN, Task.RECHECK):
        asked = replace(following, version=following.version + 1) if task is Task.RECHECK else following
        legs = (route_leg(step, asked, at),)
    return Settlement(
        step=step,
        outcome="done",
        exchange=following,
        documents=_documents(outcome.documents, transmission.leg.version, view),
        facts=facts,
        legs=legs,
        event=event,
    )


def _is_unchanged(task: Task, outcome: Delivered, view: ExchangeView) -> bool:
    """A look that found nothing new, or the counterpart's record changed and the bytes did not: nobody is told."""
    if task is Task.RECHECK:
        return not outcome.changed
    known = {(d.listed.role, d.listed.sha256) for d in view.documents_of(view.exchange.version)}
    return task is Task.OBTAIN and bool(known) and known == {(o.role, o.sha256) for o in outcome.documents}


def _documents(obtained: tuple[Obtained, ...], version: int, view: ExchangeView) -> tuple[Document, ...]:
    """What came, under names that are free in its version: the sender, or another counterpart, chose theirs first."""
    taken = {document.listed.content_id for document in view.documents if document.version == version}
    documents = []
    for item in obtained:
        name = next(n for n in _names(item.name) if n not in taken)
        taken.add(name)
        documents.append(_document(item, name, version))
    return tuple(documents)


def _names(wanted: str) -> Iterator[str]:
    yield wanted
    yield from (f"{wanted}-{number}" for number in count(2))


def _document(obtained: Obtained, name: str, version: int) -> Document:
    return Document(
        listed=ListedDocument(
            content_id=name,
            size=obtained.size,
            sha256=obtained.sha256,
            role=obtained.role,
            media_type=obtained.media_type,
        ),
        version=version,
        stored=obtained.stored,
    )
