"""Detached JWS whose payload is withheld: verified over the digest of what was signed (RFC 7515, 5.2; FIPS 186-5, 6.4).

Rules: all algorithms we take sign a digest of the signing input, so that whoever may not see the payload can still see
that it was signed; which payload it was, only the payload itself can show.
"""

from __future__ import annotations

import base64
from hashlib import new as new_digest
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from pki.jose import read_header
from pki.jws import find_signer
from pki.policy import JOSE_ALGORITHMS, PublicKey
from pki.trust import Purpose, TrustList
from pki.verdict import Refusal, SubIndication, Verdict, passed

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["digest_signing_input", "verify_detached_digest"]

#: JOSE algorithm -> name for hashlib.
_DIGESTS: Final = {"ES256": "sha256", "ES384": "sha384", "PS256": "sha256", "RS256": "sha256"}
_HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384()}


def digest_signing_input(token: str, payload: bytes) -> bytes | None:
    """The digest that a detached JWS signs, by its own algorithm; None if it is no detached JWS of ours."""
    try:
        header = read_header(token, algorithms=JOSE_ALGORITHMS, detached=True)
    except Refusal:
        return None
    encoded = base64.urlsafe_b64encode(payload).rstrip(b"=")
    return new_digest(_DIGESTS[header["alg"]], token.partition(".")[0].encode("ascii") + b"." + encoded).digest()


def verify_detached_digest(token: str, digest: bytes, *, trust: TrustList, now: datetime) -> Verdict:
    """Verify a detached JWS by the digest of its signing input; otherwise like `jws.verify_detached`."""
    try:
        header = read_header(token, algorithms=JOSE_ALGORITHMS, detached=True)
        signer = find_signer(header, trust, Purpose.SIGNING)
        if (refusal := signer.refusal_at(now)) is not None:
            return refusal
        if not _fits(header, signer.public_key, _decoded(token.rpartition(".")[2]), digest):
            raise Refusal(SubIndication.SIG_CRYPTO_FAILURE, "the signature does not fit the digest and the key")
    except Refusal as refused:
        return refused.verdict
    return passed(f"signed by {signer.office}; the content is withheld", signer.certificate)


def _fits(header: dict[str, Any], key: PublicKey, signature: bytes, digest: bytes) -> bool:
    algorithm = header["alg"]
    hash_ = _HASHES[_DIGESTS[algorithm]]
    kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else key.curve.name
    if JOSE_ALGORITHMS[algorithm] != kind or len(digest) != hash_.digest_size:
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            padded: padding.AsymmetricPadding = padding.PKCS1v15()
            if algorithm == "PS256":  # RFC 7518, 3.5: the salt is as long as the digest
                padded = padding.PSS(mgf=padding.MGF1(hash_), salt_length=hash_.digest_size)
            key.verify(signature, digest, padded, Prehashed(hash_))
            return True
        width = (key.key_size + 7) // 8
        r, s = int.from_bytes(signature[:width]), int.from_bytes(signature[width:])
        if len(signature) != 2 * width or not r or not s:
            return False
        key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(hash_)))
    except InvalidSignature:
        return False
    return True


def _decoded(segment: str) -> bytes:
    try:
        return base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise Refusal(SubIndication.FORMAT_FAILURE, "the signature is not base64url") from None
