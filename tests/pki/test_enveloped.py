"""Encrypted for one recipient: OpenSSL and cryptography open it, another key does not."""

import subprocess
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der
from cryptography.x509.oid import NameOID

from pki.certificates import issue_signer
from pki.enveloped import check_recipient, encrypt_for
from pki.keys import UnusableKey, generate_key

CONTENT = b"\r\n%PDF-1.7 \x00\xff certified copy\n" * 100


@pytest.fixture(scope="session")
def recipient(now):
    """A court's RSA key with a certificate for encryption."""
    key = generate_key("RSA-3072")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Registry of the court")])
    return key, certificate_of(key, name, now, key_encipherment=True)


def certificate_of(key, name, now, *, key_encipherment):
    usage = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.KeyUsage(key_encipherment=key_encipherment, **usage | {"digital_signature": True}), True)
    )
    return builder.sign(key, hashes.SHA256())


def test_the_recipient_opens_it(recipient):
    key, certificate = recipient
    sealed = encrypt_for(CONTENT, certificate)
    assert b"certified copy" not in sealed
    assert pkcs7_decrypt_der(sealed, certificate, key, []) == CONTENT


def test_openssl_opens_it(recipient, tmp_path):
    key, certificate = recipient
    sealed, pem = tmp_path / "sealed.p7m", tmp_path / "recipient.pem"
    sealed.write_bytes(encrypt_for(CONTENT, certificate))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(certificate.public_bytes(Encoding.PEM) + private)
    words = ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", sealed, "-recip", pem]
    assert subprocess.run(words, check=True, capture_output=True).stdout == CONTENT


def test_each_time_another_key(recipient):
    _, certificate = recipient
    assert encrypt_for(CONTENT, certificate) != encrypt_for(CONTENT, certificate)


def test_who_can_be_a_recipient(recipient, now):
    key, certificate = recipient
    check_recipient(certificate, now=now)
    with pytest.raises(UnusableKey, match="not RSA"):
        check_recipient(issue_signer("XA", key=generate_key("P-256"), now=now).certificate, now=now)
    with pytest.raises(UnusableKey, match="not valid now"):
        check_recipient(certificate, now=now + timedelta(days=2))
    with pytest.raises(UnusableKey, match="not made for encryption"):
        check_recipient(certificate_of(key, certificate.subject, now, key_encipherment=False), now=now)
