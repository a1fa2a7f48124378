"""Batches: appends that wait at the same time share one transaction, one round trip and one flush to disk.

Rules:
- Nobody waits for a batch to fill: what has gathered while the one before was under way goes next.
- Each caller is answered after the commit that holds its append, or not at all.
- What fails in company is tried alone, so that nobody suffers from a neighbour.
- A caller that goes away (its client is gone) takes nothing back: the append is made, and a repeat finds it.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from gateway.store.pool import Pool

__all__ = ["Batches"]

#: The longest batch, and how many are under way at once in one process.
_MOST: Final = 32
_AT_ONCE: Final = 2

_Waiting = tuple[Sequence[Any], "asyncio.Future[asyncpg.Record]"]


class Batches:
    """Runs one statement, which gives one row, for many callers."""

    def __init__(self, pool: Pool, statement: str) -> None:
        self._pool = pool
        self._statement = statement
        self._waiting: deque[_Waiting] = deque()
        self._senders: set[asyncio.Task[None] | None] = set()

    async def run(self, arguments: Sequence[Any]) -> asyncpg.Record:
        """Run the statement and give its row once it is committed; raises what asyncpg raises."""
        future: asyncio.Future[asyncpg.Record] = asyncio.get_running_loop().create_future()
        self._waiting.append((arguments, future))
        if len(self._senders) < _AT_ONCE:
            self._senders.add(asyncio.create_task(self._send()))
        return await future

    async def _send(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST))]
                if len(batch) == 1 or not await self._together(batch):
                    for arguments, future in batch:
                        await self._alone(arguments, future)
        finally:
            # in the same breath as the look at who waits: between the two nobody may come and find us still there
            self._senders.discard(asyncio.current_task())

    async def _together(self, batch: list[_Waiting]) -> bool:
        """Send a batch as one implicit transaction; False if any of it failed, and then none of it is written."""
        try:
            async with self._pool.acquire() as connection:
                rows = await connection.fetchmany(self._statement, [arguments for arguments, _ in batch])
        except Exception:  # whatever it is: alone, each hears of its own
            return False
        for (_, future), row in zip(batch, rows, strict=True):
            if not future.done():
                future.set_result(row)
        return True

    async def _alone(self, arguments: Sequence[Any], future: "asyncio.Future[asyncpg.Record]") -> None:
        try:
            [row] = await self._pool.fetch(self._statement, *arguments)
        except Exception as error:
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                future.set_result(row)
