"""The queue of transmissions: leased for a time, fenced by a number, never reset at boot.

Rules: a worker that lost its lease can write nothing more, since every write names the fence it claimed with.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import asyncpg
import msgspec

from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.transmission import Leg, Task, Transmission
from gateway.ports import Clock
from gateway.store.guard import guarded

__all__ = ["PostgresCounters", "PostgresOutbox"]


class PostgresOutbox:
    """Outbox on PostgreSQL (ports.Outbox)."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", queries: Mapping[str, str], clock: Clock) -> None:
        self._pool = pool
        self._queries = queries
        self._clock = clock

    async def claim(self, *, busy: frozenset[OfficeCode], lease: timedelta) -> Transmission | None:
        """Claim the next due transmission of a counterpart that is not `busy`, for `lease`; None if there is none."""
        with guarded():
            row = await self._pool.fetchrow(self._queries["claim_transmission"], self._clock.now(), sorted(busy), lease)
        if row is None:
            return None
        return Transmission(
            transmission_id=str(row["transmission_id"]),
            hosted=OfficeCode(row["hosted"]),
            exchange_id=str(row["exchange_id"]),
            leg=Leg(
                counterpart=OfficeCode(row["counterpart"]),
                adapter=row["adapter"],
                task=Task(row["task"]),
                version=row["version"],
                agreement=row["agreement"],
                due_at=row["due_at"],
                progress=msgspec.json.decode(row["progress"], type=dict[str, str]),
            ),
            attempts=row["attempts"],
            fence=row["fence"],
            created_at=row["created_at"],
        )

    async def renew(self, transmission: Transmission, *, lease: timedelta) -> bool:
        """Lengthen a lease; False if it has been lost."""
        with guarded():
            kept = await self._pool.fetchval(
                self._queries["renew_lease"],
                transmission.hosted,
                transmission.transmission_id,
                transmission.fence,
                lease,
            )
        return bool(kept)

    async def postpone(self, transmission: Transmission, *, until: datetime) -> None:
        """Give the lease back and look again at `until`: the counterpart is at work, nothing has failed."""
        with guarded():
            kept = await self._pool.fetchval(
                self._queries["postpone_transmission"],
                transmission.hosted,
                transmission.transmission_id,
                transmission.fence,
                until,
            )
        if not kept:
            raise Deferred(Reason.LEASE_LOST)

    def progress(self, transmission: Transmission) -> "PostgresProgress":
        """Give what the transmission has committed so far, and the way to commit more."""
        return PostgresProgress(self._pool, self._queries["commit_progress"], transmission)


class PostgresProgress:
    """Progress of one claimed transmission (ports.Progress)."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", statement: str, transmission: Transmission) -> None:
        self._pool = pool
        self._statement = statement
        self._transmission = transmission
        self._known = dict(transmission.leg.progress)

    @property
    def known(self) -> Mapping[str, str]:
        """What is committed; a view that follows later commits."""
        return MappingProxyType(self._known)

    async def commit(self, **values: str | None) -> None:
        """Write `values` under the fence, None removes; Deferred(LEASE_LOST) if another worker has it now."""
        with guarded():
            kept = await self._pool.fetchval(
                self._statement,
                self._transmission.hosted,
                self._transmission.transmission_id,
                self._transmission.fence,
                msgspec.json.encode(values).decode(),
            )
        if not kept:
            raise Deferred(Reason.LEASE_LOST)
        for name, value in values.items():
            if value is None:
                self._known.pop(name, None)
            else:
                self._known[name] = value


class PostgresCounters:
    """Number ranges of one hosted office (ports.Counters)."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", queries: Mapping[str, str], hosted: OfficeCode) -> None:
        self._pool = pool
        self._statement = queries["next_number"]
        self._hosted = hosted

    async def next(self, name: str, *, first: int, last: int) -> int:
        """Give the next number, committed before it is used, so that no crash gives it twice."""
        with guarded():
            value = int(await self._pool.fetchval(self._statement, self._hosted, name, first))
        if value > last:
            raise Refused(Reason.NUMBER_RANGE_EXHAUSTED)
        return value
