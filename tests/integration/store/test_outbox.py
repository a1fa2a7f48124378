"""The queue on PostgreSQL: leased, fenced, and fair between workers that claim at once."""

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

sys.path.append(str(Path(__file__).parent))

from both_stores import LEASE, NOW, OUTBOX, shared_stores
from core_values import IB, XB, leg

from gateway.core.transmission import Delivered, Task
from gateway.store.named_queries import load_queries


@pytest.fixture(scope="module")
async def shared(pg):
    async with shared_stores(pg) as stores:
        yield stores


@pytest.fixture
async def stores(shared):
    yield shared
    await shared.wipe()


@pytest.mark.parametrize("check", OUTBOX, ids=lambda check: check.__name__)
async def test_outbox(check, stores):
    await check(stores)


async def test_workers_that_claim_at_once_get_each_leg_once(stores):
    """Two legs of each exchange: of these, too, one at a time."""
    begun = [await stores.begin(legs=(leg(Task.PLACE), leg(Task.CORRECT))) for _ in range(10)]
    claimed = [claim for claim in await asyncio.gather(*(stores.claim() for _ in range(30))) if claim]
    firsts = {first for _, first, _ in begun}
    assert len(claimed) <= len({claim.transmission_id for claim in claimed}), "none twice"
    rest = await stores.claimed()
    assert sorted([*(claim.transmission_id for claim in claimed), *rest]) == sorted(firsts)


async def test_a_claim_that_races_an_end_gives_no_second_leg_too_early(stores):
    for _ in range(10):
        _, first, second = await stores.begin(legs=(leg(Task.PLACE), leg(Task.CORRECT)))
        running = await stores.claim()
        assert running.transmission_id == first
        _, *claims = await asyncio.gather(stores.settle(running, Delivered()), *(stores.claim() for _ in range(3)))
        found = [claim.transmission_id for claim in claims if claim] + await stores.claimed()
        assert found == [second]


async def test_a_slow_counterpart_s_backlog_hides_nobody_else(stores):
    for n in range(20):
        await stores.begin(legs=(leg(due_at=NOW - timedelta(hours=1, seconds=n)),))
    _, other = await stores.begin(legs=(leg(counterpart=XB),))
    assert (await stores.claim(busy={IB})).transmission_id == other


async def test_what_a_lost_worker_had_is_claimed_once(stores):
    _, name = await stores.begin(legs=(leg(),))
    await stores.claim(lease=timedelta(seconds=-1))
    claims = await asyncio.gather(*(stores.outbox.claim(busy=frozenset(), lease=LEASE) for _ in range(5)))
    assert [claim.transmission_id for claim in claims if claim] == [name]


async def test_a_claim_looks_at_few_rows_however_long_the_queue_is(stores):
    """A counterpart that was away for a week must not make every claim of the others slower."""
    owner = await asyncpg.connect(stores.database.superuser.reveal())
    await owner.execute(
        "INSERT INTO exchange SELECT 'XA', gen_random_uuid(), 'depositing', 'priority-document', 'XA', 'patent',"
        " n::text, n::text, '2026-03-01', 'released', 1, 1, false, 'unpublished', '{}', NULL, $1, $1"
        " FROM generate_series(1, 20000) n",
        NOW,
    )
    many = (
        "INSERT INTO transmission (hosted, transmission_id, exchange_id, counterpart, adapter, task, version,"
        " agreement, state, due_at, created_at) SELECT 'XA', gen_random_uuid(), exchange_id, $2, 'das', 'place', 1,"
        " 'a', 'ready', $1::timestamptz - interval '1 day', $1 FROM exchange"
    )
    await owner.execute(many, NOW, IB)
    await owner.execute(f"{many} LIMIT 1", NOW, XB)
    await owner.execute("VACUUM ANALYZE exchange")
    await owner.execute("VACUUM ANALYZE transmission")
    await owner.close()
    claim = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {load_queries()['claim_transmission']}"
    for busy, looked_at in (([], 60), ([IB], 60), ([IB, XB], 30)):
        (plan,) = json.loads(await stores.pool.fetchval(claim, NOW, busy, timedelta(minutes=1)))
        assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] < looked_at, busy
