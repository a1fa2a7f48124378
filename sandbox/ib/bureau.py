"""The Bureau itself: its settings, memory, clock and keys in one place, reachable from every handler."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web
from yarl import URL

from sandbox.hostility import Hostility
from sandbox.ib.config import ClientKey, Office, Settings
from sandbox.ib.inferred import API_PREFIX, STORAGE_PATH, TOKEN_PATH
from sandbox.ib.keys import TokenKeys
from sandbox.ib.state import Did, Mail, Memory
from sandbox.ib.timing import Workbench
from sandbox.record import Record

__all__ = ["BUREAU", "OFFICE", "Bureau", "moment"]


_LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)


def moment(at: datetime | None) -> str | None:
    """A time as DAS text here: ISO 8601 in UTC with milliseconds and Z."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True, kw_only=True)
class Bureau:
    """One running Bureau; `origin` is set once it listens, `http` while it runs."""

    settings: Settings
    memory: Memory
    record: Record
    hostility: Hostility
    keys: TokenKeys
    client_keys: dict[str, ClientKey]
    bench: Workbench
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[Any]]
    origin: str = ""
    http: aiohttp.ClientSession | None = None
    _latest: datetime = _LONG_AGO
    _files: int = 0

    async def close(self) -> None:
        """End the calls under way."""
        await self.bench.close()

    @property
    def prefix(self) -> str:
        """The path of the API, without a slash at its end."""
        base = self.settings.base_url
        return API_PREFIX if base is None else URL(base).path.rstrip("/")

    def listens(self, origin: str) -> None:
        """Take the origin from the configured base URL, else from the socket."""
        base = self.settings.base_url
        self.origin = origin if base is None else str(URL(base).origin())

    def api_url(self, path: str, **query: str) -> str:
        """An absolute URL of the API, its query encoded."""
        return str(URL(f"{self.origin}{self.prefix}{path}").with_query(query))

    def storage_url(self, errand: str, key: str) -> str:
        """A pre-signed URL; `errand` is `uploads`, `downloads` or `originals`."""
        return f"{self.origin}{STORAGE_PATH}/{errand}/{key}"

    def token_endpoint(self) -> str:
        """The token endpoint's URL, which is the audience of client assertions."""
        return f"{self.origin}{TOKEN_PATH}"

    def identifier(self, operation: str) -> str:
        """A new acknowledgement or file identifier."""
        return self.hostility.identifier(str(uuid.uuid4()), operation)

    def new_path(self, folder: str) -> Path:
        """A fresh file name of our own below the Bureau's folder; never made from a client's words."""
        self._files += 1
        place = Path(self.settings.folder) / folder
        place.mkdir(parents=True, exist_ok=True)
        return place / f"{self._files:06d}-{uuid.uuid4().hex}"

    def availability(self) -> datetime:
        """Now, but always later than every availability date given before."""
        self._latest = max(self.now(), self._latest + timedelta(milliseconds=1))
        return self._latest

    def mail(self, to: str, subject: str, text: str, access_code: str | None = None) -> None:
        """Send an e-mail, that is, put it into the mailbox."""
        mail = Mail(to=to, subject=subject, text=text, at=self.now(), access_code=access_code)
        self.memory.mailbox.append(mail)
        self.record.append(Did.MAIL_SENT, to=to, subject=subject)


BUREAU: Final = web.AppKey("bureau", Bureau)
#: The office whose token a call carried.
OFFICE: Final = web.RequestKey("office", Office)
