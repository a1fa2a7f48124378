"""Restoring the ledger's order by hand: entries come back from an export, or the log goes on under another name.

Rules:
- It is done by who leads: the session of the present leader is ended, and takes every log up anew afterwards.
- Each piece is one transaction: what was interrupted goes on from where it stands. Nothing that has its place moves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.core.entry import Entry
from gateway.core.office import OfficeCode
from gateway.core.secret import Secret
from gateway.store.guard import guarded
from gateway.store.ledger_edge import Edge
from gateway.store.ledger_read import LedgerDamaged
from gateway.store.ledger_write import LEADERS_LOCK, LedgerWriter
from gateway.store.pool import connect

__all__ = ["Era", "LedgerRestorer", "RestoredEntry", "open_restorer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredEntry:
    """An entry as its leaf tells it; ids are UUIDs as text."""

    entry_id: str
    exchange_id: str | None
    step: str
    at: datetime
    leaf: bytes
    leaf_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """A log that goes on under another name: the number of its era, from 2; see table ledger_era."""

    number: int
    origin: str
    lost: int
    note: bytes | None
    reason: str


async def open_restorer(dsn: Secret, queries: Mapping[str, str], *, patience: timedelta) -> "LedgerRestorer":
    """Open one on a connection of its own; DatabaseUnavailable, Deferred(DATABASE_UNAVAILABLE)."""
    with guarded():
        return LedgerRestorer(await connect(dsn, application="pouch recover", patience=patience), queries)


class LedgerRestorer(LedgerWriter):
    """A leader for a person's decision. Deferred(DATABASE_UNAVAILABLE) from every method."""

    async def seize(self) -> bool:
        """End the lead of who has it and try to take it; at once."""
        with guarded():
            await self._connection.fetch(self._queries["ledger_end_lead"], LEADERS_LOCK)
        return await self.lead()

    def edge(self, hosted: OfficeCode) -> Edge:
        """The right edge of a log that was taken up, to be tried on."""
        return self._edges[hosted].copy()

    async def announce(self, hosted: OfficeCode, entry: Entry, size: int) -> None:
        """Write that the entries from here up to `size` come back from an export; `entry` tells it."""
        with guarded():
            async with self._connection.transaction():
                await self.add_entry(entry)
                await self._connection.execute(
                    self._queries["ledger_add_restored"], hosted, entry.entry_id, self.size(hosted), size
                )

    async def put_back(self, hosted: OfficeCode, entries: Sequence[RestoredEntry]) -> None:
        """Give entries of an export their places again; LedgerDamaged if the database has one of them otherwise."""
        ids = [entry.entry_id for entry in entries]
        with guarded():
            async with self._connection.transaction():
                await self._connection.execute(
                    self._queries["ledger_restore_entries"],
                    hosted,
                    ids,
                    [entry.exchange_id for entry in entries],
                    [entry.step for entry in entries],
                    [entry.at for entry in entries],
                    [entry.leaf for entry in entries],
                    [entry.leaf_hash for entry in entries],
                )
                leaves = [entry.leaf for entry in entries]
                other = await self._connection.fetchval(self._queries["ledger_restored_otherwise"], hosted, ids, leaves)
                if other is not None:
                    raise LedgerDamaged(f"entry {other}", "is in the database with another content")
                await self._connection.execute(self._queries["ledger_await_no_more"], hosted, ids)
                rows: list[dict[str, Any]] = [
                    {"entry_id": entry.entry_id, "leaf_hash": entry.leaf_hash} for entry in entries
                ]
                grown = await self._append(hosted, rows)
            self._edges[hosted] = grown

    async def begin_era(self, hosted: OfficeCode, era: Era, entry: Entry) -> int:
        """Go on under another name from here, `entry` being the first of it; gives its place."""
        size = self.size(hosted)
        with guarded():
            async with self._connection.transaction():
                await self.add_entry(entry)
                await self._connection.execute(self._queries["ledger_await_no_more"], hosted, [entry.entry_id])
                grown = await self._append(hosted, [{"entry_id": entry.entry_id, "leaf_hash": entry.leaf_hash}])
                await self._connection.execute(
                    self._queries["ledger_begin_era"],
                    hosted,
                    era.number,
                    era.origin,
                    size,
                    era.lost,
                    era.note,
                    entry.entry_id,
                    era.reason,
                    entry.at,
                )
            self._edges[hosted] = grown
        return size
