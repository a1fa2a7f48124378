"""Detached JWS over bytes that travel beside it (the metadata of a REST deposit).

The signed bytes are exactly those given: nothing is parsed, re-encoded or normalized. Standard: RFC 7515
appendix F, with the payload base64url-encoded in the signing input (b64 true, the default of RFC 7797).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from cryptography import x509
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from pki.jose import check_compact, read_header, sign_compact
from pki.keys import SigningKey
from pki.policy import JOSE_ALGORITHMS
from pki.trust import Purpose, TrustedCertificate, TrustList
from pki.verdict import Refusal, SubIndication, Verdict, passed

__all__ = ["JwsResult", "find_signer", "sign_detached", "verify_detached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JwsResult:
    """The verdict on one detached JWS; office, certificate and header are set only if it is PASSED."""

    verdict: Verdict
    office: str | None = None
    certificate: x509.Certificate | None = None
    header: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def sign_detached(payload: bytes, *, key: SigningKey, headers: Mapping[str, str] | None = None) -> str:
    """A detached compact JWS, "header..signature", naming the certificate by `kid` and `x5t#S256`.

    `headers` adds protected header parameters such as `typ` or `cty`. ES256, ES384 or RS256, by the key.
    """
    thumbprint = bytes.fromhex(key.thumbprint)
    named = {"kid": key.thumbprint, "x5t#S256": urlsafe_b64encode(thumbprint).decode("ascii")}
    header, _, signature = sign_compact({**(headers or {}), **named}, payload, key).split(".")
    return f"{header}..{signature}"


def verify_detached(
    token: str,
    payload: bytes,
    *,
    trust: TrustList,
    now: datetime,
    purpose: Purpose = Purpose.SIGNING,
) -> JwsResult:
    """Verify a detached JWS over `payload` by a certificate of `trust` that is valid at `now`.

    The header must name the certificate: `kid` = its SHA-256 thumbprint in hexadecimal, `x5t#S256` = the same
    in base64url, or both in agreement.
    """
    try:
        header = read_header(token, algorithms=JOSE_ALGORITHMS, detached=True)
        signer = find_signer(header, trust, purpose)
        if (refusal := signer.refusal_at(now)) is not None:
            return JwsResult(verdict=refusal)
        check_compact(token, header, signer.public_key, payload)
    except Refusal as refusal:
        return JwsResult(verdict=refusal.verdict)
    return JwsResult(
        verdict=passed(f"signed by {signer.office}", signer.certificate),
        office=signer.office,
        certificate=signer.certificate,
        header=MappingProxyType(header),
    )


def find_signer(header: Mapping[str, Any], trust: TrustList, purpose: Purpose) -> TrustedCertificate:
    """The pin that a header names by `kid` or `x5t#S256`; Refusal unless it names one, and that is pinned."""
    names = []
    if isinstance(kid := header.get("kid"), str):
        names.append(kid)
    if isinstance(x5t := header.get("x5t#S256"), str):
        try:
            names.append(urlsafe_b64decode(x5t.encode("ascii")).hex())
        except ValueError:
            raise Refusal(SubIndication.FORMAT_FAILURE, "x5t#S256 is not base64url") from None
    if len(set(names)) != 1:
        raise Refusal(
            SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "the header must name one certificate by kid or x5t#S256"
        )
    signer = trust.find_thumbprint(names[0], purpose)
    if signer is None:
        raise Refusal(SubIndication.NO_CERTIFICATE_CHAIN_FOUND, "the signer's certificate is not one of those pinned")
    return signer
