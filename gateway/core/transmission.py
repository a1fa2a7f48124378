"""Transmissions: the queue items by which exchanges reach counterparts, and how an attempt can end."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from gateway.core.document import Role, Stored
from gateway.core.exchange import Fact
from gateway.core.office import OfficeCode
from gateway.core.reason import Reason

__all__ = [
    "PLANNED",
    "Delivered",
    "Ended",
    "Leg",
    "Obtained",
    "Pending",
    "Task",
    "Transmission",
    "TransmissionState",
]


#: What the line itself writes into a leg's progress; every other key is the adapter's.
PLANNED: Final = frozenset({"filing_date", "step"})


class Task(Enum):
    """What is to be done: ROUTE by the gateway itself, everything else at a counterpart by an adapter."""

    ROUTE = "route"  # plan the legs that a step asks for, by the agreements in force then
    PLACE = "place"  # register a document
    CORRECT = "correct"  # correct what was registered
    REPLACE = "replace"  # put a newer version in its place
    WITHDRAW = "withdraw"  # take the registration back
    OBTAIN = "obtain"  # ask for another office's document until it is here
    RECHECK = "recheck"  # look whether what was fetched has changed since
    HAND_OVER = "hand-over"  # lay a received document into the office's own system
    ANSWER = "answer"  # tell a counterpart that what it asked of our library is ready


class TransmissionState(Enum):
    """READY is claimable when due; HELD waits for a person; the last two are ends."""

    READY = "ready"
    HELD = "held"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A planned hop: which adapter does which task for which version at which counterpart."""

    counterpart: OfficeCode
    adapter: str
    task: Task
    version: int
    agreement: str
    due_at: datetime
    progress: dict[str, str] = field(default_factory=dict)

    @property
    def is_begun(self) -> bool:
        """Whether an adapter has committed anything: the counterpart may know of it."""
        return bool(self.progress.keys() - PLANNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmission:
    """A claimed queue item. `fence` grows with each claim: a worker that lost its lease can write nothing more."""

    transmission_id: str
    hosted: OfficeCode
    exchange_id: str
    leg: Leg
    attempts: int
    fence: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Obtained:
    """A document that came from a counterpart, sealed and stored, not yet recorded."""

    name: str
    role: Role
    media_type: str
    size: int
    sha256: bytes
    stored: Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The task is done: what became known, and what came back. `changed` answers a RECHECK."""

    facts: tuple[Fact, ...] = ()
    documents: tuple[Obtained, ...] = ()
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The counterpart is at work; look again after `delay`, or when it notifies. Not a failure, not counted as one."""

    delay: timedelta
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An attempt that failed: put off until `again_at`, held for a person, or refused for good."""

    reason: Reason
    state: TransmissionState
    again_at: datetime | None = None
