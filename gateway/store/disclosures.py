"""Disclosures: the salts that open what the entries of an exchange commit to, until they are erased."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.office import OfficeCode
from gateway.store.guard import guarded
from gateway.store.ledger_read import Queryable

__all__ = ["Disclosure", "PostgresDisclosures"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What opens the commitments of one entry: salts of 32 bytes, by the name of the value."""

    entry_id: str
    salts: Mapping[str, bytes] = field(repr=False)


class PostgresDisclosures:
    """The rows of `ledger_disclosure`. Deferred(DATABASE_UNAVAILABLE) from every method."""

    def __init__(self, database: Queryable, queries: Mapping[str, str]) -> None:
        self._database = database
        self._queries = queries

    async def of_exchange(self, hosted: OfficeCode, exchange_id: str) -> tuple[Disclosure, ...]:
        """Give what is left of an exchange's disclosures, in the order of its entries; none of what was erased."""
        with guarded():
            rows = await self._database.fetch(self._queries["list_disclosures"], hosted, exchange_id)
        return tuple(
            Disclosure(entry_id=str(row["entry_id"]), salts=dict(zip(row["names"], row["salts"], strict=True)))
            for row in rows
        )
