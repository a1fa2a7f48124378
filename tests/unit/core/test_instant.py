"""Times as they are written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.instant import rfc3339


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)))
def test_what_is_written_is_read_back(at):
    text = rfc3339(at)
    assert len(text) == 27 and text.endswith("Z")
    assert datetime.fromisoformat(text) == at


def test_the_same_moment_is_written_alike_from_every_zone():
    at = datetime(2026, 11, 22, 1, 30, tzinfo=timezone(timedelta(hours=9, minutes=30)))
    assert rfc3339(at) == "2026-11-21T16:00:00.000000Z"


def test_a_time_without_zone_is_not_written():
    with pytest.raises(ValueError, match="without zone"):
        rfc3339(datetime(2026, 11, 22))
