"""How the hosted offices' logs stand, as one process knows it: read every few seconds, never within a message."""

import asyncio
from collections.abc import Mapping
from typing import Final

from gateway.app.log_keys import origin_of
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred
from gateway.core.standing import LogStanding
from gateway.settings import Settings
from gateway.store.ledger_read import Queryable
from gateway.store.standing import read_standings

__all__ = ["Standings"]

#: Seconds between two looks.
_LOOK: Final = 2.0


class Standings:
    """The standings as read last; before the first reading every log stands well, under the name of the settings."""

    def __init__(self, settings: Settings, database: Queryable, queries: Mapping[str, str]) -> None:
        hosted = [OfficeCode(item.code) for item in settings.hosted]
        self._first = {code: LogStanding(origin=origin_of(settings, code)) for code in hosted}
        self._now: Mapping[OfficeCode, LogStanding] = self._first
        self._database = database
        self._queries = queries

    def now(self) -> Mapping[OfficeCode, LogStanding]:
        """What was read last."""
        return self._now

    async def read(self) -> None:
        """Read; Deferred(DATABASE_UNAVAILABLE) leaves everything as it was."""
        rows = await read_standings(self._database, self._queries)
        self._now = {code: rows.get(code, first) for code, first in self._first.items()}

    async def keep_reading(self) -> None:
        """Read every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            try:
                await self.read()
            except Deferred:
                continue  # the former standing is the best that is known
