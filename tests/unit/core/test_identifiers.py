"""Identifiers are UUIDs of version 7 that sort by time."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from core_values import NOW
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.identifiers import RANDOM_BYTES, new_id

TIMES = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9000, 1, 1), timezones=st.just(UTC))
RANDOM = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)


@given(TIMES, RANDOM)
def test_they_are_uuids_of_version_7(at, random):
    text = new_id(at, random)
    read = uuid.UUID(text)
    assert str(read) == text, "in lower case, as databases write them"
    assert (read.version, read.variant) == (7, uuid.RFC_4122)
    moment = datetime.fromtimestamp((read.int >> 80) / 1000, UTC)
    assert abs(moment - at) <= timedelta(milliseconds=1)


@given(TIMES, st.integers(min_value=2, max_value=10**9), RANDOM, RANDOM)
def test_later_ones_sort_after_earlier_ones(at, milliseconds, random, other):
    assert new_id(at, random) < new_id(at + timedelta(milliseconds=milliseconds), other)


@given(RANDOM, RANDOM)
def test_all_randomness_but_six_bits_is_kept(random, other):
    same = new_id(NOW, random) == new_id(NOW, other)
    kept = [(value[0] & 0x0F, value[1], value[2] & 0x3F, value[3:]) for value in (random, other)]
    assert same is (kept[0] == kept[1])


@pytest.mark.parametrize("count", [0, RANDOM_BYTES - 1, RANDOM_BYTES + 1])
def test_too_little_randomness_makes_none(count):
    with pytest.raises(ValueError, match="10 random bytes"):
        new_id(NOW, bytes(count))
