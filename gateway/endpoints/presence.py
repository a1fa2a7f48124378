"""Presence: what one process's door remembers between requests: who is inside, and how often who came.

Rules:
- A proven sender has a rate of its own. An unproven source has one for its failures; when that is used up, its
  requests are turned away unread, except where proven senders come from the same address: behind a balancer all
  do, and a stranger must not be able to shut them out.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from gateway.core.reason import Deferred, Reason
from gateway.endpoints.door import Limits
from gateway.endpoints.pressure import Pressure
from gateway.endpoints.rates import Buckets

__all__ = ["Presence"]

#: How long, in seconds, a source is known for the proven sender that came from it, and how many are known.
_REMEMBERED: Final = 600.0
_MOST: Final = 4096


class Presence:
    """Begins with full buckets and nobody inside. Used within one event loop."""

    def __init__(self, limits: Limits) -> None:
        self._senders = Buckets(rate=limits.messages_per_second, burst=limits.burst)
        self._failures = Buckets(rate=limits.failures_per_second, burst=limits.failure_burst)
        self._proven: dict[str, float] = {}
        self._pressure = Pressure()
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self.leaving = False

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be counted as inside meanwhile."""
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def leave(self, grace: float) -> bool:
        """Let nobody in any more and wait, `grace` seconds at most, until nobody is inside; False if somebody is."""
        self.leaving = True
        try:
            async with asyncio.timeout(grace):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    def check(self, source: str) -> None:
        """Deferred(SHUTTING_DOWN, RATE_EXCEEDED) if a request from `source` is not even looked at."""
        if self.leaving:
            raise Deferred(Reason.SHUTTING_DOWN)
        at = _now()
        if at - self._proven.get(source, -_REMEMBERED) >= _REMEMBERED:
            _wait(self._failures.wait(source, at))

    def admit(self, sender: str, source: str) -> None:
        """Count a message of a proven sender; Deferred(RATE_EXCEEDED) with the time to wait if it is one too many."""
        at = _now()
        self._proven.pop(source, None)
        while len(self._proven) >= _MOST:
            self._proven.pop(next(iter(self._proven)))
        self._proven[source] = at
        _wait(self._senders.take(sender, at))

    def failed(self, source: str) -> None:
        """Count a request that proved nobody."""
        self._failures.take(source, _now())

    def pressed(self, reason: Reason, door: str, sender: str) -> int | None:
        """Count a refusal for want of room or rate; how many since the last log line if one is due (pressure.py)."""
        return self._pressure.count(reason, door, sender, _now())


def _wait(seconds: float) -> None:
    if seconds:
        raise Deferred(Reason.RATE_EXCEEDED, delay=timedelta(seconds=seconds))


def _now() -> float:
    return asyncio.get_running_loop().time()
