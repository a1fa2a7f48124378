"""Writing the ledger's order: the one leader gives waiting entries their places, lays tiles, keeps signed checkpoints.

Rules:
- One leader in all processes, by a lock of the very session that writes: when the session ends, both end.
- Places, tiles and the shorter waiting list are one transaction; what is remembered here moves on after its commit.
- Even without the lock the log cannot fork: a place is a primary key, and the loser writes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from gateway.core.entry import Entry
from gateway.core.office import OfficeCode
from gateway.core.secret import Secret
from gateway.core.standing import Cause, LogStanding
from gateway.store.guard import guarded
from gateway.store.ledger_edge import Edge, FullTile
from gateway.store.ledger_read import LedgerDamaged, PostgresLedger, SignedHead
from gateway.store.pool import connect
from gateway.store.standing import write_standing

__all__ = ["LEADERS_LOCK", "LedgerWriter", "entry_values", "open_writer"]

#: The advisory lock of the leader.
LEADERS_LOCK: Final = int.from_bytes(b"pouchseq", "big")


def entry_values(entry: Entry) -> tuple[Any, ...]:
    """What the query `ledger_add_entry` takes of an entry."""
    head = (entry.hosted, entry.entry_id, entry.exchange_id, entry.step.value)
    return (*head, entry.at, entry.leaf, entry.leaf_hash)


async def open_writer(dsn: Secret, queries: Mapping[str, str], *, patience: timedelta) -> "LedgerWriter":
    """Open a writer on a connection of its own; DatabaseUnavailable, Deferred(DATABASE_UNAVAILABLE)."""
    with guarded():
        return LedgerWriter(await connect(dsn, application="pouch sequencer", patience=patience), queries)


class LedgerWriter:
    """A candidate for the lead, then the leader. Deferred(DATABASE_UNAVAILABLE) from everything once the session ends.

    After any error it is closed and another is opened: what it remembers may be behind the database.
    """

    def __init__(self, connection: Any, queries: Mapping[str, str]) -> None:
        self._connection = connection
        self._queries = queries
        self._ledger = PostgresLedger(connection, queries)
        self._edges: dict[OfficeCode, Edge] = {}

    async def close(self) -> None:
        """End the session, and with it the lead."""
        self._connection.terminate()

    async def lead(self) -> bool:
        """Try to become the leader; at once."""
        with guarded():
            return bool(await self._connection.fetchval(self._queries["ledger_lead"], LEADERS_LOCK))

    async def take_up(self, hosted: OfficeCode, known: Sequence[tuple[int, bytes]] = ()) -> SignedHead | None:
        """Go on with an office's log where it stands; gives the newest checkpoint, or None before the first.

        `known` are size and root of checkpoints that are known from elsewhere. LedgerDamaged if what is there does
        not fit together, or is less than what was signed: then nothing may be placed or signed, and a person decides.
        """
        edge = await self._ledger.edge(hosted)
        newest = await self._ledger.newest(hosted)
        for size, root in sorted((*(((newest.size, newest.root),) if newest else ()), *known), reverse=True):
            if size > edge.size:
                missing = f"is missing: {size} entries were signed"
                raise LedgerDamaged(f"entry {edge.size}", missing, Cause.SHORTER, size=size)
            if await self._ledger.root(hosted, size) != root:
                other = "has not the root that was signed"
                raise LedgerDamaged(f"the tree of size {size}", other, Cause.ANOTHER, size=size)
        self._edges[hosted] = edge
        return newest

    async def take_up_as_it_is(self, hosted: OfficeCode) -> None:
        """Go on from what is there, whatever was signed: for a person's decision only. LedgerDamaged for a hole."""
        self._edges[hosted] = await self._ledger.edge(hosted)

    def leave(self, hosted: OfficeCode) -> None:
        """Give no more places to an office's entries: they wait."""
        self._edges.pop(hosted, None)

    async def origins(self, hosted: OfficeCode, first: str) -> tuple[str, ...]:
        """The names that an office's log has had, the present one last; see PostgresLedger."""
        return await self._ledger.origins(hosted, first)

    async def stand(self, hosted: OfficeCode, standing: LogStanding, at: datetime) -> bool:
        """Tell every process how an office's log stands; whether it is new."""
        return await write_standing(self._connection, self._queries, hosted, standing, at)

    async def add_entry(self, entry: Entry) -> None:
        """Write an entry of our own, which waits for its place like any other."""
        with guarded():
            await self._connection.execute(self._queries["ledger_add_entry"], *entry_values(entry))

    def size(self, hosted: OfficeCode) -> int:
        """How many entries of an office have a place."""
        return self._edges[hosted].size

    def root(self, hosted: OfficeCode) -> bytes:
        """The root over them."""
        return self._edges[hosted].root()

    async def place(self, most: int) -> int:
        """Give up to `most` waiting entries their places; gives how many it were."""
        with guarded():
            offices = list(self._edges)
            if not await self._connection.fetchval(self._queries["ledger_waits"], offices):
                return 0
            grown: dict[OfficeCode, Edge] = {}
            async with self._connection.transaction():
                rows = await self._take(most, offices)
                for hosted, entries in groupby(rows, key=lambda row: OfficeCode(row["hosted"])):
                    grown[hosted] = await self._append(hosted, list(entries))
            self._edges.update(grown)
            return len(rows)

    async def add_checkpoint(self, hosted: OfficeCode, head: SignedHead) -> None:
        """Keep a signed checkpoint; from its commit on it is the one that is handed out."""
        with guarded():
            await self._connection.execute(
                self._queries["ledger_add_checkpoint"], hosted, head.size, head.root, head.note, head.created_at
            )

    async def _take(self, most: int, offices: Sequence[OfficeCode]) -> list[Any]:
        rows: list[Any] = await self._connection.fetch(self._queries["ledger_take"], most, offices)
        return rows

    async def _append(self, hosted: OfficeCode, entries: Sequence[Any]) -> Edge:
        edge = self._edges[hosted].copy()
        first = edge.size
        hashes = [entry["leaf_hash"] for entry in entries]
        full = edge.extend(hashes)
        await self._add_positions(hosted, first, [entry["entry_id"] for entry in entries], hashes)
        if full:
            await self._add_tiles(hosted, full)
        return edge

    async def _add_positions(self, hosted: OfficeCode, first: int, ids: Sequence[Any], hashes: Sequence[bytes]) -> None:
        await self._connection.execute(self._queries["ledger_add_positions"], hosted, first, ids, hashes)

    async def _add_tiles(self, hosted: OfficeCode, full: Sequence[FullTile]) -> None:
        await self._connection.execute(
            self._queries["ledger_add_tiles"],
            hosted,
            [tile.level for tile in full],
            [tile.index for tile in full],
            [tile.hashes for tile in full],
            [tile.root for tile in full],
        )
