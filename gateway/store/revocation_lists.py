"""The revocation lists that were in use, kept for ever: what was known of a signer at the time can be shown later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.core.office import OfficeCode
from gateway.store.guard import guarded
from gateway.store.ledger_read import Queryable

__all__ = ["KeptList", "ListInUse", "PostgresRevocationLists"]


class ListInUse(Protocol):
    """A verified list (pki.revocation.RevocationList)."""

    @property
    def digest(self) -> bytes: ...
    @property
    def issuer_name(self) -> str: ...
    @property
    def this_update(self) -> datetime: ...
    @property
    def next_update(self) -> datetime: ...
    @property
    def der(self) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptList:
    """A list that was in use since `taken_at`: who made it (RFC 4514), its dates, its DER form and that's SHA-256."""

    digest: bytes
    issuer: str
    this_update: datetime
    next_update: datetime | None
    taken_at: datetime
    der: bytes = field(repr=False)


class PostgresRevocationLists:
    """Revocation lists in the database. Deferred(DATABASE_UNAVAILABLE) from every method."""

    def __init__(self, database: Queryable, queries: Mapping[str, str]) -> None:
        self._database = database
        self._queries = queries

    async def add(self, office: OfficeCode, one: ListInUse, at: datetime) -> None:
        """Keep a list that is in use from now on; nothing happens if it is kept."""
        with guarded():
            await self._database.fetch(
                self._queries["revocation_list_add"],
                *(office, one.digest, one.issuer_name, one.this_update, one.next_update, one.der, at),
            )

    async def in_force(self, office: OfficeCode, at: datetime) -> tuple[KeptList, ...]:
        """The lists that were in use for an office's signatures at a moment: of each issuer, the one taken last."""
        with guarded():
            rows = await self._database.fetch(self._queries["revocation_lists_at"], office, at)
        return tuple(
            KeptList(
                digest=row["digest"],
                issuer=row["issuer"],
                this_update=row["this_update"],
                next_update=row["next_update"],
                taken_at=row["taken_at"],
                der=row["content"],
            )
            for row in rows
        )
