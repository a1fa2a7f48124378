"""gateway/wire/retry_after.py."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.retry_after import retry_after

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("-5", 0),
        ("1.5", 1.5),
        ("31536000", 31_536_000),
        ("9" * 60, 31_536_000),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 12:00:30 -0000", 30),
        ("Sun, 22 Nov 2099 12:00:00 GMT", 31_536_000),
    ],
)
def test_a_wait_is_bounded(value, seconds):
    assert retry_after(value, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", [None, "", "soon", "1e9", "9" * 65, "Sun, 99 Nov 2026 12:00:30 GMT", "٣"])
def test_what_names_no_wait_is_ignored(value):
    assert retry_after(value, NOW) is None


@given(st.text(max_size=70))
def test_it_never_crashes(value):
    wait = retry_after(value, NOW)
    assert wait is None or timedelta() <= wait <= timedelta(days=365)
