"""The worker over a queue that a test plays: who is slow delays nobody, what is lost is given up, nothing ends it."""

import asyncio
from collections import deque
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from sys import path

import pytest

path.append(str(Path(__file__).parent / "core"))

from core_values import IB, XA, XB, claimed

from gateway.core.reason import Deferred, Reason
from gateway.core.transmission import Task
from gateway.worker import Worker

LONG = timedelta(hours=1)


class PlayedOutbox:
    """Gives the transmissions that wait to who may have them; remembers what else it is asked."""

    def __init__(self) -> None:
        self.waiting = []
        self.troubles: deque[Exception] = deque()
        self.claims, self.renewed, self.postponed = [], [], []
        self.renewals: deque = deque()

    async def claim(self, *, busy, lease):
        self.claims.append(busy)
        if self.troubles:
            raise self.troubles.popleft()
        for transmission in self.waiting:
            if transmission.leg.counterpart not in busy or transmission.leg.task is Task.ROUTE:
                self.waiting.remove(transmission)
                return transmission
        return None

    async def renew(self, transmission, *, lease):
        self.renewed.append(transmission)
        answer = self.renewals.popleft() if self.renewals else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def postpone(self, transmission, *, until):
        if self.troubles:
            raise self.troubles.popleft()
        self.postponed.append((transmission, until))


class Stage:
    """A worker, its queue, and attempts that end when the test says so."""

    def __init__(self, **changes) -> None:
        self.outbox = PlayedOutbox()
        self.begun, self.ended, self.lines = [], [], []
        self.gates: dict[str, asyncio.Future] = {}
        options = {"at_once": 16, "per_counterpart": 2, "lease": LONG, "look": LONG, "grace": LONG} | changes
        self.worker = Worker(outbox=self.outbox, dispatch=self._dispatch, log=self, **options)
        self.running = asyncio.create_task(self.worker.run())

    def info(self, event, **values):
        self.lines.append((event, values))

    debug = warning = info

    async def _dispatch(self, transmission):
        name = transmission.exchange_id
        self.begun.append(name)
        self.gates[name] = asyncio.get_running_loop().create_future()
        try:
            return await self.gates[name]
        finally:
            self.ended.append(name)

    async def put(self, *names, counterpart=IB, task=Task.PLACE):
        """Queue transmissions named by their exchange and wake the worker."""
        for name in names:
            self.outbox.waiting.append(replace(claimed(task, counterpart=counterpart), exchange_id=name))
        self.worker.wake()
        await self.turns()

    async def end(self, name, outcome="delivered"):
        if isinstance(outcome, BaseException):
            self.gates[name].set_exception(outcome)
        else:
            self.gates[name].set_result(outcome)
        await self.turns()

    async def turns(self, count=30):
        for _ in range(count):
            await asyncio.sleep(0)

    def said(self, event):
        return [values for told, values in self.lines if told == event]

    async def close(self):
        self.worker.stop()
        for gate in self.gates.values():
            if not gate.done():
                gate.set_result("delivered")
        await asyncio.wait_for(self.running, 5)


@pytest.fixture
async def stage():
    stages = []

    def make(**changes):
        stages.append(Stage(**changes))
        return stages[-1]

    yield make
    for each in stages:
        await each.close()


async def test_what_is_due_is_carried_and_said(stage):
    s = stage()
    await s.put("e-1", "e-2")
    assert s.begun == ["e-1", "e-2"], "at the same time"
    await s.end("e-2")
    await s.end("e-1", "pending")
    assert s.said("dispatched") == [
        {"exchange_id": "e-2", "counterpart": IB, "task": "place", "outcome": "delivered"},
        {"exchange_id": "e-1", "counterpart": IB, "task": "place", "outcome": "pending"},
    ]


async def test_a_slow_counterpart_fills_its_own_places_only(stage):
    s = stage(per_counterpart=2)
    await s.put("slow-1", "slow-2", "slow-3")
    await s.put("quick-1", counterpart=XB)
    assert s.begun == ["slow-1", "slow-2", "quick-1"]
    assert s.outbox.claims[-1] == {IB}
    await s.end("quick-1")
    await s.put("quick-2", counterpart=XB)
    assert s.begun[-1] == "quick-2"
    await s.end("slow-1")
    assert s.begun[-1] == "slow-3", "a place that is free is taken at once"


async def test_routing_takes_no_place(stage):
    s = stage(per_counterpart=1)
    await s.put("route-1", "route-2", counterpart=XA, task=Task.ROUTE)
    await s.put("own", counterpart=XA, task=Task.HAND_OVER)
    await s.put("route-3", counterpart=XA, task=Task.ROUTE)
    await s.put("waits", counterpart=XA, task=Task.HAND_OVER)
    assert s.begun == ["route-1", "route-2", "own", "route-3"]


