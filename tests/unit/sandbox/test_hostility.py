"""Seeded hostility: reproducible, polite by default, counted rules first."""

import pytest

from sandbox.hostility import Hostility, Rule, Switch


def strikes(hostility, switch, operation, times=200):
    return [hostility.strikes(switch, operation) is not None for _ in range(times)]


def test_polite_by_default():
    hostility = Hostility()
    assert not any(strikes(hostility, switch, "any")[0] for switch in Switch)
    assert hostility.order([3, 1, 2], "list") == [3, 1, 2]
    assert hostility.identifier("usual", "id") == "usual"
    assert hostility.view() == {"seed": None, "rules": [], "struck": {}}


def test_the_same_seed_strikes_alike_whatever_happens_between():
    first, second, other = Hostility.rude(7), Hostility.rude(7), Hostility.rude(8)
    expected = strikes(first, Switch.SLOW, "register")
    woven = []
    for _ in range(200):
        woven.append(second.strikes(Switch.SLOW, "register") is not None)
        second.strikes(Switch.SLOW, "retrieve")
        second.strikes(Switch.CUT_AFTER, "register")
    assert woven == expected and 0 < sum(expected) < 40
    assert strikes(other, Switch.SLOW, "register") != expected


def test_a_counted_rule_strikes_the_next_calls_of_its_operation_only():
    hostility = Hostility([Rule(switch=Switch.CUT_AFTER, operation="regis*", calls=2)])
    assert hostility.strikes(Switch.CUT_AFTER, "retrieve") is None
    assert hostility.strikes(Switch.CUT_BEFORE, "register") is None
    assert strikes(hostility, Switch.CUT_AFTER, "register", 4) == [True, True, False, False]
    assert hostility.view()["struck"] == {"cut-after:register": 2}


def test_the_newest_rule_goes_first_and_all_can_be_cleared():
    hostility = Hostility([Rule(switch=Switch.SLOW, probability=1.0, seconds=1.0)])
    hostility.add(Rule(switch=Switch.SLOW, calls=1, seconds=9.0))
    waits = [hostility.strikes(Switch.SLOW, "x").seconds for _ in range(2)]
    assert waits == [9.0, 1.0]
    hostility.clear()
    assert hostility.strikes(Switch.SLOW, "x") is None


def test_shuffling_keeps_what_is_in_the_list():
    hostility = Hostility([Rule(switch=Switch.SHUFFLED, probability=1.0)], seed=3)
    items = list(range(50))
    assert sorted(hostility.order(items, "list")) == items != hostility.order(items, "list")


def test_odd_identifiers_are_unlike_and_unique():
    hostility = Hostility([Rule(switch=Switch.ODD_IDS, probability=1.0)], seed=3)
    made = [hostility.identifier("usual", "id") for _ in range(100)]
    assert "usual" not in made and len(set(made)) == 100
    assert any("/" in one for one in made) and any(len(one) > 150 for one in made)


@pytest.mark.parametrize("wrong", [{"probability": 1.1}, {"probability": -0.1}, {"calls": -1}, {"seconds": -1}])
def test_an_impossible_rule_is_refused(wrong):
    with pytest.raises(ValueError, match="probability"):
        Rule(switch=Switch.SLOW, **wrong)
