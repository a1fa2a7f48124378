"""What the machine gives: its clock and its randomness; and the sealing of short secrets under the wrapping keys."""

import os
import time
from datetime import UTC, datetime

from gateway.core.reason import Deferred, Reason
from gateway.core.secret import Secret
from gateway.store.sealing import BrokenSeal
from gateway.store.wrapping import WrappingKeys, open_secret, seal_secret

__all__ = ["KeySealing", "SystemClock", "SystemRandomness", "boot_seconds"]


class SystemClock:
    """The machine's clock (ports.Clock)."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)


class SystemRandomness:
    """The operating system's randomness (ports.Randomness)."""

    def take(self, count: int) -> bytes:
        """Give `count` random bytes."""
        return os.urandom(count)


def boot_seconds() -> float:
    """Seconds since the machine's start, its sleep included; no setting of the clock changes it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class KeySealing:
    """Seals short secrets under the gateway's wrapping keys (ports.Sealing)."""

    def __init__(self, keys: WrappingKeys) -> None:
        self._keys = keys

    def seal_secret(self, secret: Secret, *, owner: str) -> bytes:
        """Seal a secret so that it opens for `owner` only."""
        return seal_secret(secret.reveal().encode(), wrapping=self._keys, bound_to=owner.encode())

    def open_secret(self, sealed: bytes, *, owner: str) -> Secret:
        """Open what was sealed for `owner`; Deferred(DISK_FAILED) for anything else."""
        try:
            return Secret(open_secret(sealed, wrapping=self._keys, bound_to=owner.encode()).decode())
        except (BrokenSeal, UnicodeDecodeError) as error:
            raise Deferred(Reason.DISK_FAILED) from error
