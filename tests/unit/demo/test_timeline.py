"""The timeline: plain lines where there is no terminal, a failure as soon as something does not hold."""

import io
import json

import pytest
from rich.console import Console

from gateway.demo.timeline import StoryFailed, Timeline


@pytest.fixture
def written():
    return io.StringIO()


@pytest.fixture
def timeline(written):
    return Timeline(Console(file=written, width=160))


def test_a_call_is_one_line_with_its_time(timeline, written):
    with timeline.call("XA's system", "gateway XA", "DepositPriorityDocument"):
        assert written.getvalue() == ""
    assert "XA's system → gateway XA" in written.getvalue() and written.getvalue().rstrip().endswith("ms")
    assert "\x1b" not in written.getvalue()


def test_what_does_not_hold_ends_the_story(timeline, written):
    timeline.step(1, "Deposits")
    timeline.check(True, "one holds")
    with pytest.raises(StoryFailed, match=r"this does not hold: two equals three; found 2"):
        timeline.check(2 == 3, "two equals three", 2)
    assert "✓ one holds" in written.getvalue() and "three" not in written.getvalue()
    assert not timeline.is_told


def test_a_call_that_failed_has_no_line(timeline, written):
    with pytest.raises(StoryFailed), timeline.call("a", "b", "c"):
        raise StoryFailed("no")
    assert written.getvalue() == ""


def test_the_summary_has_every_step_and_check(timeline):
    timeline.step(1, "Deposits")
    timeline.check(True, "first")
    timeline.step(2, "Releases")
    timeline.check(True, "second")
    timeline.end()
    told = json.loads(json.dumps(timeline.summary()))
    assert told["verified"] and [(step["step"], step["checks"]) for step in told["steps"]] == [
        (1, ["first"]),
        (2, ["second"]),
    ]


def test_several_things_may_be_under_way_on_a_terminal(written):
    timeline = Timeline(Console(file=written, width=160, force_terminal=True))
    with timeline.busy("outer"), timeline.busy("inner"):
        pass
    with timeline.busy("later"):
        timeline.say("a line meanwhile")
    assert "outer" in written.getvalue() and "a line meanwhile" in written.getvalue()
