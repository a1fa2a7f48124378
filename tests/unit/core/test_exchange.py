"""What can happen to an exchange: the table is total, whole, and the only way to a next state."""

from dataclasses import replace

import pytest
from core_values import exchange
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.exchange import NEXT, TOLD, Party, State, Step, advance
from gateway.core.reason import Reason, Refused

BEGINNING = {Party.DEPOSITING: State.HELD, Party.ACCESSING: State.REQUESTED}
OF = {
    Party.DEPOSITING: {State.HELD, State.RELEASED, State.PLACED, State.WITHDRAWN, State.REFUSED},
    Party.ACCESSING: {State.REQUESTED, State.RECEIVED, State.HANDED_OVER, State.CONFIRMED, State.REFUSED},
}


@pytest.mark.parametrize("party", Party)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", Step)
def test_every_step_in_every_state_is_decided(party, state, step):
    try:
        following = advance(party, state, step)
    except Refused as refused:
        assert refused.reason is Reason.STATE_CONFLICT
        assert (state, step) not in NEXT[party] and step not in TOLD
    else:
        assert following is NEXT[party].get((state, step), state)


@pytest.mark.parametrize("party", Party)
def test_every_state_of_a_party_is_reached_and_no_other(party):
    reached, growing = set(), {BEGINNING[party]}
    while growing:
        state = growing.pop()
        reached.add(state)
        growing |= {after for (before, _), after in NEXT[party].items() if before is state} - reached
    assert reached == OF[party]
    assert {state for state, _ in NEXT[party]} <= reached, "a row for a state in which nobody can be"


@given(st.sampled_from(Party), st.lists(st.sampled_from(Step), max_size=40))
def test_no_walk_leaves_the_party_s_states(party, steps):
    state = BEGINNING[party]
    for step in steps:
        try:
            state = advance(party, state, step)
        except Refused as refused:
            assert refused.reason is Reason.STATE_CONFLICT
        assert state in OF[party]


def test_nothing_is_placed_that_was_not_released():
    leading = {before for (before, _), after in NEXT[Party.DEPOSITING].items() if after is State.PLACED}
    assert State.HELD not in leading and State.WITHDRAWN not in leading


def test_a_withdrawal_stays():
    after = {after for (before, _), after in NEXT[Party.DEPOSITING].items() if before is State.WITHDRAWN}
    assert after == {State.WITHDRAWN}


def test_a_second_counterpart_may_take_what_the_first_took_or_refused():
    assert advance(Party.DEPOSITING, State.PLACED, Step.PLACED) is State.PLACED
    assert advance(Party.DEPOSITING, State.REFUSED, Step.PLACED) is State.PLACED


def test_a_person_stops_an_exchange_or_its_whole_office():
    going = exchange()
    assert not going.is_stopped
    assert replace(going, on_hold=True).is_stopped
    assert replace(going, office_stopped=True).is_stopped
