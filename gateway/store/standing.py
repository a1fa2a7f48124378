"""How the logs stand, one row an office: written by the leader, read by every worker every few seconds."""

from collections.abc import Mapping
from datetime import datetime

from gateway.core.office import OfficeCode
from gateway.core.standing import Cause, LogStanding
from gateway.store.guard import guarded
from gateway.store.ledger_read import Queryable

__all__ = ["read_standings", "write_standing"]


async def read_standings(database: Queryable, queries: Mapping[str, str]) -> dict[OfficeCode, LogStanding]:
    """Read all rows; an office whose log was never taken up has none. Deferred(DATABASE_UNAVAILABLE)."""
    with guarded():
        rows = await database.fetch(queries["ledger_standings"])
    return {
        OfficeCode(row["hosted"]): LogStanding(
            origin=row["origin"],
            suspended=row["suspended"],
            cause=Cause(row["cause"]) if row["cause"] else None,
            size=row["size"],
            since=row["since"],
        )
        for row in rows
    }


async def write_standing(
    database: Queryable, queries: Mapping[str, str], hosted: OfficeCode, standing: LogStanding, at: datetime
) -> bool:
    """Write an office's row; whether it says something new. Deferred(DATABASE_UNAVAILABLE)."""
    cause = standing.cause.value if standing.cause else None
    with guarded():
        changed = await database.fetchval(
            queries["ledger_standing_set"], hosted, standing.origin, standing.suspended, cause, standing.size, at
        )
    return changed is not None
