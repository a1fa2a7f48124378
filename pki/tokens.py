"""Access tokens: our own (issued at /oauth2/token, verified at our doors) and those of another server by its JWKS.

Rules: a key is chosen by `kid` among keys we hold, never by anything else in the token. Our own tokens have the
type at+jwt, so that neither a client assertion nor a foreign JWT can pass for one.
Standards: RFC 9068 (JWT access tokens), RFC 7517 (JWK), RFC 8725.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64encode

from pki.jose import (
    check_audience,
    check_compact,
    check_times,
    jose_public_key,
    read_claims,
    read_header,
    sign_compact,
    text_claim,
)
from pki.keys import SigningKey
from pki.policy import PublicKey
from pki.verdict import Refusal, SubIndication, Verdict, passed

__all__ = ["TokenResult", "issue_token", "jwks", "verify_bearer", "verify_token"]

_TYPE: Final = "at+jwt"
_OWN_ALGORITHMS: Final = ("ES256", "ES384", "RS256")
_BEARER_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384")
_MAX_JWKS_KEYS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenResult:
    """The verdict on an access token; the rest is set only if it is PASSED. `jti` is None if it has none."""

    verdict: Verdict
    subject: str | None = None
    scopes: frozenset[str] = frozenset()
    jti: str | None = None
    expires: datetime | None = None


def issue_token(
    *,
    key: SigningKey,
    issuer: str,
    subject: str,
    audience: str,
    scope: str,
    now: datetime,
    lifetime: timedelta,
    jti: str,
) -> str:
    """An access token for `subject`; `scope` is a text of scopes with blanks between (RFC 6749, 3.3)."""
    issued = int(now.timestamp())
    claims = {
        "iss": issuer,
        "sub": subject,
        "client_id": subject,
        "aud": audience,
        "scope": scope,
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
        "jti": jti,
    }
    header = {"typ": _TYPE, "kid": key.thumbprint}
    return sign_compact(header, json.dumps(claims, separators=(",", ":")).encode(), key)


def verify_token(
    token: str,
    *,
    keys: Mapping[str, PublicKey],
    issuer: str,
    audience: str,
    now: datetime,
    scope: str | None = None,
) -> TokenResult:
    """Verify an access token of our own; `keys` maps `kid` to key (several while keys roll over).

    With `scope`, a token without it is refused as INSUFFICIENT_SCOPE, after everything else was found good.
    """
    try:
        header = read_header(token, algorithms=_OWN_ALGORITHMS)
        if header.get("typ") != _TYPE:
            raise Refusal(SubIndication.SIG_CONSTRAINTS_FAILURE, "it is not an access token (type at+jwt)")
        key = keys.get(_read_kid(header))
        if key is None:
            raise Refusal(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "the token names no key of ours (kid)")
        claims = read_claims(check_compact(token, header, key))
        if claims.get("iss") != issuer:
            raise Refusal(SubIndication.SIG_CONSTRAINTS_FAILURE, "the token was issued by another server")
        return _judge(claims, audience=audience, scope=scope, now=now)
    except Refusal as refusal:
        return TokenResult(verdict=refusal.verdict)


def verify_bearer(
    token: str,
    jwks: Mapping[str, Any],
    *,
    audience: str,
    scope: str | None,
    allowed_subjects: Collection[str],
    now: datetime,
    issuer: str | None = None,
) -> TokenResult:
    """Verify another server's access token against that server's JWKS document (RFC 7517, 5).

    NO_SIGNING_CERTIFICATE_FOUND means the `kid` is not in the document: fetch it anew (within limits) and ask
    again. `issuer`, if given, must equal `iss`. Whose tokens are welcome is `allowed_subjects`.
    """
    try:
        header = read_header(token, algorithms=_BEARER_ALGORITHMS)
        key = _find_jwk(jwks, _read_kid(header), header["alg"])
        claims = read_claims(check_compact(token, header, key))
        if issuer is not None and claims.get("iss") != issuer:
            raise Refusal(SubIndication.SIG_CONSTRAINTS_FAILURE, "the token was issued by another server")
        result = _judge(claims, audience=audience, scope=scope, now=now)
        if result.subject not in allowed_subjects:
            raise Refusal(SubIndication.SUBJECT_NOT_ALLOWED, "the token's subject is not one of those allowed")
    except Refusal as refusal:
        return TokenResult(verdict=refusal.verdict)
    return result


def jwks(keys: Iterable[SigningKey]) -> dict[str, Any]:
    """The public JWKS document of our keys, in the order given; `kid` is the certificate's SHA-256 thumbprint."""
    return {"keys": [_public_jwk(key) for key in keys]}


def _public_jwk(key: SigningKey) -> dict[str, Any]:
    return {
        **jose_public_key(key.public_key).as_dict(private=False),
        "use": "sig",
        "alg": key.jose_algorithm,
        "kid": key.thumbprint,
        "x5t#S256": urlsafe_b64encode(bytes.fromhex(key.thumbprint)).decode("ascii"),
    }


def _judge(claims: Mapping[str, Any], *, audience: str, scope: str | None, now: datetime) -> TokenResult:
    expires = check_times(claims, now)
    check_audience(claims, audience)
    subject = text_claim(claims, "sub")
    jti = text_claim(claims, "jti") if "jti" in claims else None
    scopes = _read_scopes(claims.get("scope"))
    if scope is not None and scope not in scopes:
        raise Refusal(SubIndication.INSUFFICIENT_SCOPE, f"the token lacks the scope {scope}")
    return TokenResult(
        verdict=passed("the access token is good"), subject=subject, scopes=scopes, jti=jti, expires=expires
    )


def _read_scopes(claimed: object) -> frozenset[str]:
    """RFC 9068 has one text with blanks; OpenAM, the Bureau's server, writes an array."""
    if isinstance(claimed, str):
        return frozenset(claimed.split())
    if isinstance(claimed, list):
        return frozenset(each for each in claimed if isinstance(each, str))
    return frozenset()


def _read_kid(header: Mapping[str, Any]) -> str:
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise Refusal(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "the token does not name its key (kid)")
    return kid


def _find_jwk(document: Mapping[str, Any], kid: str, algorithm: str) -> PublicKey:
    """The one signing key with this `kid`; its own `alg` and `use`, if it has them, must agree."""
    keys = document.get("keys")
    if not isinstance(keys, list) or len(keys) > _MAX_JWKS_KEYS:
        raise Refusal(SubIndication.FORMAT_FAILURE, "the JWKS document holds no list of keys, or too many")
    found = [each for each in keys if isinstance(each, dict) and each.get("kid") == kid]
    if len(found) != 1:
        raise Refusal(
            SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "the JWKS document does not hold exactly one such key (kid)"
        )
    jwk = found[0]
    if jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
        raise Refusal(SubIndication.SIG_CONSTRAINTS_FAILURE, "the key is not meant for this algorithm or use")
    try:
        # Only the public members are taken over: whatever else stands there has no say.
        if jwk.get("kty") == "RSA":
            return RSAKey.import_key({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]}).public_key
        if jwk.get("kty") == "EC":
            members = {name: jwk[name] for name in ("crv", "x", "y")}
            return ECKey.import_key({"kty": "EC", **members}).public_key
    except (JoseError, KeyError, ValueError, TypeError):
        raise Refusal(SubIndication.FORMAT_FAILURE, "the key in the JWKS document is malformed") from None
    raise Refusal(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, "keys of that type are not accepted")
