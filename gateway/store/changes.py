"""Changes of what is in force: kept with their ledger entries, each once whoever sees it first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.core.entry import Entry
from gateway.core.in_force import Kind, Picture, read_picture
from gateway.core.office import OfficeCode
from gateway.store.guard import guarded
from gateway.store.ledger_read import Queryable

__all__ = ["KeptChange", "PostgresChanges"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChange:
    """One change as it is kept: `content` is what is told of it, `seq` the place of its entry once it has one."""

    kind: str
    number: int
    at: datetime
    entry_id: str
    content: bytes
    picture: bytes
    leaf: bytes
    leaf_hash: bytes
    seq: int | None


class PostgresChanges:
    """The rows of changes. Deferred(DATABASE_UNAVAILABLE) from every method."""

    def __init__(self, database: Queryable, queries: Mapping[str, str]) -> None:
        self._database = database
        self._queries = queries

    async def newest(self, hosted: OfficeCode) -> Mapping[Kind, tuple[int, Picture]]:
        """The newest change of each kind: its number and what was in force from then on. ValueError if unreadable."""
        with guarded():
            rows = await self._database.fetch(self._queries["changes_newest"], hosted)
        return {Kind(row["kind"]): (row["number"], read_picture(row["picture"])) for row in rows}

    async def add(self, entry: Entry, kind: Kind, number: int, content: bytes, picture: Picture) -> bool:
        """Keep a change with its entry; False, and nothing is written, if another process was faster."""
        with guarded():
            return bool(
                await self._database.fetchval(
                    self._queries["change_add"],
                    entry.hosted,
                    kind.value,
                    number,
                    entry.entry_id,
                    content,
                    picture.content,
                    entry.step.value,
                    entry.at,
                    entry.leaf,
                    entry.leaf_hash,
                )
            )

    async def schema(self) -> str:
        """The name of the newest migration that has run."""
        with guarded():
            return str(await self._database.fetchval(self._queries["schema_level"]))

    async def all(self, hosted: OfficeCode) -> list[KeptChange]:
        """All changes, in the order in which they were found."""
        with guarded():
            rows = await self._database.fetch(self._queries["changes_all"], hosted)
        return [KeptChange(**{**row, "entry_id": str(row["entry_id"])}) for row in rows]
