"""How the token endpoint says no: RFC 6749, section 5.2, with the Reason's own code, text and remedy beside."""

from typing import Final

import msgspec
from aiohttp import web

from gateway.core.reason import Reason
from gateway.endpoints.door import Door
from gateway.endpoints.middleware import Refusal

__all__ = ["OAuthVoice", "error_of"]

#: What is wrong with the form itself, by the field that is named as its place.
_BY_PLACE: Final = {"grant_type": "unsupported_grant_type", "form": "invalid_request"}
_BY_REASON: Final = {
    Reason.ASSERTION_INVALID: "invalid_client",
    Reason.SCOPE_MISSING: "invalid_scope",
    Reason.RATE_EXCEEDED: "temporarily_unavailable",
}


def error_of(reason: Reason, place: str | None) -> str:
    """The `error` of RFC 6749; "temporarily_unavailable" and "server_error" are borrowed from its section 4.1.2.1."""
    if reason is Reason.ASSERTION_INVALID and place in _BY_PLACE:
        return _BY_PLACE[place]
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    if reason.http == 503:
        return "temporarily_unavailable"
    return "server_error" if reason.http >= 500 else "invalid_request"


def _status(reason: Reason, error: str) -> int:
    """400 for what is wrong with the request (section 5.2), 401 for who it is; else as the table says."""
    if reason in (Reason.ASSERTION_INVALID, Reason.SCOPE_MISSING):
        return 401 if error == "invalid_client" else 400
    return reason.http


class OAuthVoice:
    """Speaks OAuth 2.0."""

    name: Final = "oauth2"

    def say(self, refusal: Refusal, request: web.Request, door: Door) -> web.Response:
        """Answer with an error object."""
        reason = refusal.reason
        error = error_of(reason, refusal.error.place)
        body = {
            "error": error,
            "error_description": f"{reason.code} {reason.name}: {reason.text}",
            "code": reason.code,
            "message": reason.text,
            "remedy": reason.remedy,
        }
        return web.Response(
            status=_status(reason, error),
            body=msgspec.json.encode(body),
            headers={"Content-Type": "application/json", "Pragma": "no-cache"},
        )
