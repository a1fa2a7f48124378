"""Connections as the gateway wants them: settings, patience, and no state carried from one use to the next."""

from datetime import timedelta

import asyncpg
import pytest

from gateway.core.secret import Secret
from gateway.store.pool import DatabaseUnavailable, connect, open_pool
from gateway.store.roles import dsn_for


@pytest.fixture
async def pool(database):
    opened = await open_pool(
        database.app, application="pouch test", smallest=1, largest=1, statement_timeout=timedelta(milliseconds=200)
    )
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("application_name", "pouch test"),
        ("TimeZone", "UTC"),
        ("synchronous_commit", "on"),
        ("statement_timeout", "200ms"),
        ("idle_in_transaction_session_timeout", "200ms"),
        ("jit", "off"),
    ],
)
async def test_every_session_is_set(pool, database, name, value):
    assert await pool.fetchval(f"SHOW {name}") == value
    direct = await connect(database.app, application="pouch test", statement_timeout=timedelta(milliseconds=200))
    assert await direct.fetchval(f"SHOW {name}") == value
    await direct.close()


async def test_a_statement_that_runs_away_is_ended(pool):
    with pytest.raises(asyncpg.QueryCanceledError):
        await pool.fetchval("SELECT pg_sleep(60)")
    assert await pool.fetchval("SELECT 1") == 1


async def test_a_transaction_that_fails_is_not_carried_over(pool):
    async with pool.acquire() as connection:
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with connection.transaction():
                await connection.execute("SELECT 1/0")
    async with pool.acquire() as connection:
        assert not connection.is_in_transaction()
        assert await connection.fetchval("SELECT 1") == 1


async def test_giving_a_connection_back_asks_the_server_nothing(pool, database):
    await pool.fetchval("SELECT 1")
    watcher = await asyncpg.connect(database.superuser.reveal())
    try:
        last = await watcher.fetchval("SELECT query FROM pg_stat_activity WHERE application_name = 'pouch test'")
    finally:
        await watcher.close()
    assert last == "SELECT 1"


async def test_a_database_that_does_not_answer_ends_the_patience_and_is_not_named(tmp_path):
    nowhere = Secret(f"postgresql://pouch_app:very-secret@/pouch?host={tmp_path}")
    for opening in (open_pool, connect):
        with pytest.raises(DatabaseUnavailable) as unavailable:
            await opening(nowhere, application="pouch test", patience=timedelta(milliseconds=150))
        assert "very-secret" not in str(unavailable.value)
        assert str(tmp_path) not in str(unavailable.value)


async def test_a_database_that_is_not_there_is_told_at_once(database):
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await open_pool(
            dsn_for(database.app, database="nowhere"), application="pouch test", patience=timedelta(hours=1)
        )
