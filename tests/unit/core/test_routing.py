"""Which legs follow from a step, by the agreements in force."""

from datetime import timedelta

import pytest
from core_values import IB, NOW, XA, XB, accessing, agreement, exchange

from gateway.core.exchange import Party, Step
from gateway.core.office import Right
from gateway.core.reason import Reason, Refused
from gateway.core.routing import FOLLOWING, legs_after
from gateway.core.transmission import Task

EVERYTHING = frozenset(Task)


def legs(step, agreements, of=None):
    return legs_after(step, of or exchange(version=3), agreements, at=NOW)


@pytest.mark.parametrize("step", Step)
def test_every_step_is_routed_somewhere_or_nowhere(step):
    of = accessing() if step in (Step.REQUESTED, Step.RECEIVED, Step.CHANGED) else exchange()
    found = legs(step, [agreement(hosted=of.hosted, tasks=EVERYTHING)], of)
    assert [leg.task for leg in found] == list(FOLLOWING.get(step, ()))


def test_every_task_but_routing_follows_from_some_step():
    assert {task for tasks in FOLLOWING.values() for task in tasks} == set(Task) - {Task.ROUTE}


def test_a_leg_says_what_its_agreement_says():
    (leg,) = legs(Step.RELEASED, [agreement(adapter="other", name="n")])
    assert (leg.counterpart, leg.adapter, leg.task, leg.version, leg.agreement, leg.due_at) == (
        IB,
        "other",
        Task.PLACE,
        3,
        "n",
        NOW,
    )


def test_a_document_is_placed_wherever_that_was_agreed():
    found = legs(Step.RELEASED, [agreement(), agreement(name="direct", counterpart=XB, adapter="office")])
    assert [(leg.counterpart, leg.agreement) for leg in found] == [(IB, "XA-IB"), (XB, "direct")]


@pytest.mark.parametrize("step", [Step.REQUESTED, Step.CHANGED, Step.ATTEMPTED])
def test_a_document_is_asked_for_at_one_place(step):
    both = [
        agreement(name="suspended", hosted=XB, suspended=True),
        agreement(name="first", hosted=XB),
        agreement(name="second", hosted=XB, counterpart=XA, adapter="office"),
    ]
    assert [leg.agreement for leg in legs(step, both, accessing())] == ["first"]


@pytest.mark.parametrize("step", [Step.RELEASED, Step.CORRECTED, Step.REPLACED, Step.WITHDRAWN, Step.ASKED])
def test_a_needed_task_that_nobody_agreed_on_is_refused(step):
    for agreements in ([], [agreement(suspended=True)], [agreement(rights=frozenset({Right.DESIGN}))]):
        with pytest.raises(Refused) as refused:
            legs(step, agreements)
        assert refused.value.reason is Reason.KIND_NOT_AGREED


def test_no_own_system_and_no_second_look_are_no_failure():
    only = agreement(hosted=XB, tasks=frozenset({Task.OBTAIN}))
    assert legs(Step.RECEIVED, [only], accessing()) == ()


def test_a_second_look_comes_after_the_agreed_time_or_never():
    assert accessing().party is Party.ACCESSING
    for recheck, due in ((timedelta(hours=8), [NOW + timedelta(hours=8)]), (None, [])):
        found = legs(Step.ATTEMPTED, [agreement(hosted=XB, recheck=recheck)], accessing())
        assert [leg.due_at for leg in found] == due
