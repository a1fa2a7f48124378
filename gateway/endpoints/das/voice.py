"""How the DAS-shaped door says no: an error body as DAS's own, derived from the Reason table and nothing else.

Rules: no text of a message and no expected value is ever in it (das.md 1.6); a person's decision is no 429, which the
Bureau would try again and again.
"""

from typing import Final

from aiohttp import web

from gateway.core.reason import Reason, Retry
from gateway.endpoints.bearer import challenge
from gateway.endpoints.door import Door
from gateway.endpoints.middleware import Refusal
from gateway.wire.das import INVALID_INPUT, NUMBERS, render_error

__all__ = ["DasVoice", "code_of", "numbers_of", "status_of"]

_NUMBER: Final = {reason: number for number, reason in NUMBERS.items()}
#: HTTP status -> `code`; only the first was ever seen, the others are named as the status is.
_CODES: Final = {
    400: INVALID_INPUT,
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    409: "CONFLICT",
    410: "GONE",
    413: "CONTENT_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: INVALID_INPUT,
    429: "TOO_MANY_REQUESTS",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
}


def numbers_of(reason: Reason) -> tuple[int, ...]:
    """The negative number of a Reason that DAS has one for."""
    return (_NUMBER[reason],) if reason in _NUMBER else ()


def status_of(reason: Reason) -> int:
    """The HTTP status at this door: what has a number is an input error."""
    if reason in _NUMBER:
        return 400
    return 403 if reason.retry is Retry.PERSON else reason.http


def code_of(reason: Reason) -> str:
    """The `code` of the error body."""
    return _CODES.get(status_of(reason), "INTERNAL_ERROR")


class DasVoice:
    """Speaks DAS."""

    name: Final = "das"

    def say(self, refusal: Refusal, request: web.Request, door: Door) -> web.Response:
        """Answer with status, code and numbers."""
        reason = refusal.reason
        return web.Response(
            status=status_of(reason),
            body=render_error(code_of(reason), numbers_of(reason)),
            headers={"Content-Type": "application/json", **challenge(reason)},
        )
