"""The ports on PostgreSQL, for the checks that run over both stores (tests/unit/stages/store_contract.py)."""

import secrets
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

sys.path += [str(Path(__file__).parents[2] / "unit" / folder) for folder in ("stages", "core")]

from store_contract import JOURNAL, LEASE, NOW, OUTBOX, RECORDS, Clock, Stores, an_id, ended, message, refused

from gateway.store.guesses import PostgresGuesses
from gateway.store.journal import PostgresJournal
from gateway.store.named_queries import load_queries
from gateway.store.outbox import PostgresOutbox
from gateway.store.pool import open_pool
from gateway.store.records import PostgresRecords

__all__ = [
    "JOURNAL",
    "LEASE",
    "NOW",
    "OUTBOX",
    "RECORDS",
    "an_id",
    "ended",
    "message",
    "opened_stores",
    "refused",
    "shared_stores",
]


class PostgresStores(Stores):
    """The ports, and their pool for a look behind; if they are shared, also `database` and `wipe`."""

    pool = database = wipe = None


@asynccontextmanager
async def opened_stores(database):
    """Open the ports as the app role sees the database."""
    pool = await open_pool(database.app, application="test stores", smallest=1, largest=6)
    queries, clock = load_queries(), Clock()
    try:
        stores = PostgresStores(
            clock=clock,
            journal=PostgresJournal(pool, queries),
            outbox=PostgresOutbox(pool, queries, clock),
            records=PostgresRecords(pool, queries),
            guesses=PostgresGuesses(pool, queries, clock),
        )
        stores.pool = pool
        yield stores
    finally:
        await pool.close()


@asynccontextmanager
async def shared_stores(pg):
    """Open the ports on one database for many tests; `wipe` makes it empty again, which is quicker than a copy."""
    name = f"pouch_test_{secrets.token_hex(6)}"
    server = await asyncpg.connect(pg.at("postgres").superuser.reveal())
    await server.execute(f"CREATE DATABASE {name} OWNER pouch_owner TEMPLATE {pg.template} STRATEGY FILE_COPY")
    database = pg.at(name)
    inside = await asyncpg.connect(database.superuser.reveal())
    tables = await inside.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    emptied = ";".join(f"DELETE FROM {row[0]}" for row in tables if row[0] != "pouch_migration")
    try:
        async with opened_stores(database) as stores:

            async def wipe():
                stores.clock.at = NOW
                # what is for ever in the product is so by a trigger, which only a superuser can pass by
                await inside.execute(f"SET session_replication_role = replica;{emptied}")

            stores.wipe, stores.database = wipe, database
            yield stores
    finally:
        await inside.close()
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await server.close()
