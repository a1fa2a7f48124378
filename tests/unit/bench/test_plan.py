"""The plan: how many messages are signed for how long a run."""

import pytest

from gateway.bench.plan import MIB, Plan, Size


def plan(size: Size, **changes: object) -> Plan:
    return Plan(**{"size": size, "concurrency": 32, "workers": 2, "seconds": 10.0, **changes})  # type: ignore[arg-type]


def test_sizes_are_known_by_their_names() -> None:
    assert [size.label for size in Size] == ["5k", "1m", "300m"]
    assert Size.named("300m").document == 300 * MIB
    with pytest.raises(KeyError):
        Size.named("5m")


def test_more_is_signed_than_two_cores_take_in_the_time() -> None:
    assert plan(Size.SMALL).messages == 500 + 32 + 12_000
    assert plan(Size.SMALL, workers=8).messages == 500 + 32 + 48_000
    assert plan(Size.MIDDLE, concurrency=16).messages == 64 + 16 + 2_000


def test_every_connection_is_warm_before_it_counts() -> None:
    assert plan(Size.SMALL, concurrency=256).warm_up == 1024
    assert plan(Size.LARGE, concurrency=1).warm_up == 1
