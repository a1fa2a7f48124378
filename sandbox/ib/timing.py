"""Work that takes time: ended by polls, by seconds, or at once, and never by the wall clock of a test.

Rules: a delay of nothing is done before the call that asked for it is answered; with `polls` the work rests
until it has been asked for that often; a step runs once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.beside import Beside
from sandbox.ib.config import Delay

__all__ = ["Workbench"]

Step = Callable[[], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class _Waiting:
    step: Step
    polls_left: int
    not_before: datetime


class Workbench(Beside):
    """Pending steps by key, which `settled` does not wait for, and the Bureau's own calls under way."""

    def __init__(self, now: Callable[[], datetime], sleep: Callable[[float], Awaitable[Any]]) -> None:
        super().__init__()
        self._now = now
        self._sleep = sleep
        self._waiting: dict[str, _Waiting] = {}

    async def start(self, key: str, delay: Delay, step: Step) -> None:
        """Do the step after the delay; `key` is what `polled` names later."""
        if delay.polls > 0:
            due = self._now() + timedelta(seconds=delay.seconds)
            self._waiting[key] = _Waiting(step=step, polls_left=delay.polls, not_before=due)
        elif delay.seconds > 0:
            self.spawn(self._later(delay.seconds, step))
        else:
            await step()

    async def polled(self, key: str) -> None:
        """Count one question about the work; the one after the last waiting poll finds it done."""
        waiting = self._waiting.get(key)
        if waiting is None:
            return
        if waiting.polls_left > 0 or self._now() < waiting.not_before:
            waiting.polls_left -= 1
            return
        del self._waiting[key]
        await waiting.step()

    async def _later(self, seconds: float, step: Step) -> None:
        await self._sleep(seconds)
        await step()
