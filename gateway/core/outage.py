"""Outages: who was away since when, how surely that is known, and what of it was announced.

Rules:
- An outage's begin and end are windows, not moments: what is certain lies between the inner bounds, what is possible
  between the outer ones.
- Silence is measured by a clock that does not jump wherever there is one, and never longer than whoever measures has
  been silent itself: a clock that was set is no outage, nor is a beat that came late from a process that was alive.
- Planned is what was announced before it happened, and no more of it than was announced.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

__all__ = [
    "Beat",
    "Downtime",
    "Event",
    "Finding",
    "Outage",
    "OwnWatch",
    "Subject",
    "Window",
    "find_silence",
    "planned_seconds",
]


class Subject(Enum):
    """Who was away."""

    DOOR = "door"  # our own: nobody could send to the gateway
    DATABASE = "database"  # the gateway lived and could keep nothing
    LINK = "link"  # a counterpart, as our attempts saw it


class Event(Enum):
    """What is kept of outages and downtime, each with its ledger entry."""

    BEGAN = "began"
    ENDED = "ended"
    ANNOUNCED = "announced"
    CALLED_OFF = "called-off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A sign of life: when by the database's clock, and by the clock of seconds since the machine's start `boot`."""

    at: datetime
    boot: str
    seconds: float
    orderly: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWatch:
    """What a process knows of itself since its last sign of life, in seconds by the clock that does not jump.

    `since` the last one; `failed` since the first beat that the database did not take, None if it took all; `frozen`
    the longest time in which the process did nothing at all.
    """

    since: float
    failed: float | None
    frozen: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A moment that is known to lie in here; `not_before` None if nothing is known of the time before."""

    not_before: datetime | None
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An outage that is over: `measured_by` says by which clock its length is known."""

    subject: Subject
    began: Window
    ended: Window
    measured_by: str


def find_silence(
    last: Beat | None, now: Beat, own: OwnWatch | None, *, limit: float, beat: float, opened: float
) -> Finding | None:
    """Tell what the time between two signs of life was; None if it was no outage.

    `own` is None for a process's first beat, `opened` then says for how many seconds its door has been open. `limit`
    and `beat` in seconds. All moments are given by the database's clock as it goes now.
    """
    if last is None:
        return None
    same_clock = last.boot == now.boot
    silence = now.seconds - last.seconds if same_clock else (now.at - last.at).total_seconds()
    if own is not None:
        silence = min(silence, own.since)
    if silence < limit:
        return None
    began = now.at - timedelta(seconds=silence)
    measured_by = "machine clock" if same_clock or own is not None else "database clock over a restart of the machine"
    if own is None or own.frozen >= limit:
        # the last beat may have been followed by nothing, or by life until shortly before a next one was missed
        slack = 0.0 if last.orderly else min(2 * beat, silence)
        back = now.at - timedelta(seconds=min(opened, silence) if own is None else 0.0)
        after = began + timedelta(seconds=slack)
        return Finding(
            subject=Subject.DOOR,
            began=Window(not_before=began, not_after=min(after, back)),
            ended=Window(not_before=back, not_after=now.at),
            measured_by=measured_by,
        )
    if own.failed is None:
        return None
    missed = now.at - timedelta(seconds=min(own.failed, silence))
    return Finding(
        subject=Subject.DATABASE,
        began=Window(not_before=began, not_after=missed),
        ended=Window(not_before=max(missed, now.at - timedelta(seconds=2 * beat)), not_after=now.at),
        measured_by=measured_by,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Downtime:
    """What was announced: from when to when, and when it was said; `called_off` ends it early."""

    downtime_id: str
    subject: Subject
    counterpart: str | None
    starts: datetime
    ends: datetime
    announced: datetime
    reason: str
    called_off: datetime | None = None

    @property
    def holds(self) -> tuple[datetime, datetime]:
        """The time that counts as planned: nothing before it was said, nothing after it was called off."""
        ends = self.ends if self.called_off is None else min(self.ends, self.called_off)
        return max(self.starts, self.announced), ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One outage as it is listed; `ended` None while it lasts."""

    outage_id: str
    subject: Subject
    counterpart: str | None
    adapter: str | None
    began: Window
    ended: Window | None
    measured_by: str

    def certain(self, now: datetime) -> timedelta:
        """For how long it was away at the least."""
        end = now if self.ended is None else self.ended.not_before or self.ended.not_after
        return max(end - self.began.not_after, timedelta())

    def possible(self, now: datetime) -> timedelta | None:
        """For how long it was away at the most; None if nothing is known of the time before."""
        if self.began.not_before is None:
            return None
        return max((now if self.ended is None else self.ended.not_after) - self.began.not_before, timedelta())


def planned_seconds(outage: Outage, downtimes: Iterable[Downtime], now: datetime) -> float:
    """How many seconds of the time in which it was possibly away were announced."""
    start = outage.began.not_before or outage.began.not_after
    end = now if outage.ended is None else outage.ended.not_after
    spans: list[tuple[datetime, datetime]] = []
    for downtime in downtimes:
        if downtime.subject is not outage.subject and not (
            downtime.subject is Subject.DOOR and outage.subject is Subject.DATABASE
        ):
            continue
        if downtime.subject is Subject.LINK and downtime.counterpart != outage.counterpart:
            continue
        since, until = downtime.holds
        if max(since, start) < min(until, end):
            spans.append((max(since, start), min(until, end)))
    return _covered(sorted(spans))


def _covered(spans: Sequence[tuple[datetime, datetime]]) -> float:
    """The length of what these cover together, in seconds; they come in the order of their starts."""
    covered, reached = 0.0, None
    for since, until in spans:
        start = since if reached is None else max(since, reached)
        if until > start:
            covered += (until - start).total_seconds()
            reached = until
    return covered
