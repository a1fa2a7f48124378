"""Agreements cover what they name, all of it, and nothing while they are suspended."""

import pytest
from core_values import XA, XB, agreement

from gateway.core.agreement import FIRST_TASK, covering
from gateway.core.document import DocumentKind
from gateway.core.exchange import Party
from gateway.core.office import Right
from gateway.core.reason import Reason, Refused
from gateway.core.transmission import Task

ASKED = {"hosted": XA, "kind": DocumentKind.PRIORITY_DOCUMENT, "right": Right.PATENT, "task": Task.PLACE}


def test_what_agrees_in_everything_is_covered():
    assert agreement().covers(**ASKED)


@pytest.mark.parametrize(
    "changes",
    [
        {"hosted": XB},
        {"kinds": frozenset()},
        {"rights": frozenset({Right.DESIGN})},
        {"tasks": frozenset({Task.OBTAIN})},
        {"suspended": True},
    ],
)
def test_one_difference_is_enough(changes):
    assert not agreement(**changes).covers(**ASKED)
    with pytest.raises(Refused) as refused:
        covering([agreement(**changes)], **ASKED)
    assert refused.value.reason is Reason.KIND_NOT_AGREED


def test_all_that_cover_are_found_in_their_order():
    first, other, second = agreement(name="1"), agreement(name="2", suspended=True), agreement(name="3")
    assert covering(iter([first, other, second]), **ASKED) == (first, second)


def test_every_party_begins_with_a_task():
    assert FIRST_TASK.keys() == set(Party)
