"""Who calls: client assertions against the token endpoint, then the bearer on every API call.

Rules (das.md 1.2; RFC 7523 section 3, OpenID Connect Core section 9):
1. grant, scope and assertion type are exactly the ones agreed;
2. the assertion is ES256 by the office's registered key, whose certificate is valid today;
3. iss = sub = the client id; aud is this token endpoint and nothing else;
4. exp lies ahead, at most one hour; iat and nbf do not lie ahead;
5. a jti is taken once.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, TypeGuard

from aiohttp import web
from aiohttp.typedefs import Handler
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from sandbox.ib.bureau import BUREAU, OFFICE, Bureau
from sandbox.ib.config import ClientKey, Office
from sandbox.ib.inferred import JWKS_PATH, SCOPE, TOKEN_PATH, outbound_client
from sandbox.ib.refusals import Refusal, operation_of
from sandbox.ib.state import Did

__all__ = ["DESK", "TokenDesk", "authenticating", "outbound_token", "require", "routes"]

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST: Final = 3600
_SKEW: Final = 60
#: Calls that carry no bearer: they authenticate otherwise or are public.
_OPEN: Final = frozenset({"token", "jwks", "upload", "download", "original"})


class _TokenError(Exception):
    """An OAuth error answer: status, error, description (RFC 6749 section 5.2)."""

    def __init__(self, error: str, description: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


def _bad_client(why: str) -> _TokenError:
    return _TokenError("invalid_client", why, HTTPStatus.UNAUTHORIZED)


class TokenDesk:
    """The token endpoint's memory: assertion identifiers already taken, until they expire."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str], float] = {}

    def take(self, client_id: str, jti: str, exp: float, now: float) -> bool:
        """Whether this identifier is new; forgets those that expired."""
        self._taken = {key: until for key, until in self._taken.items() if until + _SKEW > now}
        fresh = (client_id, jti) not in self._taken
        self._taken[client_id, jti] = exp
        return fresh


DESK: Final = web.AppKey("desk", TokenDesk)


async def post_token(request: web.Request) -> web.Response:
    """Client credentials with private_key_jwt: `{access_token, scope, token_type, expires_in}` or OAuth error."""
    bureau = request.app[BUREAU]
    try:
        office = await _authenticate(request, bureau)
    except _TokenError as wrong:
        bureau.record.append(Did.REFUSAL, operation="token", status=int(wrong.status), code=wrong.error)
        body = {"error": wrong.error, "error_description": wrong.description}
        return web.json_response(body, status=wrong.status, headers={"Cache-Control": "no-store"})
    bureau.record.append(Did.TOKEN_ISSUED, office=office.code)
    answer = {
        "access_token": _token(bureau, office.client_id),
        "scope": SCOPE,
        "token_type": "Bearer",
        "expires_in": 3599,
    }
    return web.json_response(answer, headers={"Cache-Control": "no-store"})


async def get_jwks(request: web.Request) -> web.Response:
    """The Bureau's public token keys."""
    keys = request.app[BUREAU].keys.published()
    return web.json_response(keys, headers={"Cache-Control": "public, max-age=300"})


def routes() -> list[web.RouteDef]:
    """The token endpoint and the JWKS."""
    return [
        web.post(TOKEN_PATH, post_token, name="token"),
        web.get(JWKS_PATH, get_jwks, name="jwks"),
    ]


def outbound_token(bureau: Bureau, office: Office) -> str:
    """The Bureau's own token for an office's endpoint: sub and aud are the client id made for it (option 1)."""
    return _token(bureau, outbound_client(office.code))


def require(request: web.Request, role: str) -> Office:
    """The calling office, if it has the role; raises Refusal 403."""
    office = request[OFFICE]
    if role not in office.roles:
        raise Refusal(HTTPStatus.FORBIDDEN, "FORBIDDEN", f"not {role} in DAS")
    return office


