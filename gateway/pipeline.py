"""The straight line. START READING HERE: accept() takes a message in, dispatch() carries one leg out.

    receive -> authenticate -> unpack -> validate -> record          accept: ends in a signed receipt
    route -> deliver -> acknowledge                                  dispatch: ends in a signed notification

Rules: each stage takes what the stage before it gives, so that nothing can be skipped; turning away is evidence too.
"""

import time
from typing import Protocol

from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Overtaken, Reason, Refused
from gateway.core.transmission import Delivered, Ended, Pending, Task, Transmission, TransmissionState
from gateway.core.view import ExchangeView
from gateway.ports import AdapterKit, OfficeAdapter
from gateway.stages.acknowledge import acknowledge
from gateway.stages.authenticate import Authentic
from gateway.stages.deliver import deliver
from gateway.stages.line import Line
from gateway.stages.record import Recorded, record
from gateway.stages.route import route
from gateway.stages.unpack import unpack
from gateway.stages.validate import Repeated, validate

__all__ = ["Counterparts", "accept", "dispatch"]

#: How often an append is repeated when the exchange changed between read and write.
_REREADS = 5


class Counterparts(Protocol):
    """The adapters and their kits, by hosted office, counterpart and adapter name."""

    def adapter(self, hosted: OfficeCode, counterpart: OfficeCode, name: str) -> OfficeAdapter | None: ...
    def kit(self, transmission: Transmission) -> AdapterKit: ...


async def accept(authentic: Authentic, line: Line) -> Recorded | Repeated:
    """Take an authentic request in. Refused and Deferred carry the Reason; the door records and answers them."""
    unpacked = await unpack(authentic, line)
    for _ in range(_REREADS):
        valid = await validate(unpacked, line)
        if isinstance(valid, Repeated):
            return valid
        try:
            return await record(valid, line)
        except Overtaken:
            continue
    raise Deferred(Reason.DATABASE_UNAVAILABLE)


async def dispatch(transmission: Transmission, counterparts: Counterparts, line: Line) -> str:
    """Carry one claimed leg as far as it goes now; gives the outcome in one word.

    Deferred(LEASE_LOST, DATABASE_UNAVAILABLE): nothing is concluded, the lease runs out and somebody goes on.
    """
    started = time.perf_counter()
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
    word = outcome.reason.code if isinstance(outcome, Ended) else type(outcome).__name__.lower()
    line.meter.delivered(leg.counterpart, leg.task.value, word, time.perf_counter() - started)
    return word


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
            waits = error.reason in (Reason.NOT_RELEASED, Reason.HELD_BY_PERSON)
            state = TransmissionState.HELD if waits else TransmissionState.REFUSED
            return Ended(reason=error.reason, state=state)
        else:
            return Delivered()
    raise Deferred(Reason.DATABASE_UNAVAILABLE)
