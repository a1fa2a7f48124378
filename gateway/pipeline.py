"""The straight line. START READING HERE: accept() takes a message in, dispatch() carries one leg out.

    receive -> authenticate -> unpack -> validate -> record          accept: ends in a signed receipt
    route -> deliver -> acknowledge                                  dispatch: ends in a signed notification

Rules: each stage takes what the stage before it gives, so that nothing can be skipped; turning away is evidence too.
"""

from typing import Protocol

from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Overtaken, Reason, Refused
from gateway.core.request import Deposit, Replacement, Retrieval
from gateway.core.retry import after_failure
from gateway.core.transmission import Delivered, Ended, Pending, Task, Transmission, TransmissionState
from gateway.core.view import ExchangeView
from gateway.ports import AdapterKit, OfficeAdapter
from gateway.stages.acknowledge import acknowledge
from gateway.stages.authenticate import Authentic
from gateway.stages.deliver import deliver
from gateway.stages.line import Line, timed
from gateway.stages.record import Recorded, record
from gateway.stages.route import route
from gateway.stages.unpack import Unpacked, unpack
from gateway.stages.validate import Repeated, validate

__all__ = ["Counterparts", "accept", "dispatch"]

#: What fills the disk: with little room it is refused early, while decisions, holds and questions are still taken.
_NEW_WORK = (Deposit, Replacement, Retrieval)
#: How often an append is repeated when the exchange changed between read and write.
_REREADS = 5


class Counterparts(Protocol):
    """The adapters and their kits, by hosted office, counterpart and adapter name."""

    def adapter(self, hosted: OfficeCode, counterpart: OfficeCode, name: str) -> OfficeAdapter | None: ...
    def kit(self, transmission: Transmission) -> AdapterKit: ...


async def accept(authentic: Authentic, line: Line) -> Recorded | Repeated:
    """Take an authentic request in. Refused and Deferred carry the Reason; the door records and answers them."""
    if isinstance(authentic.request, _NEW_WORK) and not line.documents.has_room():
        raise Deferred(Reason.DISK_NEARLY_FULL)  # before an attachment is read; what ends or stops work goes on
    with timed("unpack", line):
        unpacked = await unpack(authentic, line)
    try:
        recorded = await _decide_and_record(unpacked, line)
    except Refused:
        await _discard(unpacked, line)
        raise
    if isinstance(recorded, Repeated):
        await _discard(unpacked, line)
        line.meter.repeated(authentic.request.head.hosted, type(authentic.request).__name__)
    return recorded


async def _decide_and_record(unpacked: Unpacked, line: Line) -> Recorded | Repeated:
    for _ in range(_REREADS):
        with timed("validate", line):
            valid = await validate(unpacked, line)
        if isinstance(valid, Repeated):
            return valid
        try:
            with timed("record", line):
                return await record(valid, line)
        except Overtaken:
            continue
    raise Deferred(Reason.DATABASE_UNAVAILABLE)


async def _discard(unpacked: Unpacked, line: Line) -> None:
    """What was turned away, or came again, leaves no bytes behind. Not after Deferred: it may be recorded."""
    for document in unpacked.documents:
        await line.documents.discard(document.stored)


async def dispatch(transmission: Transmission, counterparts: Counterparts, line: Line) -> str:
    """Carry one claimed leg as far as it goes now; gives the outcome in one word.

    Deferred(LEASE_LOST, DATABASE_UNAVAILABLE): nothing is concluded, the lease runs out and somebody goes on.
    """
    leg = transmission.leg
    view = await _view(transmission, line)
    outcome: Delivered | Pending | Ended
    if leg.task is Task.ROUTE:
        outcome = await _route(transmission, view, line)
        if isinstance(outcome, Delivered):
            return "routed"
    else:
        adapter = counterparts.adapter(transmission.hosted, leg.counterpart, leg.adapter)
        if adapter is None:
            outcome = Ended(reason=Reason.KIND_NOT_AGREED, state=TransmissionState.HELD)
        else:
            with timed("deliver", line):
                outcome = await deliver(transmission, view, adapter, counterparts.kit(transmission), line)
    for _ in range(_REREADS):
        try:
            await acknowledge(transmission, outcome, view, line)
        except Overtaken:
            view = await _view(transmission, line)
        else:
            break
    else:
        raise Deferred(Reason.DATABASE_UNAVAILABLE)
    word = _word(outcome)
    line.meter.delivered(leg.counterpart, leg.task.value, word)
    return word


def _word(outcome: Delivered | Pending | Ended) -> str:
    """One of the five words in which a delivery is counted."""
    match outcome:
        case Delivered():
            return "delivered"
        case Pending():
            return "pending"
        case Ended(state=TransmissionState.READY):
            return "deferred"
        case Ended(state=state):
            return state.value


async def _view(transmission: Transmission, line: Line) -> ExchangeView:
    view = await line.records.view(transmission.hosted, transmission.exchange_id)
    if view is None:
        raise Deferred(Reason.INTERNAL)
    return view


async def _route(transmission: Transmission, view: ExchangeView, line: Line) -> Delivered | Ended:
    for _ in range(_REREADS):
        try:
            await route(transmission, view, line)
        except Overtaken:
            view = await _view(transmission, line)
        except Refused as error:
            now = line.clock.now()
            return after_failure(error.reason, attempts=transmission.attempts + 1, now=now, closes_at=now, jitter=0.0)
        else:
            return Delivered()
    raise Deferred(Reason.DATABASE_UNAVAILABLE)
