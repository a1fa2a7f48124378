"""Batches: together if all is well, alone if a neighbour is not, and never lost."""

import asyncio

import asyncpg
import pytest

from gateway.store.batches import Batches
from gateway.store.pool import open_pool

#: Gives the transaction it ran in, so that a test sees who shared one.
STATEMENT = "INSERT INTO taken SELECT 100 / $1::integer RETURNING number, pg_current_xact_id()::text AS transaction"


@pytest.fixture
async def pool(database):
    pool = await open_pool(database.owner, application="test batches")
    await pool.execute("CREATE TABLE taken (number integer)")
    yield pool
    await pool.close()


async def test_what_waits_together_shares_a_transaction(pool):
    batches = Batches(pool, STATEMENT)
    rows = await asyncio.gather(*(batches.run((number,)) for number in range(1, 51)))
    assert [row["number"] for row in rows] == [100 // number for number in range(1, 51)]
    assert len({row["transaction"] for row in rows}) < 10
    assert await pool.fetchval("SELECT count(*) FROM taken") == 50


async def test_a_failure_hurts_nobody_else(pool):
    batches = Batches(pool, STATEMENT)
    rows = await asyncio.gather(*(batches.run((number,)) for number in (4, 0, 5)), return_exceptions=True)
    assert [row["number"] for row in rows if not isinstance(row, Exception)] == [25, 20]
    assert isinstance(rows[1], asyncpg.DivisionByZeroError)
    assert await pool.fetchval("SELECT count(*) FROM taken") == 2


async def test_who_goes_away_takes_nothing_back(pool):
    batches = Batches(pool, STATEMENT)
    leaving = asyncio.create_task(batches.run((4,)))
    staying = asyncio.create_task(batches.run((5,)))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying)["number"] == 20
    assert await pool.fetchval("SELECT count(*) FROM taken") == 2
