"""Bearer tokens as they come in (RFC 6750): one Authorization header, and the challenge that asks for one."""

from typing import Final

from aiohttp import web

from gateway.core.reason import Reason, Refused
from gateway.core.secret import Secret

__all__ = ["bearer_of", "challenge"]

_CHALLENGES: Final = {
    Reason.TOKEN_MISSING: 'Bearer realm="pouch"',
    Reason.TOKEN_INVALID: 'Bearer realm="pouch", error="invalid_token"',
    Reason.SCOPE_MISSING: 'Bearer realm="pouch", error="insufficient_scope"',
}


def bearer_of(request: web.Request) -> Secret:
    """Give the token; Refused(TOKEN_MISSING), or Refused(TOKEN_INVALID) where there are two."""
    found = request.headers.getall("Authorization", [])
    if len(found) > 1:
        raise Refused(Reason.TOKEN_INVALID)
    scheme, _, token = found[0].partition(" ") if found else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(Reason.TOKEN_MISSING)
    return Secret(token.strip())


def challenge(reason: Reason) -> dict[str, str]:
    """The WWW-Authenticate header that belongs to a Reason, or no header."""
    found = _CHALLENGES.get(reason)
    return {"WWW-Authenticate": found} if found else {}
