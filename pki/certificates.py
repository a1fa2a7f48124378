"""Make certificates for tests, demonstrations and first contacts: a tiny CA, TLS servers, signers, self-signed.

Rules: these are no office's real PKI. Every certificate says by key usage what it is for, and times are passed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pki.keys import PrivateKey, SigningKey, generate_key
from pki.policy import PublicKey

__all__ = ["DEFAULT_VALIDITY", "issue_ca", "issue_signer", "issue_tls"]

#: Certificates begin a little in the past, so that a counterpart's slow clock does not refuse them.
_BACKDATED: Final = timedelta(minutes=5)
DEFAULT_VALIDITY: Final = timedelta(days=730)


def issue_ca(common_name: str, *, now: datetime, validity: timedelta = DEFAULT_VALIDITY) -> SigningKey:
    """A self-signed test CA (path length 0) on a new P-256 key."""
    key = generate_key()
    name = _name(common_name, None)
    builder = _builder(name, name, key.public_key(), now, validity)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    return SigningKey(key=key, certificate=builder.sign(key, hashes.SHA256()))


def issue_signer(
    common_name: str,
    *,
    key: PrivateKey,
    now: datetime,
    ca: SigningKey | None = None,
    country: str | None = None,
    validity: timedelta = DEFAULT_VALIDITY,
) -> SigningKey:
    """A message signer's certificate: digitalSignature and nonRepudiation; self-signed without a `ca`.

    `country` is the C attribute of the subject, two letters (ISO 3166-1, not every ST.3 code is one).
    """
    usage = _usage(digital_signature=True, content_commitment=True)
    return _issue(_name(common_name, country), key, ca, now, validity, [(usage, True)])


def issue_tls(
    common_name: str,
    *,
    key: PrivateKey,
    names: Sequence[str],
    now: datetime,
    ca: SigningKey | None = None,
    validity: timedelta = DEFAULT_VALIDITY,
) -> SigningKey:
    """A TLS certificate for server and client use; `names` are DNS names or IP addresses for the SAN."""
    usage = _usage(digital_signature=True, key_encipherment=not isinstance(key, ec.EllipticCurvePrivateKey))
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
    extensions: list[tuple[x509.ExtensionType, bool]] = [(usage, True), (purposes, False)]
    return _issue(_name(common_name, None), key, ca, now, validity, [*extensions, (alternatives, False)])


def _issue(
    subject: x509.Name,
    key: PrivateKey,
    ca: SigningKey | None,
    now: datetime,
    validity: timedelta,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
) -> SigningKey:
    issuer = subject if ca is None else ca.certificate.subject
    builder = _builder(subject, issuer, key.public_key(), now, validity)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    issuer_key = key if ca is None else ca.key
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = builder.add_extension(authority, critical=False)
    return SigningKey(key=key, certificate=builder.sign(issuer_key, hashes.SHA256()))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, now: datetime, validity: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + validity)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str, country: str | None) -> x509.Name:
    attributes = [] if country is None else [x509.NameAttribute(NameOID.COUNTRY_NAME, country)]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
