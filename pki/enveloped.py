"""Encrypt something for one named recipient: CMS EnvelopedData (RFC 5652, 6), which `openssl cms -decrypt` opens.

Rules: AES-256-CBC under a fresh key, which goes under the recipient's RSA key (PKCS #1 v1.5: RFC 3370, 4.2.1). The
content is not authenticated by this: whoever hands it on signs a digest of the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options

from pki.keys import UnusableKey
from pki.policy import find_key_weakness

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["check_recipient", "encrypt_for"]


def check_recipient(certificate: x509.Certificate, *, now: datetime) -> None:
    """UnusableKey, with what to do, unless content can be encrypted for the holder of this certificate."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise UnusableKey("the recipient's key is not RSA; ask the recipient for an RSA certificate for encryption")
    if (weakness := find_key_weakness(key)) is not None:
        raise UnusableKey(f"the recipient's key is too weak: {weakness}")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise UnusableKey("the recipient's certificate is not valid now; ask the recipient for the present one")
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.key_encipherment:
        raise UnusableKey("the recipient's certificate is not made for encryption (keyUsage without keyEncipherment)")


def encrypt_for(content: bytes, certificate: x509.Certificate) -> bytes:
    """Encrypt `content` for the certificate's holder; the DER form of a ContentInfo. See `check_recipient`."""
    builder = PKCS7EnvelopeBuilder().set_data(content).add_recipient(certificate)
    builder = builder.set_content_encryption_algorithm(algorithms.AES256)
    return builder.encrypt(Encoding.DER, [PKCS7Options.Binary])
