"""Batches, over a pool that answers when it is told to: nobody is forgotten, whatever ends at the same moment."""

import asyncio

import asyncpg
import pytest

from gateway.store.batches import Batches


class Pool:
    """Answers a statement with what was asked, as soon as `opened` is set; `failure` is raised instead."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.sent: list[list[int]] = []
        self.failure: BaseException | None = None

    def acquire(self):
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    async def fetchmany(self, _statement, many):
        if self.failure is not None:
            raise self.failure
        return [row for arguments in many for row in await self.fetch(_statement, *arguments)]

    async def fetch(self, _statement, *arguments):
        self.sent.append(list(arguments))
        await self.opened.wait()
        return arguments


async def turns(count=20):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_who_comes_just_as_both_senders_end_is_sent():
    """Both senders wait for the same answer; when it is there, somebody else is woken by it together with them."""
    pool = Pool()
    batches = Batches(pool, "")
    first = []
    for number in (1, 2):
        first.append(asyncio.create_task(batches.run((number,))))
        await turns()
    assert len(pool.sent) == 2, "two senders are under way"
    late = []

    async def comes_late(turn):
        await pool.opened.wait()
        await turns(turn)
        late.append(await batches.run((10 + turn,)))

    # whichever turn of the loop it is, between the end of a sender and whatever is done about it
    coming = [asyncio.create_task(comes_late(turn)) for turn in range(6)]
    await turns()
    pool.opened.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*first, *coming)
    assert sorted(late) == [10, 11, 12, 13, 14, 15]


@pytest.mark.parametrize(
    "failure", [asyncpg.DeadlockDetectedError("x"), ConnectionResetError(), ValueError(), KeyError()]
)
async def test_whatever_fails_together_is_tried_alone(failure):
    """Also what no database says: who waits must be answered."""
    pool = Pool()
    pool.opened.set()
    pool.failure = failure
    batches = Batches(pool, "")
    async with asyncio.timeout(5):
        assert await asyncio.gather(*(batches.run((number,)) for number in range(40))) == list(range(40))
