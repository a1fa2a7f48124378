"""Rates: token buckets, one for each sender or source; a burst is let through, a flood waits.

Rules: the number of buckets is bounded, since a stranger chooses its address; those that are full again are forgotten
first, and beyond the bound all newcomers share one.
"""

from dataclasses import dataclass
from typing import Final

__all__ = ["Buckets"]

_MOST: Final = 4096
_OTHERS: Final = ""


@dataclass(slots=True)
class _Bucket:
    level: float
    since: float


class Buckets:
    """Buckets that hold `burst` and fill at `rate` a second. Times are seconds of any clock that only goes forward."""

    def __init__(self, *, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, who: str, at: float) -> float:
        """Give the seconds until there is one to take; 0.0 if there is one now. Takes nothing."""
        bucket = self._buckets.get(who)
        if bucket is None and len(self._buckets) >= _MOST:
            bucket = self._buckets.get(_OTHERS)
        if bucket is None:
            return 0.0
        return max(0.0, (1.0 - self._level(bucket, at)) / self._rate)

    def take(self, who: str, at: float) -> float:
        """Take one if there is one; gives the seconds to wait if there is none."""
        bucket = self._buckets.get(who) or self._begin(who, at)
        bucket.level = self._level(bucket, at)
        bucket.since = at
        if bucket.level < 1.0:
            return (1.0 - bucket.level) / self._rate
        bucket.level -= 1.0
        return 0.0

    def _level(self, bucket: _Bucket, at: float) -> float:
        return min(self._burst, bucket.level + (at - bucket.since) * self._rate)

    def _begin(self, who: str, at: float) -> _Bucket:
        if len(self._buckets) >= _MOST:
            kept = {name: b for name, b in self._buckets.items() if self._level(b, at) < self._burst}
            self._buckets = kept
        if len(self._buckets) >= _MOST:
            who = _OTHERS
        return self._buckets.setdefault(who, _Bucket(self._burst, at))
