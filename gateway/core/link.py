"""A counterpart's link as our attempts see it: who answers is there, whatever he answers.

Rules: a counterpart is away after so many failures in a row over so long a time, and until the next answer. How long is
measured by a clock that does not jump, in the process that saw the failures; what others saw only makes it later.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.core.reason import Blame, Reason

__all__ = ["LinkTally", "LinkWatch", "answered"]

#: Nobody was reached, or nothing that could be used came back.
_AWAY: Final = frozenset(
    {Reason.REMOTE_UNREACHABLE, Reason.REMOTE_OUTCOME_UNKNOWN, Reason.REMOTE_BUSY, Reason.REMOTE_MALFORMED}
)


def answered(reason: Reason | None) -> bool | None:
    """Whether an attempt that ended so had an answer; None if it says nothing about the counterpart.

    None for `reason` is an attempt that succeeded or waits politely.
    """
    if reason is None:
        return True
    if reason in _AWAY:
        return False
    return True if reason.code.startswith("5") and reason.blame is not Blame.US else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTally:
    """What one process saw since it told last: the first and last answer, and the failures after the last answer.

    `lasting` is for how many seconds this process has seen nothing but failures.
    """

    good_first: datetime | None
    good_last: datetime | None
    failing_since: datetime | None
    failed_at: datetime | None
    failures: int
    reasons: dict[str, int]
    lasting: float


@dataclass(slots=True, kw_only=True)
class LinkWatch:
    """One process's view of one link. `seconds` are of a clock that does not jump."""

    good_first: datetime | None = None
    good_last: datetime | None = None
    failing_since: datetime | None = None
    failed_at: datetime | None = None
    failures: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    #: When the run of failures began that nobody's answer has interrupted.
    run_since: float | None = None
    #: How often any process has told of an answer, as it was last seen.
    goods: int = -1

    def saw(self, reason: Reason | None, at: datetime, seconds: float) -> None:
        """Count an attempt's end."""
        there = answered(reason)
        if there is None:
            return
        if there:
            self.good_first = self.good_first or at
            self.good_last = at
            self._forget_failures()
            self.run_since = None
        elif reason is not None:
            self.run_since = seconds if self.run_since is None else self.run_since
            self.failing_since = self.failing_since or at
            self.failed_at = at
            self.failures += 1
            self.reasons[reason.code] = self.reasons.get(reason.code, 0) + 1

    def take(self, seconds: float) -> LinkTally | None:
        """Give what was seen since the last time, and begin anew; None if nothing was."""
        if self.good_last is None and not self.failures:
            return None
        tally = LinkTally(
            good_first=self.good_first,
            good_last=self.good_last,
            failing_since=self.failing_since,
            failed_at=self.failed_at,
            failures=self.failures,
            reasons=dict(self.reasons),
            lasting=0.0 if self.run_since is None else seconds - self.run_since,
        )
        self.good_first = self.good_last = None
        self._forget_failures()
        return tally

    def give_back(self, tally: LinkTally) -> None:
        """Keep what could not be told: it was before all that was seen since."""
        if self.good_last is None:
            self.failing_since = tally.failing_since or self.failing_since
            self.failed_at = self.failed_at or tally.failed_at
            self.failures += tally.failures
            for code, count in tally.reasons.items():
                self.reasons[code] = self.reasons.get(code, 0) + count
        self.good_first = tally.good_first or self.good_first
        self.good_last = self.good_last or tally.good_last

    def merged(self, goods: int, seconds: float) -> None:
        """Take note of how many answers all processes have told of: if more, the run of failures begins here."""
        if goods != self.goods and self.run_since is not None and self.goods >= 0:
            self.run_since = seconds
        self.goods = goods

    def _forget_failures(self) -> None:
        self.failing_since = self.failed_at = None
        self.failures = 0
        self.reasons.clear()
