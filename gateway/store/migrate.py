"""Migrations: brings a database's schema up, by numbered SQL files in two halves.

`NNNN_pre_name.sql` runs while the old code still serves, `NNNN_post_name.sql` when only the new code does; so a release
is migrated with `pre`, rolled out, and migrated with `post`. `all` is for a new database or a stopped gateway.

Rules:
- Files run in the order of their numbers, each in one transaction that also notes it in `pouch_migration`.
- A file that has run never changes: its digest is noted, and another one is refused.
- One at a time, held by an advisory lock on one direct connection (no pooler between).
- A name in `pouch_migration` without a file is a newer release's: the old code goes on beside it.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import asyncpg

from gateway.core.secret import Secret

__all__ = ["MIGRATIONS", "Half", "Migration", "MigrationRefused", "list_migrations", "migrate", "pending"]

Half = Literal["pre", "post", "all"]

#: The gateway's own migrations.
MIGRATIONS: Final = Path(__file__).with_name("migrations")

_NAME: Final = re.compile(r"(?P<number>\d{4})_(?P<half>pre|post)_[a-z0-9_]+\.sql")
_LOCK: Final = int.from_bytes(b"pouchmig", "big")  # advisory locks are named by a number of 8 bytes
_CONNECT_SECONDS: Final = 10

_CREATE: Final = """
CREATE TABLE IF NOT EXISTS pouch_migration (
    name       text        PRIMARY KEY,
    sha256     bytea       NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"""
# "ALL TABLES" in a migration's GRANT takes in this one too; what has run is the owner's to write.
_PROTECT: Final = """
DO $$ BEGIN
    IF to_regrole('pouch_app') IS NOT NULL THEN
        REVOKE ALL ON pouch_migration FROM pouch_app;
        GRANT SELECT ON pouch_migration TO pouch_app;
    END IF;
END $$"""


class MigrationRefused(Exception):
    """The schema cannot be brought up as asked; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file: its name, half and digest, and its SQL."""

    name: str
    half: Literal["pre", "post"]
    sha256: bytes
    sql: str


async def migrate(
    dsn: Secret, half: Half = "all", *, folder: Path = MIGRATIONS, patience: timedelta = timedelta(minutes=5)
) -> tuple[str, ...]:
    """Run what is pending of `half` as the owner; give the names that ran, none if all had.

    Raises MigrationRefused, asyncpg.PostgresError if a file's SQL fails (its transaction leaves nothing), OSError if
    the database does not answer. Waits up to `patience` for another migration to end.
    """
    migrations = list_migrations(folder)
    connection = await asyncpg.connect(dsn.reveal(), timeout=_CONNECT_SECONDS)
    try:
        await connection.execute(f"SET lock_timeout = {int(patience.total_seconds() * 1000)}")
        await connection.execute(f"SELECT pg_advisory_lock({_LOCK})")  # ends with the connection
        await connection.execute("RESET lock_timeout")
        await connection.execute(_CREATE)
        chosen = _choose(migrations, await _applied(connection), half)
        for migration in chosen:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO pouch_migration (name, sha256) VALUES ($1, $2)", migration.name, migration.sha256
                )
                await connection.execute(_PROTECT)
        return tuple(migration.name for migration in chosen)
    except asyncpg.LockNotAvailableError:
        raise MigrationRefused("another migration is still running; try again when it has ended") from None
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)


async def pending(dsn: Secret, half: Half = "all", *, folder: Path = MIGRATIONS) -> tuple[str, ...]:
    """Name the migrations of `half` that have not run; owner or app role. Raises MigrationRefused, OSError."""
    migrations = list_migrations(folder)
    connection = await asyncpg.connect(dsn.reveal(), timeout=_CONNECT_SECONDS)
    try:
        applied = await _applied(connection)
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)
    return tuple(each.name for each in _missing(migrations, applied) if half in ("all", each.half))


def list_migrations(folder: Path = MIGRATIONS) -> tuple[Migration, ...]:
    """Read a folder's migrations in their order. Raises MigrationRefused for a name or number that is out of order."""
    migrations: dict[str, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationRefused(f"{path.name} is not named NNNN_pre_name.sql or NNNN_post_name.sql")
        if match["number"] in migrations:
            raise MigrationRefused(f"{path.name} has the number of {migrations[match['number']].name}")
        content = path.read_bytes()
        migrations[match["number"]] = Migration(
            name=path.name,
            half="pre" if match["half"] == "pre" else "post",
            sha256=hashlib.sha256(content).digest(),
            sql=content.decode("utf-8"),
        )
    return tuple(migrations.values())


async def _applied(connection: "asyncpg.Connection[asyncpg.Record]") -> Mapping[str, bytes]:
    if await connection.fetchval("SELECT to_regclass('pouch_migration')") is None:
        return {}
    return {row["name"]: row["sha256"] for row in await connection.fetch("SELECT name, sha256 FROM pouch_migration")}


def _missing(migrations: Sequence[Migration], applied: Mapping[str, bytes]) -> list[Migration]:
    for migration in migrations:
        if applied.get(migration.name, migration.sha256) != migration.sha256:
            raise MigrationRefused(f"{migration.name} was changed after it had run; restore it and add a new file")
    return [migration for migration in migrations if migration.name not in applied]


def _choose(migrations: Sequence[Migration], applied: Mapping[str, bytes], half: Half) -> list[Migration]:
    missing = _missing(migrations, applied)
    chosen = [migration for migration in missing if half in ("all", migration.half)]
    passed_over = [each for each in missing if each not in chosen and chosen and each.name < chosen[-1].name]
    if passed_over:
        raise MigrationRefused(
            f"{passed_over[0].name} has not run and comes before {chosen[-1].name}; "
            f"run the '{passed_over[0].half}' half first, or stop the gateways and run all"
        )
    return chosen
