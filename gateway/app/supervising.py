"""Supervising: `pouch serve` starts the database, then worker processes on one port, and keeps them alive.

Rules: scale is by processes (SO_REUSEPORT), not threads; the ops port is served here, so that it answers while workers
come and go; the crew's own rules are in crew.py.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from gateway.app.crew import Crew
from gateway.app.opening import CannotOpen, open_database
from gateway.app.parent import watch_parent
from gateway.app.watching import bind_watch, open_watch
from gateway.core.secret import Secret
from gateway.settings import Settings
from gateway.store.named_queries import load_queries
from gateway.store.pool import DatabaseUnavailable, open_pool
from monitoring.log import logger
from monitoring.scrape import mark_process_dead, prepare_folder

__all__ = ["CannotStart", "Serving", "supervise"]

_log = logger("supervisor")


class CannotStart(Exception):
    """A worker can never start as things are, and has said why on standard error; `code` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__("not started: the reason stands above")
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A gateway that is ready: URL of the front door on this machine, URL of the ops port, for whom, by how many."""

    address: str
    ops: str
    offices: tuple[str, ...]
    workers: int


async def supervise(config: Path, settings: Settings, *, workers: int, ready: Callable[[Serving], None]) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP goes on to the workers. `ready` is told once, when all workers listen.

    SettingsError, CannotOpen at the start; CannotStart if a worker can never start.
    """
    bound = bind_watch(settings)  # first: nothing of a gateway that already runs here is touched
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    metrics = settings.gateway.storage / "metrics"
    settings.gateway.storage.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        stack.enter_context(closing(bound))
        watch_parent(stopping)
        prepare_folder(metrics)
        dsn = await stack.enter_async_context(open_database(settings))
        crew = _gather(config, dsn, metrics, workers)
        loop.add_signal_handler(signal.SIGHUP, crew.tell, signal.SIGHUP)
        try:
            pool = await open_pool(dsn, application="pouch supervisor", smallest=1, largest=2)
        except DatabaseUnavailable as error:
            raise CannotOpen(f"{error}; is the server of database.dsn running?") from None
        stack.push_async_callback(pool.close)
        ping = load_queries()["ping"]
        watch = await open_watch(settings, bound, pool, ping, metrics, lambda: crew.alive)
        stack.push_async_callback(watch.stop)
        telling = asyncio.create_task(_tell(crew, _serving(settings, watch.url, workers), ready))
        code = await crew.run(stopping)
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    if code is not None:
        raise CannotStart(code)


def _gather(config: Path, dsn: Secret, metrics: Path, workers: int) -> Crew:
    """The DSN goes by the environment, where only this user can read it; -P: files of the folder are no modules."""
    worker = [sys.executable, "-P", "-m", "gateway", "serve-worker", "-c", str(config), "--metrics", str(metrics)]
    return Crew(
        [[*worker, "--slot", str(slot)] for slot in range(workers)],
        environment={"POUCH_DATABASE_DSN": dsn.reveal()},
        listens=lambda slot: _log.info("a worker listens", slot=slot),
        ended=lambda slot: mark_process_dead(metrics, slot),
    )


def _serving(settings: Settings, ops: str, workers: int) -> Serving:
    front = settings.front_door
    return Serving(
        address=f"{'https' if front.tls_certificate else 'http'}://{front.listen}",
        ops=ops,
        offices=tuple(item.code for item in settings.hosted),
        workers=workers,
    )


async def _tell(crew: Crew, serving: Serving, ready: Callable[[Serving], None]) -> None:
    await crew.ready.wait()
    _log.info(
        "listening", address=serving.address, ops=serving.ops, offices=list(serving.offices), workers=serving.workers
    )
    ready(serving)
