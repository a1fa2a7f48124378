"""Nothing leaves by default: what is open, who may decide, and that a Released is made by a decision only."""

import copy
import itertools
import pickle

import pytest
from core_values import ALL_GIVEN, NOW, decision
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.reason import Reason, Refused
from gateway.core.release import Condition, Outcome, Released, decide, for_addressee, open_conditions, standing

DECISIONS = st.lists(st.builds(decision, st.sampled_from(Condition), st.sampled_from(Outcome)), max_size=12)


def test_without_a_decision_everything_is_open():
    assert open_conditions([]) == frozenset(Condition)


@given(DECISIONS)
def test_the_last_decision_on_a_condition_counts(decisions):
    for condition in Condition:
        outcomes = [each.outcome for each in decisions if each.condition is condition]
        settled = bool(outcomes) and outcomes[-1] is not Outcome.RESCINDED
        assert (condition in open_conditions(decisions)) is not settled


@given(DECISIONS, st.booleans())
def test_released_is_what_has_no_open_condition_and_no_hold(decisions, on_hold):
    if on_hold or open_conditions(decisions):
        with pytest.raises(Refused) as refused:
            decide("copy", decisions, on_hold=on_hold)
        assert refused.value.reason is (Reason.HELD_BY_PERSON if on_hold else Reason.NOT_RELEASED)
    else:
        released = decide("copy", decisions, on_hold=False)
        assert (released.subject, released.decisions) == ("copy", tuple(decisions))


@pytest.mark.parametrize("condition", Condition)
def test_a_rescinded_condition_holds_again_and_is_named(condition):
    with pytest.raises(Refused) as refused:
        decide("copy", [*ALL_GIVEN, decision(condition, Outcome.RESCINDED)], on_hold=False)
    assert refused.value.reason is Reason.NOT_RELEASED
    assert refused.value.place == condition.value


def test_what_was_rescinded_can_be_given_again():
    decisions = [*ALL_GIVEN, decision(Condition.FEE, Outcome.RESCINDED), decision(Condition.FEE, Outcome.NOT_DUE)]
    assert decide("copy", decisions, on_hold=False).subject == "copy"


def test_what_was_received_goes_to_its_addressee_unless_a_person_stops_it():
    assert for_addressee("copy", on_hold=False).subject == "copy"
    with pytest.raises(Refused, match="HELD_BY_PERSON"):
        for_addressee("copy", on_hold=True)


@pytest.mark.parametrize("mint", [None, object(), True, "mint"])
def test_nobody_makes_a_released_by_hand(mint):
    with pytest.raises(TypeError):
        Released(mint, "copy", ALL_GIVEN)


@pytest.mark.parametrize(
    "change",
    [
        lambda released: setattr(released, "subject", "another copy"),
        lambda released: setattr(released, "decisions", ()),
        lambda released: delattr(released, "subject"),
    ],
)
def test_a_released_keeps_what_was_decided_on(change):
    released = decide("copy", ALL_GIVEN, on_hold=False)
    with pytest.raises(AttributeError):
        change(released)
    assert released.subject == "copy"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_released_is_not_made_again_from_another(again):
    with pytest.raises(TypeError):
        again(decide("copy", ALL_GIVEN, on_hold=False))


def test_a_released_does_not_come_out_of_a_subclass():
    with pytest.raises(TypeError):

        class Freed(Released):
            pass


def test_a_standing_rule_names_its_agreement():
    taken = standing([Condition.FEE, Condition.SECRECY], agreement="XA-IB", at=NOW)
    assert [(each.condition, each.outcome) for each in taken] == [
        (Condition.FEE, Outcome.NOT_DUE),
        (Condition.SECRECY, Outcome.NOT_DUE),
    ]
    assert {(each.by, each.basis, each.decided_at) for each in taken} == {
        ("standing rule", "agreement XA-IB", NOW),
    }


def test_a_standing_rule_for_all_conditions_releases():
    for some in itertools.combinations(Condition, 3):
        assert open_conditions(standing(some, agreement="XA-IB", at=NOW))
    assert not open_conditions(standing(Condition, agreement="XA-IB", at=NOW))
