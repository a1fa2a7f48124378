"""Duties: what one process at a time does for all gateways on a database, by a lease that ends by itself."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from gateway.store.guard import guarded
from gateway.store.ledger_read import Queryable

__all__ = ["Duty"]

#: Longer than two looks of its holder, so that it changes hands only if that has gone.
_LEASE: Final = timedelta(minutes=5)


class Duty:
    """One duty as one process sees it."""

    def __init__(self, database: Queryable, queries: Mapping[str, str], name: str) -> None:
        self._database = database
        self._take = queries["duty_take"]
        self._name = name
        self._holder = secrets.token_hex(16)

    async def take(self) -> bool:
        """Have the duty for the next five minutes, or learn that another has it. Deferred(DATABASE_UNAVAILABLE)."""
        with guarded():
            return await self._database.fetchval(self._take, self._name, self._holder, _LEASE) is not None
