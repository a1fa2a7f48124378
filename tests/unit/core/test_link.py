"""Who answers is there; failures in a row are counted since the last answer, by a clock that does not jump."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.link import LinkWatch, answered
from gateway.core.reason import Reason

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("reason", "there"),
    [
        (None, True),
        (Reason.REMOTE_UNREACHABLE, False),
        (Reason.REMOTE_OUTCOME_UNKNOWN, False),
        (Reason.REMOTE_BUSY, False),
        (Reason.REMOTE_MALFORMED, False),
        (Reason.NOT_REGISTERED, True),
        (Reason.REMOTE_UNAUTHORIZED, True),
        (Reason.ACCESS_CODE_MISMATCH, True),
        (Reason.NUMBER_RANGE_EXHAUSTED, None),
        (Reason.DATABASE_UNAVAILABLE, None),
        (Reason.NOT_RELEASED, None),
        (Reason.LEASE_LOST, None),
        (Reason.INTERNAL, None),
    ],
)
def test_an_answer_of_any_kind_is_an_answer_and_our_own_troubles_are_none(reason, there):
    assert answered(reason) is there


def watch(*steps):
    seen = LinkWatch()
    for second, reason in steps:
        seen.saw(reason, at(second), float(second))
    return seen


DOWN = Reason.REMOTE_UNREACHABLE


def test_failures_are_those_after_the_last_answer():
    tally = watch((1, DOWN), (2, None), (3, DOWN), (4, Reason.REMOTE_BUSY), (5, DOWN)).take(8.0)
    assert (tally.good_first, tally.good_last) == (at(2), at(2))
    assert (tally.failing_since, tally.failed_at, tally.failures) == (at(3), at(5), 3)
    assert tally.reasons == {"5001": 2, "5002": 1} and tally.lasting == 5.0


def test_nothing_seen_is_nothing_to_tell():
    seen = watch((1, Reason.DATABASE_UNAVAILABLE))
    assert seen.take(9.0) is None
    seen.saw(DOWN, at(2), 2.0)
    assert seen.take(9.0).failures == 1 and seen.take(9.0) is None


def test_a_run_of_failures_goes_on_over_what_was_told():
    seen = watch((10, DOWN))
    seen.take(11.0)
    seen.saw(DOWN, at(400), 400.0)
    assert seen.take(410.0).lasting == 400.0


def test_the_run_is_measured_without_the_calendar():
    seen = watch((10, DOWN))
    seen.saw(DOWN, at(86400), 12.0)  # the clock was set
    assert seen.take(13.0).lasting == 3.0


def test_an_answer_that_others_had_begins_the_run_anew():
    seen = watch((10, DOWN))
    seen.merged(4, 11.0)
    seen.saw(DOWN, at(200), 200.0)
    seen.merged(4, 201.0)
    assert seen.take(210.0).lasting == 200.0
    seen.merged(5, 300.0)
    seen.saw(DOWN, at(310), 310.0)
    assert seen.take(320.0).lasting == 20.0


def test_what_could_not_be_told_is_kept_in_its_order():
    seen = watch((1, None), (2, DOWN))
    tally = seen.take(3.0)
    seen.saw(DOWN, at(4), 4.0)
    seen.give_back(tally)
    again = seen.take(5.0)
    assert (again.good_first, again.failing_since, again.failed_at, again.failures) == (at(1), at(2), at(4), 2)
    seen.give_back(again)
    seen.saw(None, at(6), 6.0)
    last = seen.take(7.0)
    assert (last.good_first, last.good_last, last.failures) == (at(1), at(6), 0)
