"""The error boundary around every handler: what is turned away is recorded and answered in the door's own protocol.

Rules:
- Every failure leaves here as a Reason: code, public text and remedy of the table, a place, and never the text of an
  exception. What is no Reason is a bug of ours: it is logged, and answered as INTERNAL.
- Who is over its rate is counted like a stranger, or refusing would cost what accepting costs.
- An answer that has begun cannot become another one: then the line is cut, so that nobody takes a part for the whole.
"""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Final, Protocol

from aiohttp import web

from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Reason, Refused
from gateway.endpoints.door import Door
from gateway.endpoints.intake import body_of
from gateway.endpoints.presence import Presence
from gateway.endpoints.pressure import PRESSURE
from gateway.pipeline import accept
from gateway.stages.authenticate import Authentic
from gateway.stages.line import timed
from gateway.stages.receive import Encounter
from gateway.stages.record import Recorded
from gateway.stages.refuse import refuse
from gateway.stages.validate import Repeated
from monitoring.log import about, logger

__all__ = ["RETRY_AFTER", "SECURITY_HEADERS", "Handler", "Refusal", "Visit", "Voice", "guarded"]

#: Seconds a caller is asked to wait where nothing says more exactly when it is worth while.
RETRY_AFTER: Final[Mapping[Reason, int]] = {
    Reason.DISK_NEARLY_FULL: 300,
    Reason.SHUTTING_DOWN: 5,
    Reason.INTERNAL: 30,
    Reason.DATABASE_UNAVAILABLE: 10,
    Reason.DISK_FAILED: 60,
}

#: On every answer: nothing here is for a browser, nor for a cache between.
SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Server": "pouch",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
}

_log = logger("door")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a voice has to tell. `hosted` signs the answer; `exchange_id` where the request named one."""

    error: Refused | Deferred
    hosted: OfficeCode
    exchange_id: str | None

    @property
    def reason(self) -> Reason:
        """The row of the table."""
        return self.error.reason


class Voice(Protocol):
    """How one protocol says no. `name` is the door's name in metrics and ledger."""

    @property
    def name(self) -> str: ...

    def say(self, refusal: Refusal, request: web.Request, door: Door) -> web.Response: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request on its way through a handler."""

    request: web.Request
    encounter: Encounter
    door: Door
    presence: Presence

    def body(self, *, limit: int | None = None) -> AsyncIterator[bytes]:
        """The body in pieces, by default up to the limit of a whole message; see intake.body_of."""
        limits = self.door.limits
        return body_of(self.request, limits, limit=limits.body if limit is None else limit)

    def admit(self, sender: str) -> None:
        """Count a message of a proven sender; Deferred(RATE_EXCEEDED)."""
        self.presence.admit(sender, self.encounter.source)

    async def accept(self, authentic: Authentic) -> Recorded | Repeated:
        """Send a proven request down the line; a log line tells that it is recorded."""
        head = authentic.request.head
        self.admit(head.sender)
        named = self.encounter.exchange_id
        within: AbstractContextManager[None] = about(exchange=named) if named else nullcontext()
        with within:
            accepted = await accept(authentic, self.door.line)
        _log.info(
            "repeated" if isinstance(accepted, Repeated) else "accepted",
            door=self.encounter.door,
            operation=type(authentic.request).__name__,
            sender=head.sender,
            hosted=head.hosted,
            exchange=accepted.exchange_id,
        )
        return accepted


Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


def guarded(
    handler: Handler, voice: Voice, door: Door, presence: Presence
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Put the boundary around a handler; gives what aiohttp calls."""

    async def answer(request: web.Request) -> web.StreamResponse:
        encounter = Encounter(door=voice.name, source=request.remote or "unknown")
        visit = Visit(request=request, encounter=encounter, door=door, presence=presence)
        with presence.inside():
            try:
                presence.check(encounter.source)
                with timed("answer", door.line):
                    response = await handler(visit)
            except (Refused, Deferred) as error:
                response = await _turn_away(error, visit, voice)
            except Exception as bug:
                if isinstance(bug, ConnectionError) and _is_gone(request):
                    raise  # nobody is there to be answered; what is recorded stays recorded
                _log.error("a handler failed", door=voice.name, sender=encounter.office, exc_info=bug)
                response = await _turn_away(Deferred(Reason.INTERNAL), visit, voice)
        if not response.prepared:
            for name, value in SECURITY_HEADERS.items():
                response.headers.setdefault(name, value)
            if presence.leaving:
                response.force_close()
        return response

    return answer


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _turn_away(error: Refused | Deferred, visit: Visit, voice: Voice) -> web.Response:
    await _record(error, visit)
    request, door, hosted = visit.request, visit.door, visit.encounter.hosted
    if request.writer.output_size:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionAbortedError
    hosted = hosted if hosted in door.line.signers else None
    refusal = Refusal(error=error, hosted=hosted or door.first_hosted, exchange_id=visit.encounter.exchange_id)
    response = voice.say(refusal, request, door)
    wait = _retry_after(error)
    if wait is not None:
        response.headers["Retry-After"] = str(wait)
    if not request.content.is_eof():
        response.force_close()  # the rest of the body is not waited for
    return response


async def _record(error: Refused | Deferred, visit: Visit) -> None:
    encounter, door = visit.encounter, visit.door
    if encounter.office is None:
        visit.presence.failed(encounter.source)
    if error.reason in PRESSURE:
        _tell_pressure(error.reason, encounter, visit.presence)
    if error.reason is Reason.RATE_EXCEEDED:
        encounter = replace(encounter, office=None)
    try:
        await refuse(error, encounter, door.crowd, door.line)
    except Exception as bug:  # whatever happens here, the sender gets an answer
        _log.error("a refusal could not be recorded", door=encounter.door, reason=error.reason.code, exc_info=bug)
    if (
        encounter.office is not None and error.reason not in PRESSURE
    ):  # a stranger does not fill the log either: the meter counts it
        _log.info(
            "refused",
            door=encounter.door,
            reason=error.reason.code,
            place=error.place,
            sender=encounter.office,
            exchange=encounter.exchange_id,
        )


def _tell_pressure(reason: Reason, encounter: Encounter, presence: Presence) -> None:
    sender = encounter.office or ""
    count = presence.pressed(reason, encounter.door, sender)
    if count is not None:
        _log.warning(
            "turned away for want of room or rate",
            reason=reason.code,
            text=reason.text,
            door=encounter.door,
            sender=sender,
            count=count,
        )


def _retry_after(error: Refused | Deferred) -> int | None:
    delay = error.delay if isinstance(error, Deferred) else None
    if delay is not None:
        return max(1, math.ceil(delay.total_seconds()))
    return RETRY_AFTER.get(error.reason)
