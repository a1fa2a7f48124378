"""What may be forgotten: what has ended; by force what has not; what is on hold never."""

import pytest
from core_values import NOW, accessing, exchange, planned, view

from gateway.core.exchange import Fact, FactName, State
from gateway.core.reason import Reason, Refused
from gateway.core.retention import ENDED, check_forgettable
from gateway.core.transmission import Task, TransmissionState

HELD, DONE = TransmissionState.HELD, TransmissionState.DONE
FORGOTTEN = Fact(name=FactName.FORGOTTEN, at=NOW, value="rule 7")


def refusal(known, *, force=False):
    with pytest.raises(Refused) as refused:
        check_forgettable(known, force=force)
    return refused.value.reason


def of_state(state):
    deposited = (State.HELD, State.RELEASED, State.PLACED, State.WITHDRAWN)
    return exchange(state=state) if state in deposited else accessing(state=state)


@pytest.mark.parametrize("state", State)
def test_what_has_ended_may_be_forgotten_and_all_else_by_force(state):
    known = view(of_state(state))
    if state in ENDED:
        check_forgettable(known, force=False)
    else:
        assert refusal(known) is Reason.STATE_CONFLICT
    check_forgettable(known, force=True)


def test_what_is_under_way_has_not_ended():
    over = of_state(State.WITHDRAWN)
    assert refusal(view(over, transmissions=(planned(Task.WITHDRAW),))) is Reason.STATE_CONFLICT
    assert refusal(view(over, transmissions=(planned(Task.WITHDRAW, HELD),))) is Reason.STATE_CONFLICT
    check_forgettable(view(over, transmissions=(planned(Task.WITHDRAW, DONE),)), force=False)
    seen = view(of_state(State.CONFIRMED), transmissions=(planned(Task.RECHECK),))
    check_forgettable(seen, force=False)  # a look for changes never ends


@pytest.mark.parametrize("changes", [{"on_hold": True}, {"office_stopped": True}])
def test_what_is_on_hold_is_not_forgotten_by_any_force(changes):
    known = view(exchange(state=State.WITHDRAWN, **changes))
    assert refusal(known, force=True) is Reason.HELD_BY_PERSON


def test_nothing_is_forgotten_twice():
    known = view(exchange(state=State.WITHDRAWN), facts=(FORGOTTEN,))
    assert refusal(known, force=True) is Reason.DOCUMENT_FORGOTTEN
