"""Outages in the database: signs of life, the state of links, and what is kept of outages and announced downtime.

Rules: who sees the end of a silence, or a link's change, decides it under the row's lock, and writes it with its entry
in the same transaction: of many processes one does it, and a death in between leaves it to the next.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.core.entry import Entry
from gateway.core.link import LinkTally
from gateway.core.office import OfficeCode
from gateway.core.outage import Beat, Event
from gateway.core.secret import Secret
from gateway.store.guard import guarded
from gateway.store.ledger_read import Queryable
from gateway.store.pool import connect

__all__ = ["KeptEvent", "LifeLine", "LinkRow", "NewEvent", "PostgresOutages", "open_life_line"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What is to be kept of an outage or a downtime: `content` is RFC 8785 JSON, to which the entry commits."""

    outage_id: str
    event: Event
    entry: Entry
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEvent:
    """What is kept, with its entry; `seq` is the entry's place once it has one."""

    outage_id: str
    event: Event
    at: datetime
    content: bytes
    entry_id: str
    leaf: bytes
    leaf_hash: bytes
    seq: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A link over all processes. `goods` grows with each answer that is told of; `reasons` are of the failures."""

    goods: int
    good_at: datetime | None
    failing_since: datetime | None
    failed_at: datetime | None
    failures: int
    reasons: Mapping[str, int]
    outage_id: str | None


#: Gives the row as it shall be, and what is to be kept of the change.
MergeLink = Callable[[LinkRow, LinkTally], tuple[LinkRow, Sequence[NewEvent]]]
#: Gives what is to be kept of the time between two signs of life.
TellSilence = Callable[[OfficeCode, Beat | None, Beat], Sequence[NewEvent]]


async def open_life_line(dsn: Secret, queries: Mapping[str, str]) -> "LifeLine":
    """Open a connection of its own, which no traffic can keep busy; one try. DatabaseUnavailable, Deferred."""
    with guarded():
        return LifeLine(
            await connect(dsn, application="pouch signs of life", patience=timedelta()),
            queries,
        )


class LifeLine:
    """Where signs of life and attempts are told. Deferred(DATABASE_UNAVAILABLE) from everything: open another then."""

    def __init__(self, connection: Any, queries: Mapping[str, str]) -> None:
        self._connection = connection
        self._queries = queries

    def close(self) -> None:
        """End the connection at once."""
        self._connection.terminate()

    async def beat(self, offices: Sequence[OfficeCode], sign: Callable[[datetime], Beat], tell: TellSilence) -> None:
        """Give a sign of life for these offices, made by `sign` of the database's time."""
        with guarded():
            for hosted in offices:
                async with self._connection.transaction():
                    row = await self._connection.fetchrow(self._queries["life_last"], hosted)
                    now = sign(await self._connection.fetchval(self._queries["clock"]))
                    last = None if row is None else Beat(**row)
                    for event in tell(hosted, last, now):
                        await _add(self._connection, self._queries, event)
                    await self._connection.execute(
                        self._queries["life_beat"], hosted, now.at, now.boot, now.seconds, now.orderly
                    )

    async def merge(
        self, hosted: OfficeCode, counterpart: OfficeCode, adapter: str, tally: LinkTally, merge: MergeLink
    ) -> int:
        """Tell what was seen of a link; gives how many answers all processes have told of."""
        key = (hosted, counterpart, adapter)
        with guarded():
            async with self._connection.transaction():
                await self._connection.execute(self._queries["link_make"], *key)
                row = await self._connection.fetchrow(self._queries["link_state"], *key)
                former = LinkRow(
                    **{
                        **row,
                        "reasons": msgspec.json.decode(row["reasons"]),
                        "outage_id": None if row["outage_id"] is None else str(row["outage_id"]),
                    }
                )
                state, events = merge(former, tally)
                for event in events:
                    await _add(self._connection, self._queries, event)
                await self._connection.execute(
                    self._queries["link_keep"],
                    *key,
                    state.goods,
                    state.good_at,
                    state.failing_since,
                    state.failed_at,
                    state.failures,
                    msgspec.json.encode(state.reasons).decode(),
                    state.outage_id,
                )
        return state.goods


class PostgresOutages:
    """What is kept. Deferred(DATABASE_UNAVAILABLE) from every method."""

    def __init__(self, database: Queryable, queries: Mapping[str, str]) -> None:
        self._database = database
        self._queries = queries

    async def add(self, event: NewEvent) -> bool:
        """Keep an event with its entry; False, and nothing is written, if it is there already."""
        with guarded():
            return await _add(self._database, self._queries, event)

    async def events(self, hosted: OfficeCode, since: datetime) -> list[KeptEvent]:
        """All events of what was not over at `since`, in the order in which they were found."""
        with guarded():
            rows = await self._database.fetch(self._queries["outage_events"], hosted, since)
        return [
            KeptEvent(
                outage_id=str(row["outage_id"]),
                event=Event(row["event"]),
                at=row["at"],
                content=row["content"],
                entry_id=str(row["entry_id"]),
                leaf=row["leaf"],
                leaf_hash=row["leaf_hash"],
                seq=row["seq"],
            )
            for row in rows
        ]

    async def links_away(self) -> Mapping[OfficeCode, datetime]:
        """The counterparts that are away now, and since when at the least."""
        with guarded():
            rows = await self._database.fetch(self._queries["links_away"])
        return {OfficeCode(row["counterpart"]): row["failing_since"] for row in rows}


async def _add(database: Any, queries: Mapping[str, str], event: NewEvent) -> bool:
    entry = event.entry
    return bool(
        await database.fetchval(
            queries["outage_add"],
            entry.hosted,
            event.outage_id,
            event.event.value,
            entry.entry_id,
            entry.at,
            event.content,
            entry.step.value,
            entry.leaf,
            entry.leaf_hash,
        )
    )
