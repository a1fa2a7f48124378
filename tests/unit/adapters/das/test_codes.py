"""adapters/das/codes.py."""

import pytest

from adapters.das.codes import failure_by, number_for, worst
from adapters.das.config import read_config
from gateway.core.reason import Deferred, Reason, Refused, Retry

CODES = read_config({"base_url": "https://das.example/"}).codes


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ((-7,), Reason.NOT_REGISTERED),
        ((-12,), Reason.DATE_MISMATCH),
        ((-14,), Reason.ACCESS_CODE_MISMATCH),
        ((-20,), Reason.ALREADY_REGISTERED),
        ((-12, -14), Reason.ACCESS_CODE_MISMATCH),
        ((-14, -7, -12), Reason.ACCESS_CODE_MISMATCH),
        ((-7, -12), Reason.DATE_MISMATCH),
        ((-14, -99), Reason.ACCESS_CODE_MISMATCH),
        ((-7, -99), Reason.REMOTE_UNKNOWN_ERROR),
        ((-20, -7), Reason.ALREADY_REGISTERED),
        ((-99,), Reason.REMOTE_UNKNOWN_ERROR),
        ((), Reason.REMOTE_UNKNOWN_ERROR),
    ],
)
def test_of_several_numbers_the_worst_counts(numbers, reason):
    assert worst(numbers, CODES) is reason
    assert worst(reversed(numbers), CODES) is reason


def test_an_error_without_number_is_unknown():
    assert worst((-7,), CODES, unreadable=True) is Reason.REMOTE_UNKNOWN_ERROR
    assert worst((-14,), CODES, unreadable=True) is Reason.ACCESS_CODE_MISMATCH


@pytest.mark.parametrize("reason", list(Reason))
def test_only_what_can_never_succeed_is_refused(reason):
    failure = failure_by(reason, "here")
    assert type(failure) is (Refused if reason.retry is Retry.NEVER else Deferred)
    assert (failure.reason, failure.place) == (reason, "here")


@pytest.mark.parametrize("reason", list(Reason))
def test_nobody_learns_why_a_document_is_held(reason):
    told = {Reason.ACCESS_CODE_MISMATCH: -14, Reason.DATE_MISMATCH: -12}
    assert number_for(reason) == told.get(reason, -7)