@web.middleware
async def authenticating(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let an API call pass only with a valid bearer, and say who it is; raises Refusal 401."""
    operation = operation_of(request)
    if operation is not None and operation not in _OPEN:
        request[OFFICE] = _bearer(request, request.app[BUREAU])
    return await handler(request)


def _bearer(request: web.Request, bureau: Bureau) -> Office:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthorized("no bearer token", "")
    try:
        claims = bureau.keys.read(token)
    except ValueError:
        raise _unauthorized("the token is not ours", "invalid_token") from None
    now = bureau.now().timestamp()
    office = bureau.settings.by_client(str(claims.get("sub")))
    if office is None or claims.get("aud") != office.client_id:
        raise _unauthorized("the token is for somebody else", "invalid_token")
    if not claims["nbf"] <= now < claims["exp"]:
        raise _unauthorized("the token has expired", "invalid_token")
    return office


def _unauthorized(message: str, error: str) -> Refusal:
    challenge = 'Bearer realm="das-api"' + (f', error="{error}"' if error else "")
    return Refusal(HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED", message, headers={"WWW-Authenticate": challenge})


def _token(bureau: Bureau, client_id: str) -> str:
    now = int(bureau.now().timestamp())
    return bureau.keys.sign(
        {
            "sub": client_id,
            "cts": "OAUTH2_STATELESS_GRANT",
            "auditTrackingId": str(uuid.uuid4()),
            "iss": f"{bureau.origin}/am/oauth2",
            "tokenName": "access_token",
            "token_type": "Bearer",
            "authGrantId": uuid.uuid4().hex,
            "aud": client_id,
            "nbf": now,
            "grant_type": "client_credentials",
            "scope": [SCOPE],
            "auth_time": now,
            "realm": "/",
            "exp": now + _LONGEST,
            "iat": now,
            "expires_in": _LONGEST,
            "jti": uuid.uuid4().hex,
        }
    )


async def _authenticate(request: web.Request, bureau: Bureau) -> Office:
    # 1: the request's own words
    if request.content_type != "application/x-www-form-urlencoded":
        raise _TokenError("invalid_request", "a form is expected")
    form = await request.post()
    if any(len(form.getall(name)) > 1 for name in form):
        raise _TokenError("invalid_request", "a parameter stands twice")
    if form.get("grant_type") != "client_credentials":
        raise _TokenError("unsupported_grant_type", "client_credentials only")
    if form.get("client_assertion_type") != _ASSERTION_TYPE:
        raise _TokenError("invalid_request", "private_key_jwt only")
    # 2: who signed it
    assertion = str(form.get("client_assertion", ""))
    office = _claimed_office(assertion, bureau)
    if form.get("client_id", office.client_id) != office.client_id:
        raise _bad_client("client_id differs from the assertion")
    claims = _verified(assertion, bureau.client_keys[office.code], bureau.now())
    # 3 to 5: what it says
    _check_claims(claims, office.client_id, bureau, request.app[DESK])
    if form.get("scope") != SCOPE:
        raise _TokenError("invalid_scope", "scope not granted to this client")
    return office


def _claimed_office(assertion: str, bureau: Bureau) -> Office:
    try:
        claims = json.loads(jws.extract_compact(assertion.encode()).payload)
    except (JoseError, ValueError):
        raise _bad_client("the assertion is not a JWT") from None
    office = bureau.settings.by_client(str(claims.get("iss"))) if isinstance(claims, dict) else None
    if office is None:
        raise _bad_client("unknown client")
    return office


def _verified(assertion: str, key: ClientKey, now: datetime) -> dict[str, Any]:
    certificate = key.certificate
    if certificate is not None and not (certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc):
        raise _bad_client("the client certificate is not valid today")
    try:
        token = jwt.decode(assertion, ECKey.import_key(key.public_key), algorithms=["ES256"])
    except (JoseError, ValueError, TypeError):
        raise _bad_client("the assertion's signature does not hold") from None
    if token.header.get("typ", "JWT") != "JWT" or {"jku", "x5u", "jwk"} & token.header.keys():
        raise _bad_client("the assertion's header is not acceptable")
    return dict(token.claims)


def _check_claims(claims: dict[str, Any], client_id: str, bureau: Bureau, desk: TokenDesk) -> None:
    now = bureau.now().timestamp()
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise _bad_client("iss and sub are the client id")
    if claims.get("aud") not in (bureau.token_endpoint(), [bureau.token_endpoint()]):
        raise _bad_client("aud is the token endpoint")
    exp = claims.get("exp")
    if not _is_number(exp) or not now < exp <= now + _LONGEST + _SKEW:
        raise _bad_client("exp lies ahead, at most one hour")
    for name in ("iat", "nbf"):
        value = claims.get(name, now)
        if not _is_number(value) or value > now + _SKEW:
            raise _bad_client(f"{name} lies ahead")
    jti = claims.get("jti")
    if jti is not None and (not isinstance(jti, str) or not desk.take(client_id, jti, exp, now)):
        raise _bad_client("this assertion was used before")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
