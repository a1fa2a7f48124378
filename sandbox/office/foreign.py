"""The foreign office itself: its settings, library, client and errands in one place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from sandbox.hostility import Hostility, Switch
from sandbox.office.client import DasClient, Turned
from sandbox.office.config import Settings, read_key
from sandbox.office.errands import Errands
from sandbox.office.library import Library
from sandbox.office.tokens import BureauTokens
from sandbox.record import Record

__all__ = ["OFFICE", "ForeignOffice"]

_log = logging.getLogger(__name__)


class ForeignOffice:
    """One running office; `http` is there while its server runs, `origin` once it listens."""

    def __init__(
        self,
        settings: Settings,
        *,
        hostility: Hostility,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[Any]],
    ) -> None:
        Path(settings.folder).mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.hostility = hostility
        self.record = Record(now)
        self.library = Library(settings.document, hostility)
        self.client = DasClient(settings, read_key(Path(settings.key)), self._session, now, sleep)
        self.errands = Errands(settings=settings, client=self.client, record=self.record)
        self.tokens = BureauTokens(settings.audience, self.client.keys, now)
        self.http: aiohttp.ClientSession | None = None
        self.origin = ""
        self._sleep = sleep
        self._tasks: set[asyncio.Task[None]] = set()

    def listens(self, origin: str) -> None:
        """Take the origin, then begin the errands of the configuration."""
        self.origin = origin
        for document in self.settings.document:
            self.spawn(self.errands.register(document))
        for wanted in self.settings.wanted:
            self.spawn(self.errands.retrieve(wanted))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run an errand beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def settled(self) -> None:
        """Return once no errand is under way; raises what an errand raised."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Cancel the errands under way and wait for their end."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def tell_ready(self, ack: str) -> None:
        """Notify the Bureau, after the time of preparation, that the file can be fetched (call 14)."""
        await self._sleep(self.settings.prepare_seconds)
        body = {
            "requestAckId": ack,
            "requestStatusCategory": "success",
            "errorCode": None,
            "statusMessage": None,
            "documentAvailabilityDate": None,
        }
        for _ in range(2 if self.hostility.strikes(Switch.DUPLICATE, "notification") else 1):
            try:
                await self.client.call("POST", "/requests/notifications", body)
            except Turned as no:
                self.record.append("notification-failed", ack=ack, status=no.status)
            else:
                self.record.append("notification-sent", ack=ack)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (wrong := task.exception()) is not None:
            _log.error("an errand ended by a defect", exc_info=wrong)

    def _session(self) -> aiohttp.ClientSession:
        if self.http is None:
            raise aiohttp.ClientError("not running")
        return self.http


OFFICE: Final = web.AppKey("office", ForeignOffice)
