"""The foreign office itself: its settings, library, client and errands in one place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from sandbox.beside import Beside
from sandbox.hostility import Hostility, Switch
from sandbox.office.client import DasClient, Turned
from sandbox.office.config import Settings, read_key
from sandbox.office.errands import Errands
from sandbox.office.library import Library
from sandbox.office.tokens import BureauTokens
from sandbox.record import Record

__all__ = ["OFFICE", "ForeignOffice"]


class ForeignOffice(Beside):
    """One running office and its errands; `http` is there while its server runs, `origin` once it listens."""

    def __init__(
        self,
        settings: Settings,
        *,
        hostility: Hostility,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[Any]],
    ) -> None:
        super().__init__()
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

    def listens(self, origin: str) -> None:
        """Take the origin, then begin the errands of the configuration."""
        self.origin = origin
        for document in self.settings.document:
            self.spawn(self.errands.register(document))
        for wanted in self.settings.wanted:
            self.spawn(self.errands.retrieve(wanted))

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

    def _session(self) -> aiohttp.ClientSession:
        if self.http is None:
            raise aiohttp.ClientError("not running")
        return self.http


OFFICE: Final = web.AppKey("office", ForeignOffice)
