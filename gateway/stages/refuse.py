"""Refuse: turning something away is evidence too, and is recorded with its Reason.

Rules: a proven sender's refusals are entries one by one; unproven ones up to a rate per source and Reason, then one
entry with a count, so that nobody fills the ledger from outside.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.core.exchange import Step
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Reason, Refused
from gateway.ports import Append
from gateway.stages.line import Line
from gateway.stages.receive import Encounter

__all__ = ["Crowd", "refuse", "tell_crowd"]

_PERIOD: Final = timedelta(minutes=1)
#: Sources and Reasons watched at once; beyond them all strangers count as one.
_MOST: Final = 4096
_STRANGERS: Final = "strangers"


@dataclass(slots=True)
class _Row:
    since: datetime
    written: int = 0
    counted: int = 0


class Crowd:
    """How often each unproven source was refused for each Reason at each door in the running minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._rows: dict[tuple[str, Reason, str], _Row] = {}

    def admits(self, source: str, reason: Reason, door: str, at: datetime) -> bool:
        """Whether this refusal is written singly; if not, it is counted."""
        row = self._row(source, reason, door, at)
        if row.written < self._per_minute:
            row.written += 1
            return True
        row.counted += 1
        return False

    def count(self, source: str, reason: Reason, door: str, at: datetime) -> None:
        """Count a refusal that is not written singly."""
        self._row(source, reason, door, at).counted += 1

    def _row(self, source: str, reason: Reason, door: str, at: datetime) -> _Row:
        key = (source if len(self._rows) < _MOST else _STRANGERS, reason, door)
        return self._rows.setdefault(key, _Row(since=at))

    def leave(self, at: datetime, *, everybody: bool = False) -> list[tuple[Reason, str, int]]:
        """Forget whose minute is over and give, for each Reason and door, how many were counted and not written."""
        over = [key for key, row in self._rows.items() if everybody or at - row.since >= _PERIOD]
        counts: Counter[tuple[Reason, str]] = Counter()
        for key in over:
            counts[key[1:]] += self._rows.pop(key).counted
        return [(reason, door, count) for (reason, door), count in counts.items() if count]


async def refuse(error: Refused | Deferred, encounter: Encounter, crowd: Crowd, line: Line) -> None:
    """Record a refusal. What the database cannot take is counted by the meter and lost to the ledger."""
    line.meter.refused(error.reason.code, encounter.door)
    if encounter.office is None and not crowd.admits(encounter.source, error.reason, encounter.door, line.clock.now()):
        return
    actor = encounter.office or f"unproven at {encounter.door}"
    await _write(line, encounter.hosted, actor, error.reason)


async def tell_crowd(crowd: Crowd, line: Line, *, everybody: bool = False) -> None:
    """Write the counts of the minutes that are over, one entry for each Reason and door."""
    for reason, door, count in crowd.leave(line.clock.now(), everybody=everybody):
        line.meter.refusals_counted(reason.code, door, count)
        await _write(line, None, f"unproven at {door}", reason, count)


async def _write(
    line: Line,
    hosted: OfficeCode | None,
    actor: str,
    reason: Reason,
    count: int | None = None,
) -> None:
    entry = line.entry(
        hosted=hosted or next(iter(line.signers)),
        exchange_id=None,
        step=Step.REFUSED,
        actor=actor,
        outcome=reason.code,
        count=count,
    )
    try:
        await line.journal.append(Append(hosted=entry.hosted, entry=entry))
    except Deferred:
        return
