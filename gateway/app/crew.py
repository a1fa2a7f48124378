"""The crew: the worker processes of one supervisor, started, kept alive, and ended in order.

Rules:
- A worker writes one line to its standard output when it listens, and ends when its standard input does.
- A worker that ends with exit 1 or 2 before it has ever listened can never start as things are: everything ends, and
  its own words on standard error are the reason. One that has listened is started again, slower each time.
- The first worker goes ahead of the others, so that a reason is told by one and not by all.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from monitoring.log import logger

__all__ = ["Crew"]

_log = logger("supervisor")

#: Seconds: the first and the longest pause before a dead worker is started again, and how long a stop may take.
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_GRACE: Final = 40.0
#: Exit codes by which a worker says that it cannot start: refused, and wrong usage.
_NEVER: Final = (1, 2)


class Crew:
    """Workers by their command lines. `ready` is set when each has listened for the first time."""

    def __init__(
        self,
        commands: Sequence[Sequence[str]],
        *,
        environment: Mapping[str, str],
        listens: Callable[[int], None],
        ended: Callable[[int], None],
        first_pause: float = _FIRST_PAUSE,
    ) -> None:
        """`environment` goes over this process's own; `listens` and `ended` are told the slot whenever one does so."""
        self._environment = {**os.environ, **environment, "POUCH_SUPERVISED": "1"}
        self._listens = listens
        self._ended = ended
        self._first_pause = first_pause
        self._workers = [_Worker(slot, command, self._environment) for slot, command in enumerate(commands)]
        self.ready = asyncio.Event()

    @property
    def alive(self) -> int:
        """How many processes run now."""
        return sum(worker.is_alive for worker in self._workers)

    def tell(self, name: signal.Signals) -> None:
        """Send a signal to all that run."""
        for worker in self._workers:
            worker.tell(name)

    async def run(self, stopping: asyncio.Event) -> int | None:
        """Keep all alive until `stopping`, and end them; gives the exit code of one that can never start, else None.

        Such a one sets `stopping` for all.
        """
        async with asyncio.TaskGroup() as group:
            keeping = []
            for worker in self._workers:
                keeping.append(group.create_task(self._keep(worker, stopping)))
                await _first_of(worker.has_listened.wait(), stopping.wait())
            if not stopping.is_set():
                self.ready.set()
        return next((code for task in keeping if (code := task.result()) is not None), None)

    async def _keep(self, worker: "_Worker", stopping: asyncio.Event) -> int | None:
        """Start a worker, start it again when it dies, and end it when `stopping` is set."""
        pause = self._first_pause
        while not stopping.is_set():
            started = time.monotonic()
            await worker.start()
            await _first_of(self._watch(worker), stopping.wait())
            if stopping.is_set():
                if not await worker.end(_GRACE):
                    _log.error("a worker did not end and was killed", slot=worker.slot, grace=_GRACE)
                return None
            code = await worker.wait()
            self._ended(worker.slot)
            if code in _NEVER and not worker.has_listened.is_set():
                _log.error("a worker cannot start", slot=worker.slot, exit=code)
                stopping.set()
                return code
            long = time.monotonic() - started > _LONGEST_PAUSE
            pause = self._first_pause if long else min(pause * 2, _LONGEST_PAUSE)
            _log.error("a worker died", slot=worker.slot, exit=code, again_in=pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)
        return None

    async def _watch(self, worker: "_Worker") -> None:
        """Return when the process has ended; tell meanwhile when it listens."""
        if await worker.hears():
            worker.has_listened.set()
            self._listens(worker.slot)
        await worker.wait()


class _Worker:
    """One worker's place and its process of now."""

    def __init__(self, slot: int, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.slot = slot
        self.has_listened = asyncio.Event()
        self._command = command
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the process runs now."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start a process: its standard output tells when it listens, its standard input when we are gone."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environment,
        )

    async def hears(self) -> bool:
        """Wait for the line that says that it listens; False if it ended without."""
        assert self._process is not None and self._process.stdout is not None
        return bool(await self._process.stdout.readline())

    async def wait(self) -> int:
        """Wait for the end of the process; gives its exit code."""
        assert self._process is not None
        return await self._process.wait()

    def tell(self, name: signal.Signals) -> None:
        """Send a signal, if there is somebody to take it."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(name)

    async def end(self, grace: float) -> bool:
        """Ask the process to end, and kill it if it has not after `grace` seconds; False if that was needed."""
        self.tell(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.wait(), grace)
        except TimeoutError:
            self.tell(signal.SIGKILL)
            await self.wait()
            return False
        return True


async def _first_of(*waiting: Coroutine[Any, Any, Any]) -> None:
    """Return as soon as one of these has ended; the others are given up."""
    tasks = [asyncio.ensure_future(each) for each in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
