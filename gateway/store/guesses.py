"""Wrong access codes: counted per caller and document; the guess itself is never stored (office-practice.md)."""

import hashlib
from collections.abc import Mapping

import asyncpg

from gateway.core.office import Application, OfficeCode
from gateway.ports import Clock
from gateway.store.guard import guarded

__all__ = ["PostgresAssertions", "PostgresGuesses"]


class PostgresGuesses:
    """Guesses on PostgreSQL (ports.Guesses)."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", queries: Mapping[str, str], clock: Clock) -> None:
        self._pool = pool
        self._queries = queries
        self._clock = clock

    async def count(self, hosted: OfficeCode, caller: str, application: Application) -> int:
        """Count one more wrong code and give the number so far."""
        with guarded():
            return int(
                await self._pool.fetchval(
                    self._queries["count_wrong_code"], hosted, caller, _name(application), self._clock.now()
                )
            )

    async def so_far(self, hosted: OfficeCode, caller: str, application: Application) -> int:
        """Give the number of wrong codes so far."""
        with guarded():
            return int(
                await self._pool.fetchval(self._queries["find_wrong_codes"], hosted, caller, _name(application)) or 0
            )

    async def forgive(self, hosted: OfficeCode, application: Application) -> None:
        """Lift the count: a person has decided."""
        with guarded():
            await self._pool.execute(self._queries["forgive_wrong_codes"], hosted, _name(application))


def _name(application: Application) -> bytes:
    text = f"{application.office}\n{application.right.value}\n{application.normal}"
    return hashlib.sha256(text.encode()).digest()


class PostgresAssertions:
    """Client assertions that were used: each once, in every worker (RFC 7523, section 3, jti)."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", queries: Mapping[str, str]) -> None:
        self._pool = pool
        self._queries = queries

    async def first_use(self, client: str, jti: str, expires_at: object) -> bool:
        """Remember an assertion; False if it was used before."""
        with guarded():
            return bool(await self._pool.fetchval(self._queries["remember_assertion"], client, jti, expires_at))
