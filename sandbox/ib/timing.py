"""Work that takes time: ended by polls, by seconds, or at once, and never by the wall clock of a test.

Rules: a delay of nothing is done before the call that asked for it is answered; with `polls` the work rests
until it has been asked for that often; a step runs once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.ib.config import Delay

__all__ = ["Workbench"]

Step = Callable[[], Awaitable[None]]
_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Waiting:
    step: Step
    polls_left: int
    not_before: datetime


class Workbench:
    """Pending steps by key, and the Bureau's own calls under way."""

    def __init__(self, now: Callable[[], datetime], sleep: Callable[[float], Awaitable[Any]]) -> None:
        self._now = now
        self._sleep = sleep
        self._waiting: dict[str, _Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()

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

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the coroutine beside everything else; a defect in it is logged and raised by `settled`."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def settled(self) -> None:
        """Return once nothing runs beside; work that waits for polls is not waited for."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Cancel what is under way and wait for its end."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _later(self, seconds: float, step: Step) -> None:
        await self._sleep(seconds)
        await step()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (wrong := task.exception()) is not None:
            _log.error("work beside ended by a defect", exc_info=wrong)
