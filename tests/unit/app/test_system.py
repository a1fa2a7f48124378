"""What the machine gives, and the sealing of short secrets for their owner."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.app.system import KeySealing, SystemClock, SystemRandomness
from gateway.core.reason import Deferred, Reason
from gateway.core.secret import Secret
from gateway.store.wrapping import WrappingKeys

SEALING = KeySealing(WrappingKeys([bytes(range(32))]))


def test_the_time_is_aware_and_utc():
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_randomness_is_as_much_as_was_asked_for_and_never_the_same():
    taken = [SystemRandomness().take(16) for _ in range(100)]
    assert {len(each) for each in taken} == {16} and len(set(taken)) == 100
    assert SystemRandomness().take(0) == b""


@pytest.mark.parametrize("text", ["A1b2", "", "ñ 特許", "x" * 5000])
def test_what_was_sealed_for_an_owner_opens_for_that_owner(text):
    sealed = SEALING.seal_secret(Secret(text), owner="e-1")
    assert SEALING.open_secret(sealed, owner="e-1").reveal() == text
    assert not text or text.encode() not in sealed
    assert SEALING.seal_secret(Secret(text), owner="e-1") != sealed, "the same is never seen to be the same"


def test_for_nobody_else_and_under_no_other_key():
    sealed = SEALING.seal_secret(Secret("A1b2"), owner="e-1")
    others = KeySealing(WrappingKeys([bytes(32)]))
    for opener, owner, content in (
        (SEALING, "e-2", sealed),
        (SEALING, "", sealed),
        (others, "e-1", sealed),
        (SEALING, "e-1", b""),
        (SEALING, "e-1", sealed[:-1]),
        (SEALING, "e-1", sealed[:60]),
        (SEALING, "e-1", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (SEALING, "e-1", bytes(len(sealed))),
    ):
        with pytest.raises(Deferred) as deferred:
            opener.open_secret(content, owner=owner)
        assert deferred.value.reason is Reason.DISK_FAILED
        assert "A1b2" not in str(deferred.value)
