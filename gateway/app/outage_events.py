"""What is kept of outages and downtime: JSON that an entry commits to, made and read back."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.core.entry import make_entry
from gateway.core.exchange import Step
from gateway.core.identifiers import RANDOM_BYTES, new_id
from gateway.core.instant import rfc3339
from gateway.core.office import OfficeCode
from gateway.core.outage import Event, Finding, Window
from gateway.core.request import canonical_json
from gateway.ports import Clock, Randomness
from gateway.store.outages import NewEvent

__all__ = ["STEPS", "OutageWriter", "is_bound", "read_window", "window_members"]

STEPS: Final = {
    Event.BEGAN: Step.OUTAGE_BEGAN,
    Event.ENDED: Step.OUTAGE_ENDED,
    Event.ANNOUNCED: Step.DOWNTIME_ANNOUNCED,
    Event.CALLED_OFF: Step.DOWNTIME_CALLED_OFF,
}


class OutageWriter:
    """Makes events of this moment, each with its entry, which holds nothing but the digest of what is told, salted."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness

    def new_id(self) -> str:
        """Make the id of an outage or a downtime."""
        return new_id(self._clock.now(), self._randomness.take(RANDOM_BYTES))

    def event(
        self, hosted: OfficeCode, outage_id: str, event: Event, members: dict[str, object], *, actor: str = "gateway"
    ) -> NewEvent:
        """Make an event; `members` are what is told of it."""
        at = self._clock.now()
        random = self._randomness.take(RANDOM_BYTES + 32)
        salts = random[RANDOM_BYTES:]
        content = canonical_json({**members, "event": event.value, "outage": outage_id, "salt": salts[:16].hex()})
        entry = make_entry(
            entry_id=new_id(at, random[:RANDOM_BYTES]),
            hosted=hosted,
            exchange_id=None,
            step=STEPS[event],
            at=at,
            salt=salts[16:],
            actor=actor,
            digests={"outage": hashlib.sha256(content).hexdigest()},
        )
        return NewEvent(outage_id=outage_id, event=event, entry=entry, content=content)

    def events_of(self, hosted: OfficeCode, finding: Finding) -> tuple[NewEvent, NewEvent]:
        """The begin and the end of an outage that is over."""
        outage_id = self.new_id()
        members = {"measuredBy": finding.measured_by, "subject": finding.subject.value}
        return (
            self.event(hosted, outage_id, Event.BEGAN, {**members, **window_members(finding.began)}),
            self.event(hosted, outage_id, Event.ENDED, {**members, **window_members(finding.ended)}),
        )


def window_members(window: Window) -> dict[str, object]:
    """A window as it stands in an event."""
    return {
        "notAfter": rfc3339(window.not_after),
        "notBefore": None if window.not_before is None else rfc3339(window.not_before),
    }


def read_window(content: dict[str, Any]) -> Window:
    """Read what `window_members` wrote; ValueError, KeyError, TypeError."""
    before = content["notBefore"]
    after = datetime.fromisoformat(content["notAfter"])
    if after.tzinfo is None or after.utcoffset() != timedelta():
        raise ValueError("a time that is not in UTC")
    return Window(not_before=None if before is None else datetime.fromisoformat(before), not_after=after)


def is_bound(content: bytes, leaf: bytes) -> bool:
    """Whether an entry's leaf commits to this content."""
    digests: dict[str, str] = json.loads(leaf[1:]).get("digests", {})
    return digests.get("outage") == hashlib.sha256(content).hexdigest()
