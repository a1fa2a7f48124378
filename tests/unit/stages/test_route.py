"""Planning legs: by the agreements of this moment, with what the step was about, and with an entry of its own."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from core_values import ALL_GIVEN, IB, NOW, agreement, claimed, decision, exchange, planned, view

from gateway.core.exchange import State, Step
from gateway.core.reason import Reason, Refused
from gateway.core.release import Condition, Outcome
from gateway.core.transmission import Task, TransmissionState
from gateway.ports import Append
from gateway.stages.route import route

LATER = replace(exchange().application, filing_date=exchange().application.filing_date + timedelta(days=7))


async def routed(bench, step, of, **changes):
    """Route a step of an exchange that stands in the store; gives the new transmissions."""
    bench.store.exchanges[of.exchange.exchange_id] = of.exchange
    for rows in (bench.store.documents, bench.store.decisions, bench.store.facts):
        rows[of.exchange.exchange_id] = []
    progress = {"step": step, "filing_date": "2026-03-01"}
    transmission = claimed(Task.ROUTE, counterpart="XA", adapter="", progress=progress, **changes)
    await bench.store.append(settling(bench, of, transmission))
    mine = await bench.store.claim(busy=frozenset(), lease=timedelta(minutes=1))
    await route(mine, of, bench.line)
    return bench.store.transmissions[1:]


def settling(bench, of, transmission):
    """An append that puts the route's own transmission into the store."""
    entry = bench.line.entry(hosted="XA", exchange_id=of.exchange.exchange_id, step=Step.DECIDED, actor="XA")
    return Append(hosted="XA", entry=entry, legs=((transmission.transmission_id, transmission.leg),))


def placed(**changes):
    return planned(Task.PLACE, **{"state": TransmissionState.DONE, "transmission_id": "place"} | changes)


async def test_a_release_plans_where_the_document_goes_and_is_told(bench):
    rows = await routed(bench, "released", view(decisions=ALL_GIVEN))
    assert [(r.leg.task, r.leg.counterpart, r.leg.progress) for r in rows] == [
        (Task.PLACE, IB, {"filing_date": "2026-03-01"})
    ]
    assert bench.store.transmissions[0].state is TransmissionState.DONE
    assert bench.store.exchanges[exchange().exchange_id].state is State.RELEASED
    assert bench.events(exchange().exchange_id) == ["released"]
    leaf = json.loads(bench.store.entries[-1].leaf[1:])
    assert (leaf["kind"], leaf["outcome"]) == ("released", "released")


@pytest.mark.parametrize("step", ["corrected", "replaced", "withdrawn"])
async def test_a_change_is_planned_with_what_it_was_about(bench, step):
    """The exchange has been changed again since: that has a leg of its own."""
    state = State.WITHDRAWN if step == "withdrawn" else State.PLACED
    of = exchange(state=state, version=5, application=LATER)
    (row,) = await routed(bench, step, view(of, decisions=ALL_GIVEN, transmissions=(placed(),)), version=2)
    assert (row.leg.version, row.leg.progress) == (2, {"filing_date": "2026-03-01"})
    assert bench.store.exchanges[of.exchange_id] == of, "the plan changes nothing of the exchange"
    assert bench.store.entries[-1].step.value == "routed"


@pytest.mark.parametrize(
    ("place", "planned_legs"),
    [
        (placed(), 1),
        (placed(state=TransmissionState.READY), 1),
        (placed(state=TransmissionState.HELD), 1),
        (placed(state=TransmissionState.REFUSED), 0),
        (placed(state=TransmissionState.REFUSED, progress={"filing_date": "2026-03-01", "intent": "now"}), 1),
        (placed(counterpart="XB"), 0),
        (placed(adapter="office"), 0),
        (planned(Task.OBTAIN, TransmissionState.DONE, transmission_id="other"), 0),
    ],
)
async def test_a_change_is_told_where_the_document_is_or_may_be(bench, place, planned_legs):
    of = view(exchange(state=State.WITHDRAWN), transmissions=(place,))
    assert len(await routed(bench, "withdrawn", of)) == planned_legs


@pytest.mark.parametrize("step", ["released", "corrected", "replaced"])
async def test_what_leaves_is_decided_when_it_is_planned(bench, step):
    for decisions, changes, reason in (
        ((*ALL_GIVEN, decision(Condition.FEE, Outcome.RESCINDED)), {}, Reason.NOT_RELEASED),
        (ALL_GIVEN, {"on_hold": True}, Reason.HELD_BY_PERSON),
        (ALL_GIVEN, {"office_stopped": True}, Reason.HELD_BY_PERSON),
    ):
        of = view(exchange(**changes), decisions=decisions, transmissions=(placed(),))
        transmission = claimed(Task.ROUTE, progress={"step": step, "filing_date": "2026-03-01"})
        before = len(bench.store.entries)
        with pytest.raises(Refused) as refused:
            await route(transmission, of, bench.line)
        assert refused.value.reason is reason
        assert len(bench.store.entries) == before


@pytest.mark.parametrize("step", ["released", "corrected", "replaced"])
async def test_what_was_withdrawn_meanwhile_is_not_planned(bench, step):
    of = view(exchange(state=State.WITHDRAWN), transmissions=(placed(),))
    assert await routed(bench, step, of) == []
    assert bench.events(of.exchange.exchange_id) == []


async def test_a_withdrawal_needs_no_release(bench):
    of = view(exchange(state=State.WITHDRAWN), transmissions=(placed(),))
    assert len(await routed(bench, "withdrawn", of)) == 1


async def test_the_agreements_are_those_of_this_moment(bench):
    bench.agreements[:] = [agreement(name="new", adapter="other")]
    (row,) = await routed(bench, "released", view(decisions=ALL_GIVEN))
    assert (row.leg.agreement, row.leg.adapter, row.leg.due_at) == ("new", "other", NOW)
    bench.agreements.clear()
    transmission = claimed(Task.ROUTE, progress={"step": "released", "filing_date": "2026-03-01"})
    with pytest.raises(Refused) as refused:
        await route(transmission, view(decisions=ALL_GIVEN), bench.line)
    assert refused.value.reason is Reason.KIND_NOT_AGREED
