"""The cosignatures that witnesses have given to our checkpoints: kept for ever, and asked for what is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.core.office import OfficeCode
from gateway.store.guard import guarded
from gateway.store.pool import Pool

__all__ = ["Cosigned", "PostgresCosignatures"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """What a witness has cosigned last: size and root (32 bytes) of our log, and when, as it says."""

    size: int
    root: bytes
    at: datetime


class PostgresCosignatures:
    """Deferred(DATABASE_UNAVAILABLE) from every method."""

    def __init__(self, pool: Pool, queries: Mapping[str, str]) -> None:
        self._pool = pool
        self._queries = queries

    async def latest(self, hosted: OfficeCode, witness: str) -> Cosigned | None:
        """What the witness, named by its key, has cosigned last of an office's log."""
        with guarded():
            row = await self._pool.fetchrow(self._queries["cosigned_by"], hosted, witness)
        return None if row is None else Cosigned(size=row["size"], root=row["root"], at=row["at"])

    async def keep(self, hosted: OfficeCode, *, size: int, root: bytes, witness: str, line: str, at: datetime) -> None:
        """Keep a verified signature line, without its newline, of the checkpoint of this size and root."""
        with guarded():
            await self._pool.execute(self._queries["cosignature_add"], hosted, size, root, witness, line, at)
