"""The counterpart's error numbers as Reasons: the only way by which its words come in.

Rules: what is not in the table is held for a person; the counterpart's text is never kept, shown or logged.
"""

from typing import Final

from gateway.core.reason import Deferred, Reason, Refused, Retry

__all__ = ["CODES", "failure_for"]

CODES: Final = {
    1: Reason.ALREADY_REGISTERED,
    2: Reason.DATE_MISMATCH,
}


def failure_for(number: int | None) -> Deferred | Refused:
    """Give the exception for an error number, None for an error without one."""
    reason = Reason.REMOTE_UNKNOWN_ERROR if number is None else CODES.get(number, Reason.REMOTE_UNKNOWN_ERROR)
    return Refused(reason) if reason.retry is Retry.NEVER else Deferred(reason)
