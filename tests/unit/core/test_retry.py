"""When a failed attempt is made again: the Reason decides, and nothing the other side names is beyond bounds."""

from datetime import UTC, datetime, timedelta

import pytest
from core_values import NOW
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.reason import Reason, Retry
from gateway.core.retry import after_failure
from gateway.core.transmission import TransmissionState

FAR = NOW + timedelta(days=60)
LATER = sorted((reason for reason in Reason if reason.retry is Retry.LATER), key=lambda reason: reason.code)
ATTEMPTS = st.integers(min_value=1, max_value=10**6)
NOT_GIVEN_YET = (Reason.NOT_REGISTERED, Reason.HOLDER_CANNOT_GIVE)
JITTER = st.floats(min_value=0, max_value=1, exclude_max=True)
NAMED = st.one_of(st.none(), st.timedeltas())


def delay(reason, **changes):
    ended = after_failure(reason, **{"attempts": 1, "now": NOW, "closes_at": FAR, "jitter": 0.0} | changes)
    assert ended.state is TransmissionState.READY
    return ended.again_at - NOW


@given(st.sampled_from(Reason), ATTEMPTS, JITTER, NAMED, st.booleans())
def test_every_end_is_one_of_three(reason, attempts, jitter, named, closed):
    ended = after_failure(
        reason, attempts=attempts, now=NOW, closes_at=NOW if closed else FAR, jitter=jitter, named=named
    )
    if ended.state is TransmissionState.READY:
        assert ended.reason is reason
        assert NOW <= ended.again_at <= NOW + timedelta(days=1)
    else:
        assert ended.again_at is None
        assert ended.state in (TransmissionState.HELD, TransmissionState.REFUSED)


@pytest.mark.parametrize("reason", [r for r in Reason if r.retry is Retry.NEVER and r is not Reason.NOT_RELEASED])
def test_what_can_never_succeed_is_refused(reason):
    assert after_failure(reason, attempts=1, now=NOW, closes_at=FAR, jitter=0).state is TransmissionState.REFUSED


@pytest.mark.parametrize("reason", [r for r in Reason if r.retry is Retry.PERSON and r is not Reason.HELD_BY_PERSON])
def test_what_a_person_decides_is_held(reason):
    ended = after_failure(reason, attempts=1, now=NOW, closes_at=NOW, jitter=0)
    assert (ended.state, ended.reason) == (TransmissionState.HELD, reason)


def test_what_is_not_released_is_held_until_it_is():
    ended = after_failure(Reason.NOT_RELEASED, attempts=9, now=NOW, closes_at=NOW, jitter=0)
    assert ended.state is TransmissionState.HELD


def test_what_a_person_stopped_stays_in_the_queue_which_passes_over_it():
    ended = after_failure(Reason.HELD_BY_PERSON, attempts=9, now=NOW, closes_at=NOW, jitter=0.9)
    assert (ended.state, ended.again_at) == (TransmissionState.READY, NOW)


@given(st.sampled_from(LATER), st.integers(min_value=1, max_value=10**4), JITTER)
def test_delays_grow_to_a_cap_and_never_shrink(reason, attempts, jitter):
    sooner, later = (delay(reason, attempts=count, jitter=jitter) for count in (attempts, attempts + 1))
    assert timedelta(seconds=1) <= sooner <= later
    assert later <= (timedelta(hours=6) if reason in NOT_GIVEN_YET else timedelta(minutes=15))


@pytest.mark.parametrize(
    ("reason", "cap"),
    [(Reason.REMOTE_UNREACHABLE, timedelta(minutes=15)), *((reason, timedelta(hours=6)) for reason in NOT_GIVEN_YET)],
)
def test_the_first_delay_and_the_cap(reason, cap):
    assert delay(reason, attempts=1, jitter=0.0) == timedelta(seconds=1)
    assert delay(reason, attempts=10**6, jitter=0.0) == cap / 2
    assert cap * 0.99 < delay(reason, attempts=10**6, jitter=0.999) < cap


@given(st.sampled_from(LATER), ATTEMPTS, JITTER, JITTER)
def test_chance_spreads_a_delay_over_half_of_it(reason, attempts, one, other):
    smaller, greater = sorted(delay(reason, attempts=attempts, jitter=jitter) for jitter in (one, other))
    assert greater <= 2 * smaller


@given(ATTEMPTS, JITTER, st.timedeltas())
def test_a_named_delay_is_kept_within_a_day_and_never_shortens(attempts, jitter, named):
    own = delay(Reason.REMOTE_BUSY, attempts=attempts, jitter=jitter)
    kept = delay(Reason.REMOTE_BUSY, attempts=attempts, jitter=jitter, named=named)
    assert kept == max(own, min(named, timedelta(days=1)))


@pytest.mark.parametrize("reason", NOT_GIVEN_YET)
def test_what_is_not_given_is_final_when_the_window_has_closed(reason):
    before = after_failure(reason, attempts=3, now=NOW, closes_at=NOW + timedelta(microseconds=1), jitter=0)
    assert before.state is TransmissionState.READY
    after = after_failure(reason, attempts=3, now=NOW, closes_at=NOW, jitter=0)
    assert (after.state, after.reason) == (TransmissionState.REFUSED, Reason.WINDOW_CLOSED)


@pytest.mark.parametrize("reason", [reason for reason in LATER if reason not in NOT_GIVEN_YET])
def test_no_window_ends_what_is_no_matter_of_registration(reason):
    assert after_failure(reason, attempts=1, now=NOW, closes_at=datetime.min.replace(tzinfo=UTC), jitter=0).again_at
