"""A write at DAS that takes effect once: registration, change or withdrawal (calls 5 to 8).

Procedure:
1. A request that was acknowledged is asked for its status.
2. A write whose outcome is unknown is read back by the document's number (call 11). It may still be under way at the
   Bureau, so that it is looked for until the configured time to settle has passed.
3. Only then it is sent, or sent again (protocol_request.py).
4. A refusal of a write that was sent again may be the echo of the first ("already registered", "not registered"):
   it is read back before it is believed. A refusal that is believed begins anew at the next attempt.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from adapters.das import codec
from adapters.das.answers import UNSURE
from adapters.das.codes import failure_by, worst
from adapters.das.protocol import Commit, Course, Operation, Steps, ask, forget_all, wait
from adapters.das.protocol_request import request
from gateway.core.office import Application
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.transmission import Pending
from gateway.ports import Answer
from gateway.wire import das

__all__ = ["Done", "Effect", "carry_out", "find"]

#: After these there is nothing to explain: they say nothing about the document.
_ABOUT_THE_LINE = frozenset(
    {
        *UNSURE,
        Reason.REMOTE_UNREACHABLE,
        Reason.REMOTE_BUSY,
        Reason.REMOTE_UNAUTHORIZED,
        Reason.LEASE_LOST,
        Reason.DATABASE_UNAVAILABLE,
    }
)
_LONGEST_ADDRESS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A write, and how one sees in the office's own registrations of that number that it has taken effect."""

    operation: Operation
    body: das.Body
    application: Application
    has_effect: Callable[[tuple[das.RegisteredDocument, ...]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The write has taken effect: under which acknowledgement, available since when, where that is known."""

    acknowledgement: str | None
    available: str | None


def carry_out(course: Course, effect: Effect) -> Steps[Done | Pending]:
    """Bring the write to its effect as far as it goes now; raises what refuses it."""
    known = course.known
    try:
        # 2
        if "acknowledgement" not in known and "intent" in known:
            if (done := (yield from _read_back(course, effect))) is not None:
                return done
            if (pending := _settling(course)) is not None:
                return pending
            yield Commit(values={"again": "yes"})
        # 3
        if "acknowledgement" not in known:
            yield from _send(course, effect)
        # 1
        return (yield from _status(course))
    except (Deferred, Refused) as failure:
        # 4
        if failure.reason in _ABOUT_THE_LINE:
            raise
        done = (yield from _read_back(course, effect)) if "again" in known else None
        if done is not None:
            return done
        yield from forget_all()
        raise


def find(course: Course, application: Application) -> Steps[tuple[das.RegisteredDocument, ...]]:
    """Give the office's own registrations of an application's number and kind."""
    config = course.config
    query = codec.query(application, config, dated=False)
    bag = yield from ask(course, Operation.FIND, das.RegistrationBag, query=query)
    number, kind = codec.document_number(application, config), config.kinds[application.right]
    return tuple(
        document
        for document in bag.document_registration_bag
        if (document.document_number, document.document_kind_category) == (number, kind)
    )


def _read_back(course: Course, effect: Effect) -> Steps[Done | None]:
    found = yield from find(course, effect.application)
    if not effect.has_effect(found):
        return None
    first = found[0] if found else None
    # A change has an acknowledgement of its own, which the list does not show.
    shown = first is not None and effect.operation is Operation.REGISTER
    return Done(
        acknowledgement=first.request_ack_id if first is not None and shown else None,
        available=das.availability(first.document_availability_date) if first is not None else None,
    )


def _settling(course: Course) -> Pending | None:
    left = datetime.fromisoformat(course.known["intent"]) + course.config.settle - course.now
    if left.total_seconds() <= 0:
        return None
    return Pending(delay=min(left, max(course.config.poll, course.config.settle / 10)))


def _send(course: Course, effect: Effect) -> Steps[None]:
    acknowledgement, answer = yield from request(course, effect.operation, effect.body)
    yield Commit(values={"acknowledgement": acknowledgement, "status_address": _status_address(answer, course)})


def _status(course: Course) -> Steps[Done | Pending]:
    known, config = course.known, course.config
    address = known.get("status_address")
    query = None if address else {codec.name("requestAckId", config): known["acknowledgement"]}
    status = yield from ask(course, Operation.REGISTRATION_STATUS, das.RequestStatus, query=query, address=address)
    if status.request_status_category == das.PENDING:
        return wait(course, known.get("intent"))
    if status.request_status_category == das.ERROR:
        number = das.number_of(status.error_code)
        numbers = () if number is None else (number,)
        raise failure_by(worst(numbers, config.codes), None if number is None else f"numbers {number}")
    available = das.availability(status.document_availability_date)
    return Done(acknowledgement=known["acknowledgement"], available=available)


def _status_address(answer: Answer, course: Course) -> str | None:
    """The Location of the answer (das.md 1.3 row 5), if it is below the API and asks by the acknowledgement only.

    The token goes there, so that no other place will do; and what it says is committed, so that nothing else may
    stand in it.
    """
    address = answer.headers.get("location", "")
    try:
        parts = urlsplit(address)
        names = [name for name, _ in parse_qsl(parts.query, strict_parsing=True)]
    except ValueError:
        return None
    inside = address.startswith(f"{course.config.base_url}/") and address.isascii() and address.isprintable()
    plain = len(address) <= _LONGEST_ADDRESS and not parts.fragment and ".." not in parts.path
    return address if inside and plain and names == [codec.name("requestAckId", course.config)] else None
