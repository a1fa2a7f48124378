"""The wrappers of IPAS: numbers are whole or they are no numbers, times have an offset, lists have no nil entries."""

from datetime import UTC, datetime

import pytest

from adapters.ipas.values import instant, integer, items, plain
from gateway.core.reason import Deferred, Reason


def test_numbers_and_times_are_wrapped():
    at = datetime(2026, 1, 2, tzinfo=UTC)
    assert integer(456) == {"doubleValue": 456}
    assert instant(at) == {"dateValue": at}


def test_a_number_a_double_cannot_hold_is_not_sent():
    assert integer(2**53) == {"doubleValue": 2**53}
    with pytest.raises(ValueError, match="exact"):
        integer(2**53 + 1)


def test_a_time_without_zone_is_not_sent():
    with pytest.raises(ValueError, match="zone"):
        instant(datetime(2026, 1, 2))


def test_wrappers_are_taken_off_at_any_depth():
    at = datetime(2026, 1, 2, tzinfo=UTC)
    answer = {"a": {"doubleValue": 456.0}, "b": [{"c": {"dateValue": at}}], "d": "text", "e": {"doubleValue": None}}
    assert plain(answer) == {"a": 456, "b": [{"c": at}], "d": "text", "e": None}
    assert isinstance(plain({"doubleValue": 456.0}), int)


@pytest.mark.parametrize("value", [4.5, float("nan"), float("inf"), 2.0**53 + 2, 7])
def test_what_is_no_exact_whole_number_is_malformed(value):
    with pytest.raises(Deferred) as malformed:
        plain([{"docNbr": {"doubleValue": value}}])
    assert malformed.value.reason is Reason.REMOTE_MALFORMED


def test_nil_entries_are_no_entries():
    nil = {"fileNbr": None, "fileSeq": None, "more": {"x": None}, "list": []}
    assert plain([None, nil, {"fileSeq": "XX"}]) == [{"fileSeq": "XX"}]
    assert items(None) == items([]) == []
    assert items([1]) == [1]
