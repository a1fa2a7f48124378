"""The end of an attempt is one append under its fence: entry, exchange, documents, notification, queue item."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from core_values import ALL_GIVEN, IB, NOW, XB, obtained
from line_in_memory import pending

from gateway.core.document import Role
from gateway.core.exchange import Fact, FactName
from gateway.core.reason import Deferred, Overtaken, Reason
from gateway.core.transmission import Delivered, Ended, TransmissionState
from gateway.stages.acknowledge import acknowledge

LEASE = timedelta(minutes=1)


async def running(bench, exchange_id):
    """Claim what is due of an exchange."""
    transmission = await bench.store.claim(busy=frozenset(), lease=LEASE)
    assert transmission.exchange_id == exchange_id
    return transmission, await bench.view(exchange_id)


async def placing(bench):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    assert await bench.dispatch_one() == "routed"
    return exchange_id, *(await running(bench, exchange_id))


async def obtaining(bench):
    exchange_id = await bench.requested()
    assert await bench.dispatch_one() == "routed"
    return exchange_id, *(await running(bench, exchange_id))


async def test_a_delivery_is_written_whole(bench):
    exchange_id, transmission, view = await placing(bench)
    certificate = obtained(b"%PDF-c", name="certificate.pdf", role=Role.REGISTRATION_CERTIFICATE)
    fact = Fact(name=FactName.REGISTERED, at=NOW, value="v")
    await acknowledge(transmission, Delivered(facts=(fact,), documents=(certificate,)), view, bench.line)
    after = await bench.view(exchange_id)
    assert (after.exchange.state.value, after.exchange.revision) == ("placed", view.exchange.revision + 1)
    assert after.facts == (fact,)
    assert [d.listed.content_id for d in after.documents] == ["certificate.pdf", "copy.pdf"]
    assert after.transmissions[-1].state == "done"
    assert bench.events(exchange_id)[-1] == "placed"
    leaf = json.loads(bench.store.entries[-1].leaf[1:])
    assert (leaf["kind"], leaf["actor"], leaf["outcome"]) == ("placed", IB, "done")
    assert leaf["digests"].keys() == {"documents"}
    assert b"certificate.pdf" not in bench.store.entries[-1].leaf, "a name that a counterpart chose"


async def test_what_came_goes_on_in_the_same_append(bench):
    exchange_id, transmission, view = await obtaining(bench)
    before = len(bench.store.entries)
    await acknowledge(transmission, Delivered(documents=(obtained(),)), view, bench.line)
    assert len(bench.store.entries) == before + 1
    legs = [(t.leg.task.value, t.leg.progress.get("step")) for t in (await bench.view(exchange_id)).transmissions]
    assert legs[-1] == ("route", "received")


async def test_a_counterpart_at_work_is_waited_for_without_an_entry(bench):
    _, transmission, view = await placing(bench)
    before = len(bench.store.entries)
    assert await acknowledge(transmission, pending(hours=2), view, bench.line) is None
    assert len(bench.store.entries) == before
    row = bench.store.transmissions[-1]
    assert (row.leg.due_at, row.lease_until) == (NOW + timedelta(hours=2), None)


async def test_news_while_it_works_are_written(bench):
    exchange_id, transmission, view = await obtaining(bench)
    fact = Fact(name=FactName.REQUESTED, at=NOW)
    await acknowledge(transmission, replace(pending(hours=2), facts=(fact,)), view, bench.line)
    assert (await bench.view(exchange_id)).facts == (fact,)
    row = bench.store.transmissions[-1]
    assert (row.leg.due_at, row.state) == (NOW + timedelta(hours=2), TransmissionState.READY)
    assert bench.events(exchange_id) == []


@pytest.mark.parametrize(
    "outcome", [Delivered(), pending(), Ended(reason=Reason.FILE_REJECTED, state=TransmissionState.REFUSED)]
)
async def test_under_a_lost_fence_nothing_is_written(bench, outcome):
    exchange_id, transmission, view = await placing(bench)
    lost = replace(transmission, fence=transmission.fence - 1)
    before = len(bench.store.entries)
    with pytest.raises(Deferred) as deferred:
        await acknowledge(lost, outcome, view, bench.line)
    assert deferred.value.reason is Reason.LEASE_LOST
    assert (len(bench.store.entries), await bench.view(exchange_id)) == (before, view)


async def test_who_was_overtaken_is_told(bench):
    exchange_id, transmission, view = await placing(bench)
    bench.store.exchanges[exchange_id] = replace(view.exchange, revision=view.exchange.revision + 1)
    with pytest.raises(Overtaken):
        await acknowledge(transmission, Delivered(), view, bench.line)


async def test_a_wrong_code_is_counted_only_once_its_end_is_written(bench):
    exchange_id, transmission, view = await obtaining(bench)
    wrong = Ended(reason=Reason.ACCESS_CODE_MISMATCH, state=TransmissionState.REFUSED)
    with pytest.raises(Deferred):
        await acknowledge(replace(transmission, fence=0), wrong, view, bench.line)
    assert bench.store.guessed == {}
    await acknowledge(transmission, wrong, view, bench.line)
    assert await bench.store.so_far(XB, XB, view.exchange.application) == 1
    assert await bench.state(exchange_id) == "refused"


async def test_other_ends_are_no_guess(bench):
    _, transmission, view = await obtaining(bench)
    await acknowledge(
        transmission, Ended(reason=Reason.DATE_MISMATCH, state=TransmissionState.REFUSED), view, bench.line
    )
    assert bench.store.guessed == {}
