"""The time-stamps over the checkpoints of the hosted offices' logs, as they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.core.entry import Entry
from gateway.core.office import OfficeCode
from gateway.store.guard import guarded
from gateway.store.ledger_read import Queryable

__all__ = ["PostgresStamps", "StampTarget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StampTarget:
    """What is to be stamped: a signed checkpoint's number in its log, the tree's size, and the note's bytes."""

    number: int
    size: int
    note: bytes


class PostgresStamps:
    """Time-stamps in the database. Deferred(DATABASE_UNAVAILABLE) from every method."""

    def __init__(self, database: Queryable, queries: Mapping[str, str]) -> None:
        self._database = database
        self._queries = queries

    async def target(self, hosted: OfficeCode) -> StampTarget | None:
        """The newest checkpoint, None before the first."""
        rows = await self._rows("stamp_target", hosted)
        return StampTarget(number=rows[0]["number"], size=rows[0]["size"], note=rows[0]["note"]) if rows else None

    async def first_signed(self, hosted: OfficeCode) -> datetime | None:
        """When the log's first checkpoint was signed."""
        rows = await self._rows("ledger_first_signed", hosted)
        return rows[0]["created_at"] if rows else None

    async def newest(self, hosted: OfficeCode) -> Mapping[str, tuple[int, datetime]]:
        """Of each authority the number of the newest checkpoint it stamped, and the newest moment it named."""
        rows = await self._rows("stamp_newest", hosted)
        return {row["authority"]: (row["checkpoint"], row["at"]) for row in rows}

    async def add(self, number: int, authority: str, token: bytes, gen_time: datetime, entry: Entry) -> None:
        """Keep a verified token over the checkpoint of this number, and its entry, or neither if it is there."""
        with guarded():
            await self._database.fetch(
                self._queries["stamp_add"],
                *(entry.hosted, number, authority, token, gen_time),
                *(entry.entry_id, entry.step.value, entry.at, entry.leaf, entry.leaf_hash),
            )

    async def kept(self, hosted: OfficeCode) -> list[tuple[int, str]]:
        """(number of the checkpoint, authority) of every token, in order."""
        return [(row["checkpoint"], row["authority"]) for row in await self._rows("stamp_list", hosted)]

    async def pair(self, hosted: OfficeCode, number: int, authority: str) -> tuple[bytes, bytes]:
        """A token and the note it is over."""
        [row] = await self._rows("stamp_with_note", hosted, number, authority)
        return row["token"], row["note"]

    async def _rows(self, name: str, *arguments: object) -> list[Any]:
        with guarded():
            return await self._database.fetch(self._queries[name], *arguments)
