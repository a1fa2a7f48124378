"""The query port on PostgreSQL."""

import json
import sys
from pathlib import Path

import asyncpg
import pytest

sys.path.append(str(Path(__file__).parent))

from both_stores import NOW, RECORDS, shared_stores
from core_values import XA, XB

from gateway.store.named_queries import load_queries


@pytest.fixture(scope="module")
async def shared(pg):
    async with shared_stores(pg) as stores:
        yield stores


@pytest.fixture
async def stores(shared):
    yield shared
    await shared.wipe()


@pytest.mark.parametrize("check", RECORDS, ids=lambda check: check.__name__)
async def test_records(check, stores):
    await check(stores)


async def test_the_ledger_is_measured_without_counting_it(stores):
    measured = load_queries()["ledger_size"]
    assert await stores.pool.fetchval(measured) == 0
    for hosted in (XA, XA, XA, XB):
        await stores.append(hosted=hosted)
    assert await stores.pool.fetchval(measured) == 4
    for hosted, places in ((XA, 2), (XB, 1)):
        rows = await stores.pool.fetch("SELECT entry_id, leaf_hash FROM ledger_entry WHERE hosted = $1", hosted)
        for seq, row in enumerate(rows[:places]):
            await stores.pool.execute("INSERT INTO ledger_position VALUES ($1, $2, $3, $4)", hosted, seq, *row.values())
            await stores.pool.execute("DELETE FROM ledger_pending WHERE entry_id = $1", row["entry_id"])
    assert await stores.pool.fetchval(measured) == 4


async def test_open_transmissions_are_counted_without_reading_the_done_ones(stores):
    superuser = await asyncpg.connect(stores.database.superuser.reveal())
    await superuser.execute(
        "INSERT INTO transmission (hosted, transmission_id, exchange_id, counterpart, adapter, task, version,"
        " agreement, state, due_at, created_at) SELECT 'XA', gen_random_uuid(), gen_random_uuid(), 'IB', 'das',"
        " 'place', 1, 'a', CASE n % 5000 WHEN 0 THEN 'ready' WHEN 1 THEN 'held' ELSE 'done' END, $1, $1"
        " FROM generate_series(1, 20000) n",
        NOW,
    )
    await superuser.execute("VACUUM ANALYZE transmission")
    await superuser.close()
    depths = load_queries()["queue_depths"]
    assert {row["state"]: row["depth"] for row in await stores.pool.fetch(depths)} == {"ready": 4, "held": 4}
    (plan,) = json.loads(await stores.pool.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {depths}"))
    assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] < 40
