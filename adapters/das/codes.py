"""DAS's numbers as Reasons, and ours as its numbers.

Rules: numbers come in by the table of config.py; what is not in it is held for a person. Of several the one that is
worst for security counts, so that a wrong access code is counted however it is accompanied.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.core.reason import Deferred, Reason, Refused, Retry

__all__ = ["failure_by", "number_for", "worst"]

#: Worst first. What is not named stands in the middle; "not registered" excuses nothing else.
_FIRST: Final = (Reason.ACCESS_CODE_MISMATCH, Reason.DATE_MISMATCH, Reason.REMOTE_UNKNOWN_ERROR)

#: What an accessing office may learn of a document that is not given. Why it is held (formalities, secrecy) is
#: nobody's business, so that all the rest is "not registered", which is asked for again later (das.md 4.2).
_TOLD: Final = {Reason.ACCESS_CODE_MISMATCH: -14, Reason.DATE_MISMATCH: -12}
_NOT_REGISTERED: Final = -7


def worst(numbers: Iterable[int], codes: Mapping[int, Reason], *, unreadable: bool = False) -> Reason:
    """Give the Reason that counts; `unreadable` if there were errors without a number."""
    found = {codes.get(number, Reason.REMOTE_UNKNOWN_ERROR) for number in numbers}
    if unreadable or not found:
        found.add(Reason.REMOTE_UNKNOWN_ERROR)
    return min(found, key=_rank)


def failure_by(reason: Reason, place: str | None = None) -> Deferred | Refused:
    """Give the exception for a Reason: Refused if the same call can never succeed."""
    return Refused(reason, place) if reason.retry is Retry.NEVER else Deferred(reason, place)


def number_for(reason: Reason) -> int:
    """Give the number by which we tell a counterpart why it does not get a document."""
    return _TOLD.get(reason, _NOT_REGISTERED)


def _rank(reason: Reason) -> tuple[int, str]:
    if reason in _FIRST:
        return _FIRST.index(reason), reason.code
    return len(_FIRST) + (reason is Reason.NOT_REGISTERED), reason.code
