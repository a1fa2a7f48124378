"""Which algorithms, keys and transforms are good enough, as tables, and the place where a signature is tried.

Rules: everything not listed is refused; there is no HMAC, DSA, SHA-1, MD5 or SHA-224 row to switch on.
Sources: RFC 9231 (XML algorithm URIs), RFC 7518 (JOSE names), FIPS 186-5, SOG-IS Agreed Mechanisms 1.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

__all__ = [
    "DIGESTS",
    "ENVELOPED",
    "EXCLUSIVE_C14N",
    "JOSE_ALGORITHMS",
    "MAX_REFERENCES",
    "MAX_TRANSFORMS",
    "RSA_BITS_ACCEPTED",
    "RSA_BITS_NEW",
    "SIGNATURE_ALGORITHMS",
    "PublicKey",
    "SignatureAlgorithm",
    "find_key_weakness",
    "is_signature_good",
    "native_algorithm",
]


PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

RSA_BITS_ACCEPTED: Final = 2048
RSA_BITS_NEW: Final = 3072
#: Verification time grows with the modulus; nobody needs more.
_RSA_BITS_MOST: Final = 8192
_RSA_EXPONENT_LEAST: Final = 65537
_CURVES: Final = frozenset({"secp256r1", "secp384r1"})

ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
MAX_TRANSFORMS: Final = 2
MAX_REFERENCES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureAlgorithm:
    """One accepted signature algorithm: its XML-DSig URI, the kind of key it binds to, hash and padding."""

    uri: str
    kind: Literal["RSA", "EC"]
    hash: hashes.HashAlgorithm
    ecdsa: ec.ECDSA | None = None
    padding: padding.AsymmetricPadding | None = None


def _ecdsa(uri: str, hash_: hashes.HashAlgorithm) -> SignatureAlgorithm:
    return SignatureAlgorithm(uri=uri, kind="EC", hash=hash_, ecdsa=ec.ECDSA(hash_))


def _pkcs1(uri: str, hash_: hashes.HashAlgorithm) -> SignatureAlgorithm:
    return SignatureAlgorithm(uri=uri, kind="RSA", hash=hash_, padding=padding.PKCS1v15())


def _pss(uri: str, hash_: hashes.HashAlgorithm) -> SignatureAlgorithm:
    # RFC 9231, 2.3.10: MGF1 with the same hash, salt as long as the digest.
    pss = padding.PSS(mgf=padding.MGF1(hash_), salt_length=hash_.digest_size)
    return SignatureAlgorithm(uri=uri, kind="RSA", hash=hash_, padding=pss)


_SHA256, _SHA384, _SHA512 = hashes.SHA256(), hashes.SHA384(), hashes.SHA512()
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007: Final = "http://www.w3.org/2007/05/xmldsig-more#"

#: XML-DSig signature method URI -> algorithm (RFC 9231, 2.3).
SIGNATURE_ALGORITHMS: Final[Mapping[str, SignatureAlgorithm]] = MappingProxyType(
    {
        row.uri: row
        for row in (
            _ecdsa(_MORE + "ecdsa-sha256", _SHA256),
            _ecdsa(_MORE + "ecdsa-sha384", _SHA384),
            _ecdsa(_MORE + "ecdsa-sha512", _SHA512),
            _pkcs1(_MORE + "rsa-sha256", _SHA256),
            _pkcs1(_MORE + "rsa-sha384", _SHA384),
            _pkcs1(_MORE + "rsa-sha512", _SHA512),
            _pss(_MORE_2007 + "sha256-rsa-MGF1", _SHA256),
            _pss(_MORE_2007 + "sha384-rsa-MGF1", _SHA384),
            _pss(_MORE_2007 + "sha512-rsa-MGF1", _SHA512),
        )
    }
)

#: XML-DSig digest method URI -> name for hashlib.
DIGESTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
    }
)

#: JOSE algorithm -> what the key must be: a curve name, or "RSA" (RFC 7518, 3.1).
JOSE_ALGORITHMS: Final[Mapping[str, str]] = MappingProxyType(
    {"ES256": "secp256r1", "ES384": "secp384r1", "PS256": "RSA", "RS256": "RSA"}
)


def find_key_weakness(key: PublicKeyTypes, *, rsa_bits: int = RSA_BITS_ACCEPTED) -> str | None:
    """Say why a public key is not good enough, or None if it is; `rsa_bits` is the least modulus accepted."""
    if isinstance(key, rsa.RSAPublicKey):
        exponent = key.public_numbers().e
        if not rsa_bits <= key.key_size <= _RSA_BITS_MOST:
            return f"RSA key of {key.key_size} bits; {rsa_bits} to {_RSA_BITS_MOST} are accepted"
        if exponent < _RSA_EXPONENT_LEAST or exponent % 2 == 0:
            return f"RSA public exponent below {_RSA_EXPONENT_LEAST} or even"
        return None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return None if key.curve.name in _CURVES else f"curve {key.curve.name}; P-256 and P-384 are accepted"
    return "neither an RSA nor an elliptic-curve key"


def native_algorithm(key: PublicKey) -> tuple[SignatureAlgorithm, str]:
    """The algorithm we sign with under a key: (XML-DSig row, JOSE name). P-384 goes with SHA-384."""
    if isinstance(key, rsa.RSAPublicKey):
        return SIGNATURE_ALGORITHMS[_MORE + "rsa-sha256"], "RS256"
    if key.curve.name == "secp384r1":
        return SIGNATURE_ALGORITHMS[_MORE + "ecdsa-sha384"], "ES384"
    return SIGNATURE_ALGORITHMS[_MORE + "ecdsa-sha256"], "ES256"


def is_signature_good(key: PublicKey, algorithm: SignatureAlgorithm, signature: bytes, message: bytes) -> bool:
    """Try a raw signature (r||s of fixed width for EC, RFC 9231 2.3.6) over a message; never raises."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            if algorithm.padding is None:
                return False
            key.verify(signature, message, algorithm.padding, algorithm.hash)
            return True
        width = (key.key_size + 7) // 8
        if algorithm.ecdsa is None or len(signature) != 2 * width:
            return False
        r, s = int.from_bytes(signature[:width]), int.from_bytes(signature[width:])
        if not r or not s:  # CVE-2022-21449: never leave this to the library below
            return False
        key.verify(utils.encode_dss_signature(r, s), message, algorithm.ecdsa)
    except InvalidSignature:
        return False
    return True
