"""The worker of a process: as the settings say, with a place for everybody."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from sys import path
from types import SimpleNamespace

import pytest

path.append(str(Path(__file__).parents[1] / "core"))

from core_values import claimed

from gateway.app import delivering
from gateway.settings import CounterpartSettings, WorkSettings


@dataclass
class Queue:
    """Gives a leg for each of these counterparts, as often as it is asked; nobody takes more than his places."""

    counterparts: list[str]
    claimed: int = 0

    async def claim(self, *, busy, lease):
        free = [code for code in self.counterparts if code not in busy]
        if not free:
            return None
        self.claimed += 1
        return replace(claimed(counterpart=free[0]), transmission_id=str(self.claimed))

    async def postpone(self, transmission, *, until):
        return None


@pytest.mark.parametrize(("counterparts", "at_once", "places"), [(1, 16, 4), (3, 2, 12), (9, 16, 36)])
async def test_all_counterparts_slow_at_once_leave_a_place_for_each_other(monkeypatch, counterparts, at_once, places):
    codes = [f"X{chr(65 + n)}" for n in range(counterparts)]
    queue = Queue(codes)
    work = WorkSettings(at_once=at_once, per_counterpart=4)
    reached = tuple(CounterpartSettings(hosted="XZ", code=code, adapter="das") for code in codes)
    settings = SimpleNamespace(work=work, counterpart=reached)
    never = asyncio.Event()

    async def slow(transmission, counterparts, line):
        await never.wait()

    monkeypatch.setattr(delivering, "dispatch", slow)
    gateway = SimpleNamespace(settings=settings, outbox=queue, counterparts=None, line=None)
    worker = delivering.make_worker(gateway)
    running = asyncio.create_task(worker.run())
    while worker.looks <= places:
        await asyncio.sleep(0)
    assert queue.claimed == places
    worker.stop()
    never.set()
    await running
