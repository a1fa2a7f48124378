"""The protocol without I/O: an errand is a generator that yields what is to be done and is sent what came of it.

Procedure of placing a document:
1. If an intent is committed and nothing else, the outcome is unknown: read back by the number, and by the digest see
   whether what is there is ours.
2. Commit the intent, then write. Where it is sure that nothing was done, take the intent back.
3. Commit the id that came back; with it the errand is done, however often it is delivered again.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from adapters._skeleton.codec import Accepted, Listing, Refusal, read, registration
from adapters._skeleton.codes import failure_for
from gateway.core.errand import Cargo
from gateway.core.exchange import Fact, FactName
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.transmission import Delivered
from gateway.ports import Answer, Clock
from gateway.wire.retry_after import retry_after

__all__ = ["Call", "Commit", "Steps", "look", "place"]

#: After these nobody knows whether a write took effect; after all others it did not.
_UNSURE: Final = frozenset({Reason.REMOTE_OUTCOME_UNKNOWN, Reason.REMOTE_MALFORMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call below the base URL; brings an Answer."""

    operation: str
    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Write to progress; None removes a key."""

    values: Mapping[str, str | None]


Steps = Generator[Call | Commit, Any, Delivered]


def place(cargo: Cargo, known: Mapping[str, str], clock: Clock) -> Steps:
    """Register the cargo; fact ACKNOWLEDGEMENT with the counterpart's id."""
    sha256 = cargo.documents[0].listed.sha256.hex()
    # 1
    if "acknowledgement" not in known and "intent" in known:
        answer = yield Call(
            operation="find", method="GET", path="/registrations", query={"number": cargo.application.normal}
        )
        listing = read(_success(answer, clock.now()), Listing)
        ours = next((item.id for item in listing.registrations if item.sha256 == sha256), None)
        if ours is not None:
            yield Commit(values={"acknowledgement": ours})
    # 2
    if "acknowledgement" not in known:
        yield Commit(values={"intent": clock.now().isoformat()})
        try:
            answer = yield Call(operation="register", method="POST", path="/registrations", body=registration(cargo))
            accepted = read(_success(answer, clock.now()), Accepted)
        except (Deferred, Refused) as failure:
            if failure.reason not in _UNSURE:
                yield Commit(values={"intent": None})
            raise
        # 3
        yield Commit(values={"acknowledgement": accepted.id})
    fact = Fact(name=FactName.ACKNOWLEDGEMENT, at=clock.now(), value=known["acknowledgement"])
    return Delivered(facts=(fact,))


def look(clock: Clock) -> Generator[Call, Answer, str]:
    """Look whether the counterpart answers."""
    answer = yield Call(operation="find", method="GET", path="/registrations", query={"number": "none"})
    read(_success(answer, clock.now()), Listing)
    return "answers and takes our token"


def _success(answer: Answer, now: datetime) -> bytes:
    """Give the body of a success; raise what any other answer stands for."""
    if answer.status in (429, 503):
        raise Deferred(Reason.REMOTE_BUSY, delay=retry_after(answer.headers.get("retry-after"), now))
    if answer.status == 401:
        raise Deferred(Reason.REMOTE_UNAUTHORIZED)
    if answer.status >= 500:
        raise Deferred(Reason.REMOTE_OUTCOME_UNKNOWN)
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    if 300 <= answer.status < 400 or not is_json:
        raise Deferred(Reason.REMOTE_MALFORMED, "media type")
    if not 200 <= answer.status < 300:
        raise failure_for(read(answer.body, Refusal).error)
    return answer.body
