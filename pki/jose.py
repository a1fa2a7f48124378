"""Compact JWS, strictly: header allow-list, algorithm bound to the key, signature by joserfc, claims as a dict.

Rules: a header chooses among keys we hold and nothing more; jku, x5u, jwk and x5c are refused, not ignored, and
so are crit and b64. Functions raise Refusal, which the public functions of this package turn into a Verdict.
Standards: RFC 7515, RFC 7518, RFC 8725 (best practices).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from pki.keys import SigningKey
from pki.policy import JOSE_ALGORITHMS, PublicKey, find_key_weakness
from pki.verdict import Refusal, SubIndication, shown

__all__ = [
    "LEEWAY",
    "check_audience",
    "check_compact",
    "check_times",
    "jose_public_key",
    "read_claims",
    "read_header",
    "read_unverified_claims",
    "sign_compact",
    "text_claim",
]

#: Tokens are a few hundred bytes; the bound comes before any decoding.
_TOKEN_MOST: Final = 8192
_CLAIM_MOST: Final = 256
#: Seconds since 1970 beyond which datetime and sense end (year 9999).
_LAST_SECOND: Final = 253402300799
_FORBIDDEN_HEADERS: Final = ("jku", "x5u", "jwk", "x5c", "crit", "b64")
#: Difference of clocks allowed for tokens, which live minutes to an hour.
LEEWAY: Final = timedelta(seconds=60)


class _Registry(jws.JWSRegistry):
    max_header_length = 4096
    max_signature_length = 2048


def sign_compact(header: Mapping[str, Any], payload: bytes, key: SigningKey) -> str:
    """A compact JWS; `alg` is the key's own and is put first."""
    private = RSAKey(key.key, key.key) if isinstance(key.key, rsa.RSAPrivateKey) else ECKey(key.key, key.key)
    return jws.serialize_compact(
        {"alg": key.jose_algorithm, **header}, payload, private, registry=_registry(key.jose_algorithm)
    )


def read_header(token: str, *, algorithms: Collection[str], detached: bool = False) -> dict[str, Any]:
    """The protected header of a compact JWS whose shape and algorithm are acceptable; nothing is verified yet."""
    segments = token.split(".") if len(token) <= _TOKEN_MOST and token.isascii() else []
    if len(segments) != 3 or not segments[0] or not segments[2] or bool(segments[1]) is detached:
        shape = "a detached JWS (header..signature)" if detached else "a compact JWS"
        raise Refusal(SubIndication.FORMAT_FAILURE, f"it is not {shape} of at most {_TOKEN_MOST} characters")
    header = _read_json(_decode(segments[0]))
    for name in _FORBIDDEN_HEADERS:
        if name in header:
            raise Refusal(SubIndication.SIG_CONSTRAINTS_FAILURE, f"header parameter {name} is not accepted")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise Refusal(
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
            f"algorithm {shown(str(algorithm))} is not one of {', '.join(algorithms)}",
        )
    return header


def check_compact(token: str, header: Mapping[str, Any], key: PublicKey, payload: bytes | None = None) -> bytes:
    """Verify a token whose header was read; the payload signed. `payload` is given for a detached token."""
    algorithm = header["alg"]
    if (weakness := find_key_weakness(key)) is not None:
        raise Refusal(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, f"the signer's key is too weak: {weakness}")
    kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else key.curve.name
    if JOSE_ALGORITHMS[algorithm] != kind:
        raise Refusal(SubIndication.SIG_CRYPTO_FAILURE, f"algorithm {algorithm} does not fit the signer's key")
    try:
        found = jws.deserialize_compact(token, jose_public_key(key), registry=_registry(algorithm), payload=payload)
    except (JoseError, ValueError, TypeError):
        raise Refusal(SubIndication.SIG_CRYPTO_FAILURE, "the signature does not fit the content and the key") from None
    return found.payload or b""


def jose_public_key(key: PublicKey) -> RSAKey | ECKey:
    """The key as joserfc wants it."""
    return RSAKey(key, key) if isinstance(key, rsa.RSAPublicKey) else ECKey(key, key)


def read_claims(payload: bytes) -> dict[str, Any]:
    """The claims of a JWT whose signature is verified: one JSON object, no name twice (RFC 7519, 4)."""
    return _read_json(payload)


def read_unverified_claims(token: str) -> dict[str, Any]:
    """The claims of a token whose header was read, before its signature is verified: to look up keys only."""
    return _read_json(_decode(token.split(".")[1]))


def text_claim(claims: Mapping[str, Any], name: str) -> str:
    """A claim that must be a text of 1 to 256 characters."""
    value = claims.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= _CLAIM_MOST:
        raise Refusal(SubIndication.FORMAT_FAILURE, f"claim {name} must be a text of 1 to {_CLAIM_MOST} characters")
    return value


def check_audience(claims: Mapping[str, Any], audience: str) -> None:
    """The audience must be ours: `aud` equals it, or is a list that holds it (RFC 7519, 4.1.3)."""
    claimed = claims.get("aud")
    if claimed != audience and not (isinstance(claimed, list) and audience in claimed):
        raise Refusal(SubIndication.WRONG_AUDIENCE, f"the audience is not {audience}")


def check_times(claims: Mapping[str, Any], now: datetime, *, max_lifetime: timedelta | None = None) -> datetime:
    """When the token expires; it must have `exp`, be in force now, and not outlive `max_lifetime` from now."""
    expires = _time_claim(claims, "exp")
    if expires is None:
        raise Refusal(SubIndication.FORMAT_FAILURE, "claim exp is missing")
    if expires + LEEWAY <= now:
        raise Refusal(SubIndication.MESSAGE_EXPIRED, f"the token expired at {expires.isoformat()}")
    for name in ("nbf", "iat"):
        begins = _time_claim(claims, name)
        if begins is not None and begins - LEEWAY > now:
            raise Refusal(
                SubIndication.MESSAGE_FROM_FUTURE, f"the token is from the future ({name} {begins.isoformat()})"
            )
    if max_lifetime is not None and expires - LEEWAY > now + max_lifetime:
        raise Refusal(SubIndication.SIG_CONSTRAINTS_FAILURE, f"the token would live longer than {max_lifetime}")
    return expires


def _time_claim(claims: Mapping[str, Any], name: str) -> datetime | None:
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_SECOND:
        raise Refusal(SubIndication.FORMAT_FAILURE, f"claim {name} is not a time in seconds since 1970")
    return datetime.fromtimestamp(value, UTC)


def _registry(algorithm: str) -> jws.JWSRegistry:
    # Unknown header parameters must be ignored (RFC 7515, 4); those that matter were refused before.
    return _Registry(algorithms=[algorithm], strict_check_header=False)


def _decode(segment: str) -> bytes:
    try:
        return urlsafe_b64decode(segment.encode("ascii"))
    except ValueError:
        raise Refusal(SubIndication.FORMAT_FAILURE, "a segment is not base64url") from None


def _read_json(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=_refuse_double_names)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refusal(SubIndication.FORMAT_FAILURE, "it does not hold a JSON object without double names")
    return found


def _refuse_double_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found
