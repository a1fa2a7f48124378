"""A duty has one holder at a time, who keeps it while it lives, and changes hands once its time is over."""

import asyncio

import asyncpg
import pytest

from gateway.core.reason import Deferred
from gateway.store.duties import Duty
from gateway.store.named_queries import load_queries
from gateway.store.pool import open_pool


@pytest.fixture
async def pool(database):
    opened = await open_pool(database.app, application="duties", smallest=1, largest=8)
    yield opened
    await opened.close()


def duties(pool, count, name="time-stamps"):
    return [Duty(pool, load_queries(), name) for _ in range(count)]


async def test_of_many_one_has_it_and_keeps_it(pool):
    several = duties(pool, 8)
    taken = await asyncio.gather(*(each.take() for each in several))
    assert taken.count(True) == 1
    holder = several[taken.index(True)]
    for _ in range(3):
        assert await holder.take()
        assert not any([await each.take() for each in several if each is not holder])
    [other] = duties(pool, 1, "daily-export")
    assert await other.take()


async def test_it_changes_hands_when_its_time_is_over(pool, database):
    first, second = duties(pool, 2)
    assert await first.take() and not await second.take()
    connection = await asyncpg.connect(database.superuser.reveal())
    await connection.execute("UPDATE duty SET until = clock_timestamp() - interval '1 second'")
    await connection.close()
    assert await second.take() and not await first.take()


async def test_without_a_database_nobody_has_it(pool):
    [duty] = duties(pool, 1)
    await pool.close()
    with pytest.raises(Deferred):
        await duty.take()
