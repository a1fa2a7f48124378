"""Who is inside, and how often who came."""

import pytest

from gateway.core.reason import Deferred, Reason
from gateway.endpoints.door import Limits
from gateway.endpoints.presence import Presence


def make(**limits) -> Presence:
    return Presence(
        Limits(**{"messages_per_second": 1.0, "burst": 2, "failures_per_second": 1.0, "failure_burst": 2} | limits)
    )


async def test_a_proven_sender_over_its_rate_is_told_how_long_to_wait():
    presence = make()
    presence.admit("XA", "192.0.2.1")
    presence.admit("XA", "192.0.2.1")
    with pytest.raises(Deferred) as refused:
        presence.admit("XA", "192.0.2.1")
    assert refused.value.reason is Reason.RATE_EXCEEDED
    assert 0 < refused.value.delay.total_seconds() <= 1
    presence.admit("XB", "192.0.2.1")


async def test_a_source_that_failed_too_often_is_not_looked_at():
    presence = make()
    for _ in range(2):
        presence.check("192.0.2.1")
        presence.failed("192.0.2.1")
    with pytest.raises(Deferred) as refused:
        presence.check("192.0.2.1")
    assert refused.value.reason is Reason.RATE_EXCEEDED
    presence.check("192.0.2.2")


async def test_a_stranger_cannot_shut_out_the_sender_behind_the_same_address():
    presence = make()
    presence.admit("XA", "192.0.2.1")
    for _ in range(10):
        presence.failed("192.0.2.1")
    presence.check("192.0.2.1")


async def test_leaving_turns_newcomers_away_and_waits_for_those_inside():
    presence = make()
    with presence.inside():
        assert await presence.leave(grace=0.001) is False
        with pytest.raises(Deferred) as refused:
            presence.check("192.0.2.1")
    assert refused.value.reason is Reason.SHUTTING_DOWN
    assert await presence.leave(grace=0.001) is True
