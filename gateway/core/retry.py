"""When a failed attempt is made again: decided by the Reason, with back-off and jitter."""

from datetime import datetime, timedelta
from typing import Final

from gateway.core.reason import Reason, Retry
from gateway.core.transmission import Ended, TransmissionState

__all__ = ["after_failure"]

_FIRST: Final = timedelta(seconds=2)
_LONGEST: Final = timedelta(minutes=15)
#: These are no fault of the line: what is not given yet is asked for again at leisure (das.md 4.2).
_NOT_GIVEN_YET: Final = frozenset({Reason.NOT_REGISTERED, Reason.HOLDER_CANNOT_GIVE})
_NOT_GIVEN_LONGEST: Final = timedelta(hours=6)
#: A counterpart may name any delay; more than a day is taken as a day (hostile-cases G4).
_NAMED_LONGEST: Final = timedelta(days=1)


def after_failure(
    reason: Reason,
    *,
    attempts: int,
    now: datetime,
    closes_at: datetime,
    jitter: float,
    named: timedelta | None = None,
) -> Ended:
    """Decide how an attempt with `reason` ends.

    `attempts` counts from 1, `jitter` is a random number in [0, 1), `named` the delay the other side asked for,
    `closes_at` the end of the agreement's window: after it what is not given yet is final as WINDOW_CLOSED. What waits
    for a decision of the office itself (NOT_RELEASED, HELD_BY_PERSON) comes to nothing by no time.
    """
    if reason is Reason.NOT_RELEASED:  # the release wakes it
        return Ended(reason=reason, state=TransmissionState.HELD)
    if reason is Reason.HELD_BY_PERSON:  # the queue passes over what is on hold, and goes on when the hold is lifted
        return Ended(reason=reason, state=TransmissionState.READY, again_at=now)
    if reason.retry is Retry.NEVER:
        return Ended(reason=reason, state=TransmissionState.REFUSED)
    if reason.retry is Retry.PERSON:
        return Ended(reason=reason, state=TransmissionState.HELD)
    if reason in _NOT_GIVEN_YET and now >= closes_at:
        return Ended(reason=Reason.WINDOW_CLOSED, state=TransmissionState.REFUSED)
    longest = _NOT_GIVEN_LONGEST if reason in _NOT_GIVEN_YET else _LONGEST
    backoff = min(_FIRST * 2 ** min(attempts - 1, 20), longest)
    delay = backoff * (0.5 + jitter / 2)
    if named is not None:
        delay = max(delay, min(max(named, timedelta()), _NAMED_LONGEST))
    return Ended(reason=reason, state=TransmissionState.READY, again_at=now + delay)
