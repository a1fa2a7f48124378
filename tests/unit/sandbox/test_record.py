"""The record: effects in order, counted, as JSON."""

import json
from datetime import UTC, datetime

import pytest

from sandbox.record import Record


def record():
    return Record(lambda: datetime(2026, 11, 22, tzinfo=UTC))


def test_effects_are_numbered_counted_and_viewed():
    made = record()
    made.append("registered", office="XA", size=3)
    made.append("withdrawn", office="XA")
    effect = made.append("registered", office="XB")
    assert effect.number == 3
    assert (made.count("registered"), made.count("never")) == (2, 0)
    assert [one.number for one in made.effects("registered")] == [1, 3]
    view = json.loads(json.dumps(made.view()))
    assert view["counters"] == {"registered": 2, "withdrawn": 1}
    assert view["effects"][0] == {
        "number": 1,
        "kind": "registered",
        "at": "2026-11-22T00:00:00+00:00",
        "office": "XA",
        "size": 3,
    }
    assert [one["number"] for one in made.view("withdrawn")["effects"]] == [2]


def test_a_detail_cannot_hide_the_number_or_time():
    for name in ("number", "at"):
        with pytest.raises(ValueError, match=name):
            record().append("registered", **{name: 1})
