"""Behaviour switched at run time: an order is done whole or not at all."""

import msgspec
import pytest

from sandbox.hostility import Hostility, Rule, Switch
from sandbox.orders import obey


def test_an_order_clears_and_adds():
    hostility = Hostility([Rule(switch=Switch.SLOW, probability=1.0)])
    shown = obey(b'{"clear": true, "rules": [{"switch": "cut-after", "operation": "reg*", "calls": 2}]}', hostility)
    assert [(rule["switch"], rule["operation"], rule["calls"]) for rule in shown["rules"]] == [("cut-after", "reg*", 2)]
    assert hostility.strikes(Switch.CUT_AFTER, "register") is not None
    assert hostility.strikes(Switch.SLOW, "register") is None


def test_a_rule_without_calls_is_certain():
    hostility = Hostility()
    obey(b'{"rules": [{"switch": "too-many"}]}', hostility)
    assert all(hostility.strikes(Switch.TOO_MANY, "any") for _ in range(20))


@pytest.mark.parametrize(
    "second",
    [
        b'{"switch": "rain"}',
        b'{"switch": "slow", "probability": 1.5}',
        b'{"switch": "slow", "calls": -1}',
        b'{"switch": "slow", "seconds": -0.1}',
        b'{"switch": "slow", "when": "now"}',
    ],
)
def test_of_an_order_that_cannot_be_read_nothing_is_done(second):
    hostility = Hostility([Rule(switch=Switch.DUPLICATE, probability=1.0)])
    with pytest.raises(msgspec.MsgspecError):
        obey(b'{"clear": true, "rules": [{"switch": "too-many"}, ' + second + b"]}", hostility)
    assert [rule["switch"] for rule in hostility.view()["rules"]] == ["duplicate"]
