"""The authority's keys and certificates: a root, one between, one that stamps; made once, kept in a folder.

Rules: RFC 3161, 2.3: the stamping certificate has the critical extended key usage timeStamping and no other.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Authority", "Stamping", "issue_stamping", "make_authority", "open_authority"]

_YEAR: Final = timedelta(days=365)
_BACKDATED: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamping:
    """A stamping certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Root, the one between and what stamps; only the root is to be trusted by others."""

    root: x509.Certificate
    between: x509.Certificate
    issuing: ec.EllipticCurvePrivateKey = field(repr=False)
    stamping: Stamping

    @property
    def above(self) -> tuple[x509.Certificate, x509.Certificate]:
        """What certifies the stamping certificate: the one between, and the root."""
        return self.between, self.root


def make_authority(now: datetime, *, years: int = 10) -> Authority:
    """New keys and certificates from `now` on."""
    root_key, issuing, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    end = now + years * _YEAR
    root_name, between_name = _name("Sandbox TSA root"), _name("Sandbox TSA authority")
    root = _authority(root_name, root_name, root_key.public_key(), now, end, root_key)
    between = _authority(between_name, root_name, issuing.public_key(), now, end, root_key)
    stamping = issue_stamping(between, issuing, key, now - _BACKDATED, end)
    return Authority(root=root, between=between, issuing=issuing, stamping=stamping)


def issue_stamping(
    between: x509.Certificate,
    issuing: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    begin: datetime,
    end: datetime,
    *,
    critical: bool = True,
) -> Stamping:
    """A stamping certificate, valid from `begin` to `end`; not `critical` is what no client may accept."""
    builder = _builder(_name("Sandbox TSA"), between.subject, key.public_key(), begin, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(stamps=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=critical)
    return Stamping(certificate=builder.sign(issuing, hashes.SHA256()), key=key)


def open_authority(folder: Path, now: datetime) -> Authority:
    """The authority of a folder, made there first if it is empty: root.pem, between.pem, stamping.pem and two keys.

    Raises ValueError or OSError for files that cannot be read.
    """
    if not (folder / "root.pem").exists():
        _keep(folder, make_authority(now))
    certificates = [
        x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
        for name in ("root", "between", "stamping")
    ]
    root, between, stamping = certificates
    return Authority(
        root=root,
        between=between,
        issuing=_read_key(folder / "between.key"),
        stamping=Stamping(certificate=stamping, key=_read_key(folder / "stamping.key")),
    )


def _keep(folder: Path, authority: Authority) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, key in (("between", authority.issuing), ("stamping", authority.stamping.key)):
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        descriptor = os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
    for name, certificate in (
        ("between", authority.between),
        ("stamping", authority.stamping.certificate),
        ("root", authority.root),  # last: its presence says that all are there
    ):
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path.name}: not an elliptic-curve key")
    return key


def _authority(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    end: datetime,
    signer: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    builder = _builder(subject, issuer, key, now - _BACKDATED, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.add_extension(_usage(stamps=False), critical=True).sign(signer, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, stamps: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=stamps,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not stamps,
        crl_sign=not stamps,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