async def test_no_more_than_all_places_at_once(stage):
    s = stage(at_once=3, per_counterpart=2)
    await s.put("a-1", "a-2")
    await s.put("b-1", "b-2", counterpart=XB)
    assert s.begun == ["a-1", "a-2", "b-1"]
    looks = len(s.outbox.claims)
    s.worker.wake()
    await s.turns()
    assert len(s.outbox.claims) == looks, "there is nothing to claim for"
    await s.end("a-1")
    assert s.begun[-1] == "b-2"


async def test_it_looks_by_itself_when_nobody_wakes_it(stage):
    s = stage(look=timedelta(0))
    await s.turns()
    assert s.worker.looks > 2
    s.outbox.waiting.append(claimed())
    await s.turns()
    assert s.begun == [claimed().exchange_id]


async def test_a_wake_between_a_look_and_the_rest_is_not_lost(stage):
    s = stage()
    await s.turns()
    looks = s.worker.looks

    async def woken_while_looking(**_):
        del s.outbox.claim
        s.worker.wake()

    s.outbox.claim = woken_while_looking
    s.worker.wake()
    await s.turns()
    assert s.worker.looks == looks + 2


@pytest.mark.parametrize("trouble", [Deferred(Reason.DATABASE_UNAVAILABLE), ValueError("'new-task' is not a Task")])
async def test_a_claim_that_fails_is_tried_again(stage, trouble):
    """Also when a row cannot be read: written by a newer release, say."""
    s = stage()
    s.outbox.troubles.append(trouble)
    await s.put("e-1")
    assert s.begun == []
    s.worker.wake()
    await s.turns()
    assert s.begun == ["e-1"]
    assert "new-task" not in str([values for _, values in s.lines if "exc_info" not in values])


@pytest.mark.parametrize(
    ("failure", "line", "code"),
    [
        (Deferred(Reason.DATABASE_UNAVAILABLE), "attempt given up", "9002"),
        (Deferred(Reason.LEASE_LOST), "attempt given up", "9004"),
        (KeyError("secret"), "attempt failed inside", "9001"),
    ],
)
async def test_an_attempt_that_fails_ends_nobody_else(stage, failure, line, code):
    s = stage()
    await s.put("bad", "good")
    await s.end("bad", failure)
    (said,) = s.said(line)
    assert (said["exchange_id"], said["reason"]) == ("bad", code)
    assert "secret" not in str({name: value for name, value in said.items() if name != "exc_info"})
    await s.end("good")
    await s.put("next")
    assert (s.begun[-1], len(s.said("dispatched"))) == ("next", 1)


async def test_a_lease_is_renewed_as_long_as_the_attempt_runs(stage):
    s = stage(lease=timedelta(0))
    await s.put("e-1")
    assert len(s.outbox.renewed) > 3
    await s.end("e-1")
    renewed = len(s.outbox.renewed)
    await s.turns()
    assert len(s.outbox.renewed) == renewed
    assert s.said("dispatched")


async def test_an_attempt_whose_lease_is_lost_is_given_up(stage):
    s = stage(lease=timedelta(0))
    s.outbox.renewals.extend([True, False])
    await s.put("e-1")
    assert (s.begun, s.ended) == (["e-1"], ["e-1"])
    assert [said["reason"] for said in s.said("attempt given up")] == ["9004"]
    assert s.outbox.postponed == [], "it is another's now"
    await s.put("e-2")
    assert s.begun[-1] == "e-2"


@pytest.mark.parametrize("trouble", [Deferred(Reason.DATABASE_UNAVAILABLE), KeyError("x")])
async def test_a_renewal_that_fails_is_tried_again(stage, trouble):
    s = stage(lease=timedelta(0))
    s.outbox.renewals.extend([trouble, trouble, True, False])
    await s.put("e-1")
    assert len(s.outbox.renewed) == 4
    assert s.ended == ["e-1"]


async def test_a_stop_lets_what_runs_come_to_its_end(stage):
    s = stage()
    await s.put("e-1")
    s.worker.stop()
    await s.put("e-2")
    assert (s.begun, s.running.done()) == (["e-1"], False)
    await s.end("e-1")
    await asyncio.wait_for(s.running, 5)
    assert len(s.said("dispatched")) == 1


@pytest.mark.parametrize("away", [False, True])
async def test_what_does_not_end_in_time_is_given_back(stage, away):
    """So that whoever comes next goes on at once, and need not wait for the lease to run out."""
    s = stage(grace=timedelta(0))
    await s.put("e-1")
    if away:
        s.outbox.troubles.append(Deferred(Reason.DATABASE_UNAVAILABLE))
    s.worker.stop()
    await asyncio.wait_for(s.running, 5)
    assert s.ended == ["e-1"]
    assert [said["reason"] for said in s.said("attempt given up")] == ["1010"]
    assert [(t.exchange_id, until) for t, until in s.outbox.postponed] == (
        [] if away else [("e-1", claimed().leg.due_at)]
    )


async def test_a_stop_with_nothing_to_do_is_the_end(stage):
    s = stage()
    await s.turns()
    s.worker.stop()
    await asyncio.wait_for(s.running, 5)
