"""What an HTTP answer of DAS means: its body, or the Reason it stands for.

Procedure for what is no success:
1. no tokens, no patience: 401 and 403, 429 and 503;
2. the error body's numbers by the table;
3. whatever says that something broke on the way: it is not known what happened;
4. an error body without a number in the table: held for a person;
5. the rest is not DAS speaking (captive portal, proxy, redirect).
"""

from datetime import datetime
from typing import Final

from adapters.das.codes import failure_by, worst
from adapters.das.config import Config
from gateway.core.reason import Deferred, Reason, Refused
from gateway.ports import Answer
from gateway.wire.das import read_error
from gateway.wire.retry_after import retry_after

__all__ = ["UNSURE", "accepted", "failure_of", "is_gone", "media_type"]

#: After these nobody knows whether a write took effect; after all others it did not.
UNSURE: Final = frozenset({Reason.REMOTE_OUTCOME_UNKNOWN, Reason.REMOTE_MALFORMED})


def accepted(answer: Answer, config: Config, now: datetime, *, json: bool = True) -> Answer:
    """Give the answer back if it is a success, with a JSON body if one is expected; else raise what it stands for."""
    if not 200 <= answer.status < 300:
        raise failure_of(answer, config, now)
    if media_type(answer) == "text/html" or (json and media_type(answer) != "application/json"):
        raise Deferred(Reason.REMOTE_MALFORMED, "media type")
    return answer


def failure_of(answer: Answer, config: Config, now: datetime) -> Deferred | Refused:
    """Give the exception that an answer other than success stands for."""
    error = read_error(answer.body)
    known = error is not None and any(number in config.codes for number in error.numbers)
    # 1
    if answer.status in (401, 403) and not known:
        return Deferred(Reason.REMOTE_UNAUTHORIZED, f"status {answer.status}")
    if answer.status in (429, 503):
        return Deferred(Reason.REMOTE_BUSY, delay=retry_after(answer.headers.get("retry-after"), now))
    # 2
    if error is not None and known:
        return failure_by(worst(error.numbers, config.codes, unreadable=error.unreadable), _place(error.numbers))
    # 3
    if answer.status >= 500 or answer.status == 408:
        return Deferred(Reason.REMOTE_OUTCOME_UNKNOWN, f"status {answer.status}")
    # 4
    if error is not None and answer.status >= 400:
        return failure_by(Reason.REMOTE_UNKNOWN_ERROR, _place(error.numbers) or f"status {answer.status}")
    # 5
    return Deferred(Reason.REMOTE_MALFORMED, f"status {answer.status}")


def is_gone(answer: Answer, config: Config) -> bool:
    """Whether the counterpart says that there is no such thing (any more), and gives no number for it."""
    error = read_error(answer.body)
    return (
        answer.status in (404, 410)
        and error is not None
        and not any(number in config.codes for number in error.numbers)
    )


def media_type(answer: Answer) -> str:
    """Give the media type of an answer in lower case, without parameters."""
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def _place(numbers: tuple[int, ...]) -> str | None:
    return "numbers " + ", ".join(str(number) for number in numbers) if numbers else None
