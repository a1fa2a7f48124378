"""Token buckets: a burst passes, a flood waits, and strangers cannot fill the memory."""

from gateway.endpoints.rates import Buckets


def test_a_burst_is_let_through_and_the_next_one_waits():
    buckets = Buckets(rate=2.0, burst=3)
    assert [buckets.take("XA", 10.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]


def test_a_bucket_fills_with_time_and_not_above_its_burst():
    buckets = Buckets(rate=2.0, burst=2)
    for _ in range(2):
        buckets.take("XA", 0.0)
    assert buckets.take("XA", 0.5) == 0.0
    assert [buckets.take("XA", 1000.0) for _ in range(3)] == [0.0, 0.0, 0.5]


def test_one_sender_does_not_use_up_what_is_another_s():
    buckets = Buckets(rate=1.0, burst=1)
    assert buckets.take("XA", 0.0) == 0.0
    assert buckets.take("XB", 0.0) == 0.0


def test_looking_takes_nothing():
    buckets = Buckets(rate=1.0, burst=1)
    assert [buckets.wait("XA", 0.0), buckets.wait("XA", 0.0)] == [0.0, 0.0]
    buckets.take("XA", 0.0)
    assert buckets.wait("XA", 0.25) == 0.75


def test_more_strangers_than_are_watched_share_one_bucket():
    buckets = Buckets(rate=0.001, burst=1)
    for number in range(4096):
        assert buckets.take(f"source {number}", 0.0) == 0.0
    assert buckets.take("one more", 0.0) == 0.0
    assert buckets.take("yet another", 0.0) > 0
    assert buckets.wait("a third", 0.0) > 0


def test_who_is_full_again_makes_room():
    buckets = Buckets(rate=1.0, burst=1)
    for number in range(4096):
        buckets.take(f"source {number}", 0.0)
    assert buckets.take("one more", 60.0) == 0.0
    assert buckets.take("yet another", 60.0) == 0.0
