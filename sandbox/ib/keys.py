"""The Bureau's own token keys: RSA, published as JWKS with certificate, used for every RS256 token.

Rules: a key is made once per folder and kept, so tokens outlive a restart; rotation adds a key and keeps the
old one published, as a client with a cached JWKS must meet an unknown `kid`.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

__all__ = ["TokenKeys"]

_ALGORITHM = "RS256"


class TokenKeys:
    """The signing keys below one folder; the newest signs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._keys = [_load(file) for file in sorted(folder.glob("token-key-*.pem"))]
        if not self._keys:
            self.rotate()

    def rotate(self) -> str:
        """Make a new signing key, publish it beside the older ones, and return its `kid`."""
        file = self._folder / f"token-key-{len(self._keys) + 1:03d}.pem"
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.touch(mode=0o600)
        file.write_bytes(pem + _certify(private).public_bytes(Encoding.PEM))
        self._keys.append(_load(file))
        return str(self._keys[-1].kid)

    def sign(self, claims: dict[str, Any]) -> str:
        """A compact RS256 token over the claims, its header naming the key."""
        key = self._keys[-1]
        return jwt.encode({"alg": _ALGORITHM, "kid": key.kid, "typ": "JWT"}, claims, key)

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token that one of these keys signed; raises ValueError otherwise."""
        try:
            return dict(jwt.decode(token, KeySet(list(self._keys)), algorithms=[_ALGORITHM]).claims)
        except (JoseError, ValueError, TypeError):
            raise ValueError("not a token of this Bureau") from None

    def published(self) -> dict[str, Any]:
        """The JWKS: public parts only, with use, alg, kid, x5c and x5t."""
        return {"keys": [key.as_dict(private=False) for key in self._keys]}


def _load(file: Path) -> RSAKey:
    pem = file.read_bytes()
    private = load_pem_private_key(pem, None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ValueError(f"{file.name}: not an RSA key")
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    # RFC 7517 section 4.8 still names SHA-1 for x5t; it identifies and protects nothing.
    thumbprint = base64.urlsafe_b64encode(hashlib.sha1(der, usedforsecurity=False).digest())
    return RSAKey.import_key(
        private,
        {
            "use": "sig",
            "alg": _ALGORITHM,
            "kid": hashlib.sha256(der).hexdigest()[:32],
            "x5c": [base64.b64encode(der).decode("ascii")],
            "x5t": thumbprint.rstrip(b"=").decode("ascii"),
        },
    )


def _certify(private: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sandbox Bureau token key")])
    today = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=730))
        .sign(private, hashes.SHA256())
    )
