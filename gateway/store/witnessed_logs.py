"""The logs that this gateway cosigns as a witness: what it has cosigned last of each, which only ever grows.

Rules: moving on is compare-and-set in one statement, and committed before the cosignature leaves; the entry about it
is part of the same transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.core.entry import Entry
from gateway.core.office import OfficeCode
from gateway.store.guard import guarded
from gateway.store.ledger_write import entry_values
from gateway.store.pool import Pool

__all__ = ["PostgresWitnessedLogs", "WitnessedHead"]

#: Contradicting checkpoints kept of one log: the first is enough to convict it.
_CONFLICTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessedHead:
    """A checkpoint of another's log: its size, root (32 bytes) and whole signed note."""

    origin: str
    size: int
    root: bytes
    note: bytes
    at: datetime


class PostgresWitnessedLogs:
    """The witness's record, kept under one hosted office. Deferred(DATABASE_UNAVAILABLE) from every method."""

    def __init__(self, pool: Pool, queries: Mapping[str, str], hosted: OfficeCode) -> None:
        self._pool = pool
        self._queries = queries
        self._hosted = hosted

    async def known(self, origin: str) -> tuple[int, bytes] | None:
        """Size and root of what was cosigned last, None before the first."""
        with guarded():
            row = await self._pool.fetchrow(self._queries["witnessed_log"], self._hosted, origin)
        return None if row is None else (row["size"], row["root"])

    async def move(self, head: WitnessedHead, *, old: tuple[int, bytes], tell: Callable[[int], Entry]) -> bool:
        """Go on from `old` to `head`, for ever; False if the log is not at `old` any more.

        `tell` makes the entry, given how often this log was cosigned; it is asked for the first and then once an hour,
        or two gateways that witness each other would keep each other's logs growing.
        """
        values = (self._hosted, head.origin, head.size, head.root, head.note, head.at, *old)
        with guarded():
            async with self._pool.acquire() as connection, connection.transaction():
                row = await connection.fetchrow(self._queries["witnessed_log_move"], *values)
                if row is None:
                    return False
                if row["telling"]:
                    entry = tell(row["cosigned"])
                    await connection.execute(self._queries["ledger_add_entry"], *entry_values(entry))
        return True

    async def keep_conflict(self, head: WitnessedHead) -> None:
        """Keep a signed checkpoint that contradicts what was cosigned: evidence against the log that signed it."""
        values = (self._hosted, head.origin, head.size, head.root, head.note, head.at)
        with guarded():
            await self._pool.execute(self._queries["witnessed_conflict"], *values, _CONFLICTS)
