"""Lend: hand a counterpart, for its own reading, a document that it asked for of our library.

Rules: a ticket names exchange, version and end of its life, is sealed under the gateway's own key, and opens one
document to who holds it (as DAS's own pre-signed URLs do); the release is decided again when it is used.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.core.document import Document, Role, digest_of_list
from gateway.core.exchange import Fact, FactName, Party, State, Step
from gateway.core.office import Application, OfficeCode
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.receipt import Event
from gateway.core.release import decide
from gateway.core.request import Hosting
from gateway.core.secret import Secret
from gateway.core.transmission import Task
from gateway.core.view import ExchangeView
from gateway.ports import Append
from gateway.stages.line import Line
from gateway.stages.notify import notification_row

__all__ = ["Lent", "issue_ticket", "lend", "record_taken"]

_LIFE: Final = timedelta(minutes=15)
_OWNER: Final = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """An opened document of our library: its bytes, and what is needed to record that they were taken whole."""

    view: ExchangeView
    document: Document
    counterpart: OfficeCode
    chunks: AsyncIterator[bytes]


async def issue_ticket(hosted: OfficeCode, counterpart: OfficeCode, application: Application, line: Line) -> str:
    """Give a ticket for a document that `counterpart` asked for before; Refused(NOT_REGISTERED) otherwise."""
    found = await line.records.of_application(hosted, Party.DEPOSITING, application)
    for exchange in found:
        placed = exchange.state is State.PLACED and exchange.terms.get("hosting") == Hosting.OFFICE.value
        if not placed or exchange.application.filing_date != application.filing_date:
            continue
        view = await line.records.view(hosted, exchange.exchange_id)
        if view is not None and not view.is_forgotten and _was_asked(view, counterpart):
            ends = int((line.clock.now() + _LIFE).timestamp())
            text = f"{hosted} {counterpart} {exchange.exchange_id} {exchange.version} {ends}"
            return line.sealing.seal_secret(Secret(text), owner=_OWNER).hex()
    raise Refused(Reason.NOT_REGISTERED)


def _was_asked(view: ExchangeView, counterpart: OfficeCode) -> bool:
    """Whether the counterpart has asked for this document before: without that, a number and date open nothing."""
    return any(t.leg.task is Task.ANSWER and t.leg.counterpart == counterpart for t in view.transmissions)


async def lend(ticket: str, line: Line) -> Lent:
    """Open what a ticket names; Refused with TOKEN_INVALID (also an old one), NOT_RELEASED or HELD_BY_PERSON."""
    try:
        text = line.sealing.open_secret(bytes.fromhex(ticket), owner=_OWNER).reveal()
        hosted, counterpart, exchange_id, version, ends = text.split()
    except (ValueError, Deferred):
        raise Refused(Reason.TOKEN_INVALID) from None
    if datetime.fromtimestamp(int(ends), UTC) < line.clock.now():
        raise Refused(Reason.TOKEN_INVALID)
    view = await line.records.view(OfficeCode(hosted), exchange_id)
    if view is None or view.is_forgotten or view.exchange.state is not State.PLACED:
        raise Refused(Reason.NOT_REGISTERED)
    released = decide(view, view.decisions, on_hold=view.exchange.is_stopped)
    document = next(
        (d for d in released.subject.documents_of(int(version)) if d.listed.role is Role.CERTIFIED_COPY), None
    )
    if document is None:
        raise Refused(Reason.NOT_REGISTERED)
    return Lent(view=view, document=document, counterpart=OfficeCode(counterpart), chunks=line.documents.read(document))


async def record_taken(lent: Lent, line: Line) -> None:
    """Write that the counterpart takes the document whole; the first time, tell the depositing office.

    A counterpart may fetch a file again until it is deleted (das.md 1.3, row 16): an entry each, one notification.
    """
    exchange = lent.view.exchange
    again = lent.view.fact(FactName.TAKEN_BY_COUNTERPART) is not None
    entry = line.entry(
        hosted=exchange.hosted,
        exchange_id=exchange.exchange_id,
        step=Step.TAKEN,
        actor=lent.counterpart,
        digests={"documents": digest_of_list([lent.document.listed])},
    )
    await line.journal.append(
        Append(
            hosted=exchange.hosted,
            entry=entry,
            facts=(Fact(name=FactName.TAKEN_BY_COUNTERPART, at=entry.at, value=lent.counterpart),),
            notifications=() if again else (notification_row(Event.TAKEN, exchange, entry, line),),
        )
    )
