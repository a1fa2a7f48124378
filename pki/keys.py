"""Private keys and the certificates that belong to them: load, generate, write, sign.

Rules: a private key lives in a PEM file of mode 0600 and is never part of a repr, a message or an exception.
"""

from __future__ import annotations

import base64
import os
import stat
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from pki.policy import (
    RSA_BITS_NEW,
    PublicKey,
    SignatureAlgorithm,
    find_key_weakness,
    native_algorithm,
)

__all__ = [
    "KeyKind",
    "PrivateKey",
    "SigningKey",
    "UnusableKey",
    "generate_key",
    "load_certificate",
    "load_certificates",
    "load_private_key",
    "load_signing_key",
    "thumbprint",
    "write_certificate",
    "write_private_key",
]

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
KeyKind = Literal["P-256", "RSA-3072"]

_PRIVATE_MODE: Final = 0o600
#: A PEM file of a key or certificate is a few kilobytes; anything larger is something else.
_PEM_MOST: Final = 64 * 1024


class UnusableKey(Exception):
    """A key or certificate of our own cannot be used; the message says why and what to do."""


def thumbprint(certificate: x509.Certificate | bytes) -> str:
    """SHA-256 over the DER form of a certificate, lower-case hexadecimal (64 characters)."""
    der = certificate if isinstance(certificate, bytes) else certificate.public_bytes(Encoding.DER)
    return sha256(der).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key with its certificate; raises UnusableKey if they do not belong together or are weak."""

    key: PrivateKey = field(repr=False)
    certificate: x509.Certificate
    public_key: PublicKey = field(init=False, repr=False)
    #: DER form of the certificate, and the same in base64 without line breaks.
    der: bytes = field(init=False, repr=False)
    der_base64: str = field(init=False, repr=False)
    #: SHA-256 of the DER form, hexadecimal; also our `kid`.
    thumbprint: str = field(init=False)
    #: The XML-DSig row and the JOSE name this key signs with.
    algorithm: SignatureAlgorithm = field(init=False, repr=False)
    jose_algorithm: str = field(init=False)

    def __post_init__(self) -> None:
        public_key = self.key.public_key()
        if self.certificate.public_key() != public_key:
            raise UnusableKey("the certificate was made for another key than the private key given")
        if (weakness := find_key_weakness(public_key)) is not None:
            raise UnusableKey(f"the key is too weak: {weakness}")
        der = self.certificate.public_bytes(Encoding.DER)
        algorithm, jose_algorithm = native_algorithm(public_key)
        derived = {
            "public_key": public_key,
            "der": der,
            "der_base64": base64.b64encode(der).decode("ascii"),
            "thumbprint": thumbprint(der),
            "algorithm": algorithm,
            "jose_algorithm": jose_algorithm,
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def sign(self, message: bytes) -> bytes:
        """Sign as XML-DSig and JOSE both want it: r||s of fixed width for EC, PKCS #1 v1.5 for RSA."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            if self.algorithm.padding is None:
                raise UnusableKey("an RSA key needs an RSA algorithm")
            return self.key.sign(message, self.algorithm.padding, self.algorithm.hash)
        if self.algorithm.ecdsa is None:
            raise UnusableKey("an elliptic-curve key needs an ECDSA algorithm")
        r, s = utils.decode_dss_signature(self.key.sign(message, self.algorithm.ecdsa))
        width = (self.key.key_size + 7) // 8
        return r.to_bytes(width) + s.to_bytes(width)


def generate_key(kind: KeyKind = "P-256") -> PrivateKey:
    """A new private key from the system's secure random source."""
    if kind == "RSA-3072":
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS_NEW)
    return ec.generate_private_key(ec.SECP256R1())


def load_private_key(path: Path) -> PrivateKey:
    """Read an unencrypted PEM private key (RSA or EC); UnusableKey if others may read the file."""
    try:
        key = load_pem_private_key(_read_pem(path, private=True), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Without the cause: its text may quote the file.
        raise UnusableKey(f"{path} holds no PEM private key that can be read without a password") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise UnusableKey(f"{path} holds neither an RSA nor an elliptic-curve key")
    if (weakness := find_key_weakness(key.public_key())) is not None:
        raise UnusableKey(f"{path} holds a key that is too weak: {weakness}")
    return key


def load_certificate(path: Path) -> x509.Certificate:
    """Read the first certificate of a PEM file; UnusableKey if there is none."""
    try:
        return x509.load_pem_x509_certificate(_read_pem(path))
    except ValueError:
        raise UnusableKey(f"{path} holds no PEM certificate") from None


def load_certificates(path: Path) -> list[x509.Certificate]:
    """Read all certificates of a PEM file; UnusableKey if there is none."""
    try:
        return x509.load_pem_x509_certificates(_read_pem(path))
    except ValueError:
        raise UnusableKey(f"{path} holds no PEM certificate") from None


def load_signing_key(key_path: Path, certificate_path: Path) -> SigningKey:
    """Read a private key and its certificate; UnusableKey says which file is wrong and why."""
    return SigningKey(key=load_private_key(key_path), certificate=load_certificate(certificate_path))


def write_private_key(path: Path, key: PrivateKey) -> None:
    """Write a key as PKCS #8 PEM, mode 0600 from the first byte; FileExistsError rather than overwrite."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)


def write_certificate(path: Path, *certificates: x509.Certificate) -> None:
    """Write certificates as PEM, one after the other (leaf first); FileExistsError rather than overwrite."""
    with path.open("xb") as file:
        for certificate in certificates:
            file.write(certificate.public_bytes(Encoding.PEM))


def _read_pem(path: Path, *, private: bool = False) -> bytes:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if private and mode & 0o077:
            raise UnusableKey(f"{path} may be read by others (mode {mode:04o}); run: chmod 600 {path}")
        pem = file.read(_PEM_MOST + 1)
    if len(pem) > _PEM_MOST:
        raise UnusableKey(f"{path} is larger than a PEM file of a key or certificate")
    return pem
