"""POST /oauth2/token: client credentials by private_key_jwt, and nothing else (RFC 6749 4.4, RFC 7523 2.2).

Rules: no shared secrets, so neither Basic nor client_secret is looked at; an assertion is good for one token.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from gateway.core.reason import Reason, Refused
from gateway.core.secret import Secret
from gateway.endpoints.middleware import Visit
from gateway.wire.media import parse_media_type
from gateway.wire.mtom import read_whole

__all__ = ["ASSERTION_TYPE", "get_keys", "post_token", "read_form"]

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_LIMIT: Final = 16 * 1024
_MOST_FIELDS: Final = 16
_LONGEST_SCOPE: Final = 200


async def post_token(visit: Visit) -> web.StreamResponse:
    """Give an access token for a good assertion that was not used before."""
    content_type = parse_media_type(visit.request.headers.get("Content-Type"))
    if content_type.name != "application/x-www-form-urlencoded":
        raise Refused(Reason.UNSUPPORTED_MEDIA_TYPE, "Content-Type")
    form = read_form(await read_whole(visit.body(limit=_LIMIT), limit=_LIMIT))
    if form.get("grant_type") != "client_credentials":
        raise Refused(Reason.ASSERTION_INVALID, "grant_type")
    assertion = form.get("client_assertion")
    if form.get("client_assertion_type") != ASSERTION_TYPE or not assertion:
        raise Refused(Reason.ASSERTION_INVALID)
    door = visit.door
    at = door.line.clock.now()
    client, jti, expires_at = door.tokens.check_assertion(Secret(assertion), at)
    if form.get("client_id", client) != client:
        raise Refused(Reason.ASSERTION_INVALID)
    visit.admit(f"client {client}")
    if not await door.assertions.first_use(client, jti, expires_at):
        raise Refused(Reason.ASSERTION_INVALID)
    wanted = frozenset(form.get("scope", "")[:_LONGEST_SCOPE].split())
    token, life, scopes = door.tokens.issue(client, wanted, at)
    answer = {
        "access_token": token.reveal(),
        "token_type": "Bearer",
        "expires_in": int(life.total_seconds()),
        "scope": " ".join(sorted(scopes)),
    }
    return web.Response(
        body=msgspec.json.encode(answer), headers={"Content-Type": "application/json", "Pragma": "no-cache"}
    )


def read_form(body: bytes) -> Mapping[str, str]:
    """Read a form whose fields come once each (RFC 6749, 3.2); Refused(ASSERTION_INVALID, "form")."""
    try:
        pairs = parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise Refused(Reason.ASSERTION_INVALID, "form") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Refused(Reason.ASSERTION_INVALID, "form")
    return form


async def get_keys(visit: Visit) -> web.StreamResponse:
    """GET /oauth2/jwks: the keys by which our tokens are verified (RFC 7517)."""
    return web.Response(
        body=msgspec.json.encode(visit.door.tokens.jwks()),
        headers={"Content-Type": "application/jwk-set+json", "Cache-Control": "max-age=300"},
    )
