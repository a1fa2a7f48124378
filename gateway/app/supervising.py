"""Supervising: `pouch serve` starts the database, then worker processes on one port, and keeps them alive.

Rules: scale is by processes (SO_REUSEPORT), not threads; a worker that dies is started again, slower each time; the
ops port is served here, so that it answers while workers come and go.
"""

import asyncio
import os
import signal
import sys
import time
from contextlib import AsyncExitStack, closing, suppress
from pathlib import Path

from gateway.app.opening import CannotOpen, open_database
from gateway.app.watching import bind_watch, open_watch
from gateway.core.secret import Secret
from gateway.settings import Settings
from gateway.store.named_queries import load_queries
from gateway.store.pool import DatabaseUnavailable, open_pool
from monitoring.log import logger
from monitoring.scrape import mark_process_dead, prepare_folder

__all__ = ["supervise"]

_log = logger("supervisor")

#: Seconds: the first and the longest pause before a dead worker is started again, and how long a stop may take.
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_GRACE = 40.0


async def supervise(config: Path, settings: Settings, *, workers: int) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP goes on to the workers. SettingsError, CannotOpen at the start."""
    bound = bind_watch(settings)  # first: nothing of a gateway that already runs here is touched
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    metrics = settings.gateway.storage / "metrics"
    settings.gateway.storage.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        stack.enter_context(closing(bound))
        prepare_folder(metrics)
        dsn = await stack.enter_async_context(open_database(settings))
        crew = [_Worker(config, dsn, metrics, slot) for slot in range(workers)]
        loop.add_signal_handler(signal.SIGHUP, _pass_on, crew)
        try:
            pool = await open_pool(dsn, application="pouch supervisor", smallest=1, largest=2)
        except DatabaseUnavailable as error:
            raise CannotOpen(f"{error}; is the server of database.dsn running?") from None
        try:
            ping = load_queries()["ping"]
            watch = await open_watch(
                settings, bound, pool, ping, metrics, lambda: sum(worker.is_alive for worker in crew)
            )
            async with asyncio.TaskGroup() as group:
                for worker in crew:
                    group.create_task(worker.keep(stopping))
            await watch.stop()
        finally:
            await pool.close()


def _pass_on(crew: "list[_Worker]") -> None:
    for worker in crew:
        worker.tell(signal.SIGHUP)


class _Worker:
    """One worker process: its place, and how it is kept alive."""

    def __init__(self, config: Path, dsn: Secret, metrics: Path, slot: int) -> None:
        self._config = config
        self._dsn = dsn
        self._metrics = metrics
        self._slot = slot
        self._process: asyncio.subprocess.Process | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the process runs now."""
        return self._process is not None and self._process.returncode is None

    def tell(self, name: signal.Signals) -> None:
        """Send a signal, if there is somebody to take it."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(name)

    async def keep(self, stopping: asyncio.Event) -> None:
        """Start the process, start it again when it dies, and end it when `stopping` is set."""
        pause = _FIRST_PAUSE
        while not stopping.is_set():
            started = time.monotonic()
            self._process = await self._start()
            ended = asyncio.create_task(self._process.wait())
            told = asyncio.create_task(stopping.wait())
            await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
            told.cancel()
            if stopping.is_set():
                await self._end(ended)
                return
            mark_process_dead(self._metrics, self._slot)
            pause = _FIRST_PAUSE if time.monotonic() - started > _LONGEST_PAUSE else min(pause * 2, _LONGEST_PAUSE)
            _log.error("a worker died", slot=self._slot, exit=self._process.returncode, again_in=pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)

    async def _start(self) -> asyncio.subprocess.Process:
        """The DSN goes by the environment, where only this user can read it; standard input tells when we are gone."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway",
            "serve-worker",
            "-c",
            str(self._config),
            "--slot",
            str(self._slot),
            "--metrics",
            str(self._metrics),
            stdin=asyncio.subprocess.PIPE,
            env={**os.environ, "POUCH_DATABASE_DSN": self._dsn.reveal(), "POUCH_SUPERVISED": "1"},
        )

    async def _end(self, ended: "asyncio.Task[int]") -> None:
        self.tell(signal.SIGTERM)
        done, _ = await asyncio.wait({ended}, timeout=_GRACE)
        if not done:
            self.tell(signal.SIGKILL)
            await ended
