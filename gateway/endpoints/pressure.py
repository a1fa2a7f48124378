"""Pressure: what is turned away for want of room, rate or strength is told in the log, a line a minute, not one each.

Rules: such a refusal says something of this gateway or of a sender that exceeds its rate, and nothing of the message;
who operates it must see it in the log, and a flood of it must not fill the disk that is nearly full.
"""

from dataclasses import dataclass
from typing import Final

from gateway.core.reason import Blame, Reason, Retry

__all__ = ["PRESSURE", "Pressure"]

#: What passes by itself and is no sender's mistake, and the rate. A bug of ours has a log line of its own each time.
PRESSURE: Final = frozenset(
    {reason for reason in Reason if reason.blame is Blame.US and reason.retry is Retry.LATER} - {Reason.INTERNAL}
    | {Reason.RATE_EXCEEDED}
)
#: Seconds between two lines on the same.
_PERIOD: Final = 60.0


@dataclass(slots=True)
class _Row:
    told_at: float
    since: int = 0


class Pressure:
    """How often which Reason was given at which door to whom since it was told last.

    Bounded: by the table, by the doors, and by the offices, since a stranger is nobody ("").
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[Reason, str, str], _Row] = {}

    def count(self, reason: Reason, door: str, sender: str, at: float) -> int | None:
        """Count a refusal at `at` seconds; gives how many there were since the last line if one is due, else None."""
        row = self._rows.setdefault((reason, door, sender), _Row(told_at=at - _PERIOD))
        row.since += 1
        if at - row.told_at < _PERIOD:
            return None
        count, row.told_at, row.since = row.since, at, 0
        return count
