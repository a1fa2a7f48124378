"""Where work on a large message is done: not in the event loop, where everybody else would wait for it."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

__all__ = ["work_on"]

#: Bytes of XML or JSON above which a thread is worth its cost.
_LARGE: Final = 50_000

_T = TypeVar("_T")


async def work_on(size: int, work: Callable[[], _T]) -> _T:
    """Do `work` here if its message has few bytes, else in a thread."""
    return work() if size <= _LARGE else await asyncio.to_thread(work)
