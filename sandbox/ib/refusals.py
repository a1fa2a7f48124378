"""How the Bureau says no: DAS's error body, with or without the old wrapper.

Rules: `{code, message, details: [{code, message}]}`; until 2024-03-04 it stood inside `{"error": ...}`. Every
refusal is noted in the record by operation and numbers, never by its text, since -12 and -14 tell secrets.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.ib.bureau import BUREAU
from sandbox.ib.state import Did

__all__ = ["Refusal", "invalid", "operation_of", "refusing"]


class Refusal(Exception):
    """A call turned away; `details` are (number, text) pairs."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str | None,
        details: Sequence[tuple[int, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.details = tuple(details)
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The error body without wrapper."""
        details = [{"code": int(number), "message": text} for number, text in self.details]
        return {"code": self.code, "message": self.message, "details": details}


def invalid(message: str | None = None, details: Sequence[tuple[int, str]] = ()) -> Refusal:
    """400 INVALID_INPUT_DATA, the category seen for wrong values."""
    return Refusal(HTTPStatus.BAD_REQUEST, "INVALID_INPUT_DATA", message, details)


def operation_of(request: web.Request) -> str | None:
    """The operation's name (an alias counts as its original); None for the sandbox's own paths."""
    name = request.match_info.route.name
    return None if name is None or name.startswith("sandbox") else name.partition(".")[0]


@web.middleware
async def refusing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer refusals, and aiohttp's own 404, 405 and 413, with DAS's error body."""
    try:
        return await handler(request)
    except Refusal as no:
        return _answer(request, no)
    except web.HTTPException as wrong:
        if wrong.status < HTTPStatus.BAD_REQUEST:
            raise
        status = HTTPStatus(wrong.status)
        return _answer(request, Refusal(status, status.name, status.phrase))


def _answer(request: web.Request, no: Refusal) -> web.Response:
    bureau = request.app[BUREAU]
    numbers = ",".join(str(int(number)) for number, _ in no.details)
    operation = operation_of(request) or "unknown"
    bureau.record.append(Did.REFUSAL, operation=operation, status=int(no.status), code=no.code, numbers=numbers)
    body = {"error": no.body()} if bureau.settings.old_error_wrapper else no.body()
    return web.json_response(body, status=no.status, headers=no.headers)
