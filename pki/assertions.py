"""Client assertions: how an office proves who it is at a token endpoint, without a shared secret.

Standard: RFC 7523 (private_key_jwt) as DAS uses it: ES256, iss = sub = client id, aud = the token endpoint.
Access tokens, which the endpoint then gives out, are in `tokens`; their functions are offered here as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pki.jose import (
    check_audience,
    check_compact,
    check_times,
    read_claims,
    read_header,
    read_unverified_claims,
    sign_compact,
    text_claim,
)
from pki.keys import SigningKey
from pki.policy import PublicKey
from pki.tokens import TokenResult, issue_token, jwks, verify_bearer, verify_token
from pki.verdict import Refusal, SubIndication, Verdict, passed

__all__ = [
    "ASSERTION_TYPE",
    "AssertionResult",
    "TokenResult",
    "client_assertion",
    "issue_token",
    "jwks",
    "verify_assertion",
    "verify_bearer",
    "verify_token",
]

#: Value of the form field client_assertion_type (RFC 7523, 2.2).
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: RS256 is left out: FAPI part 2, 8.6 allows PS256 and ES256 for client authentication.
_ALGORITHMS: Final = ("ES256", "ES384", "PS256")
#: DAS's sample client writes about 1,000 seconds; a longer life only lengthens the replay memory.
_MAX_LIFETIME: Final = timedelta(hours=1)
_MAX_KEYS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionResult:
    """The verdict on a client assertion; the rest is set only if it is PASSED.

    Whoever accepts it must remember `jti` per client until `expires` plus the leeway, and refuse it again.
    """

    verdict: Verdict
    client_id: str | None = None
    jti: str | None = None
    expires: datetime | None = None


def client_assertion(
    *,
    client_id: str,
    audience: str,
    key: SigningKey,
    now: datetime,
    jti: str,
    lifetime: timedelta = timedelta(minutes=5),
    kid: str | None = None,
) -> str:
    """A signed client assertion for a token request; `jti` must be new each time, `kid` is left out unless given."""
    issued = int(now.timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "exp": issued + int(lifetime.total_seconds()),
        "iat": issued,
        "jti": jti,
    }
    header = {"typ": "JWT"} if kid is None else {"typ": "JWT", "kid": kid}
    return sign_compact(header, json.dumps(claims, separators=(",", ":")).encode(), key)


def verify_assertion(
    token: str,
    *,
    audience: str,
    resolve_client: Callable[[str], Sequence[PublicKey]],
    now: datetime,
) -> AssertionResult:
    """Verify a client assertion made for `audience`, our token endpoint's URL.

    `resolve_client` gives the public keys registered for a client id (none if it is unknown, at most 8 are
    tried). Required claims: iss = sub, aud, exp (at most an hour away), jti.
    """
    try:
        header = read_header(token, algorithms=_ALGORITHMS)
        # Not believed yet, only used to find the keys; what is signed is the same text.
        client_id = text_claim(read_unverified_claims(token), "iss")
        keys = resolve_client(client_id)[:_MAX_KEYS]
        if not keys:
            raise Refusal(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "no key is registered for that client id")
        claims = read_claims(_check_any(token, header, keys))
        if text_claim(claims, "sub") != client_id or text_claim(claims, "iss") != client_id:
            raise Refusal(SubIndication.SUBJECT_NOT_ALLOWED, "iss and sub must both be the client id")
        expires = check_times(claims, now, max_lifetime=_MAX_LIFETIME)
        check_audience(claims, audience)
        jti = text_claim(claims, "jti")
    except Refusal as refusal:
        return AssertionResult(verdict=refusal.verdict)
    return AssertionResult(
        verdict=passed("the client assertion is good"), client_id=client_id, jti=jti, expires=expires
    )


def _check_any(token: str, header: Mapping[str, Any], keys: Sequence[PublicKey]) -> bytes:
    """The payload, if one of the client's keys (there are two during a roll-over) signed it."""
    for key in keys[:-1]:
        try:
            return check_compact(token, header, key)
        except Refusal:
            continue
    return check_compact(token, header, keys[-1])
