"""Whom we believe: the certificates pinned for each office and purpose, and nothing else.

Rules: a pin is the certificate itself (self-signed or issued by a CA, it does not matter); the operating
system's roots are never asked. Whatever a message says about its key only selects among the pins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha1
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from pki.keys import thumbprint
from pki.policy import PublicKey, find_key_weakness
from pki.verdict import SubIndication, Verdict, refused

__all__ = ["Purpose", "TrustList", "TrustedCertificate", "UnusablePin", "pin"]


#: A way to name a certificate without carrying it: kind and value.
_Hint = tuple[str, bytes | tuple[int, tuple[str, ...]]]
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


class UnusablePin(Exception):
    """A certificate cannot be trusted for what the configuration says; the message names office and cause."""

    def __init__(self, message: str, sub_indication: SubIndication) -> None:
        super().__init__(message)
        #: How a verdict would name the cause.
        self.sub_indication = sub_indication


class Purpose(StrEnum):
    """What a pinned certificate may be used for. Members equal their text, so settings can name them."""

    SIGNING = "signing"
    TLS = "tls"
    DAS_CLIENT = "das-client"


#: Extended key usages that fit a purpose, where the certificate limits them at all.
_TLS_USAGES: Final = frozenset(
    {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedCertificate:
    """One pin: this certificate speaks for this office, for this purpose. Make it with `pin`."""

    office: str
    purpose: Purpose
    certificate: x509.Certificate = field(repr=False)
    public_key: PublicKey = field(repr=False)
    der: bytes = field(repr=False)
    #: SHA-256 of the DER form, hexadecimal.
    thumbprint: str
    not_before: datetime
    not_after: datetime

    def refusal_at(self, now: datetime) -> Verdict | None:
        """The verdict EXPIRED or NOT_YET_VALID if the certificate is not valid at `now`, else None."""
        if now < self.not_before:
            text = f"the certificate of {self.office} is valid only from {self.not_before.isoformat()}"
            return refused(SubIndication.NOT_YET_VALID, text, self.certificate)
        if now > self.not_after:
            text = f"the certificate of {self.office} expired on {self.not_after.isoformat()}"
            return refused(SubIndication.EXPIRED, text, self.certificate)
        return None


def pin(office: str, purpose: str, certificate: x509.Certificate) -> TrustedCertificate:
    """Pin a certificate; UnusablePin if its key is weak or its key usage forbids the purpose.

    A certificate without a KeyUsage or ExtendedKeyUsage extension is not limited (RFC 5280, 4.2.1.3, 4.2.1.12).
    """
    whose = f"the certificate of {office} for {purpose}"
    try:
        use = Purpose(purpose)
        key = certificate.public_key()
        usage = _extension(certificate, x509.KeyUsage)
        extended = _extension(certificate, x509.ExtendedKeyUsage)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusablePin(f"{whose}: {error}", SubIndication.FORMAT_FAILURE) from error
    weakness = find_key_weakness(key)
    if weakness is not None or not isinstance(key, PublicKey):
        raise UnusablePin(f"{whose}: {weakness}", SubIndication.CRYPTO_CONSTRAINTS_FAILURE)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise UnusablePin(f"{whose}: its key usage does not include signing", SubIndication.CHAIN_CONSTRAINTS_FAILURE)
    if use is Purpose.TLS and extended is not None and not _TLS_USAGES.intersection(extended):
        raise UnusablePin(
            f"{whose}: its extended key usage does not include TLS", SubIndication.CHAIN_CONSTRAINTS_FAILURE
        )
    der = certificate.public_bytes(Encoding.DER)
    return TrustedCertificate(
        office=office,
        purpose=use,
        certificate=certificate,
        public_key=key,
        der=der,
        thumbprint=thumbprint(der),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


class TrustList:
    """All pins, immutable; a change of configuration makes a new list.

    One certificate speaks for one office per purpose: a second claim raises UnusablePin. Several certificates
    per office and purpose are normal (roll-over).
    """

    def __init__(self, pins: Iterable[TrustedCertificate] = ()) -> None:
        self._pins: tuple[TrustedCertificate, ...] = tuple(pins)
        self._by_der: dict[Purpose, dict[bytes, TrustedCertificate]] = {use: {} for use in Purpose}
        self._by_thumbprint: dict[Purpose, dict[str, TrustedCertificate]] = {use: {} for use in Purpose}
        self._by_hint: dict[tuple[Purpose, _Hint], list[TrustedCertificate]] = {}
        for entry in self._pins:
            known = self._by_der[entry.purpose].setdefault(entry.der, entry)
            if known.office != entry.office:
                raise UnusablePin(
                    f"the same certificate is pinned for {known.office} and {entry.office} ({entry.purpose})",
                    SubIndication.CHAIN_CONSTRAINTS_FAILURE,
                )
            if known is entry:
                self._by_thumbprint[entry.purpose][entry.thumbprint] = entry
                for hint in _hints(entry.certificate, entry.der):
                    self._by_hint.setdefault((entry.purpose, hint), []).append(entry)

    def find(self, certificate_der: bytes, purpose: Purpose = Purpose.SIGNING) -> TrustedCertificate | None:
        """The pin that is exactly this certificate (DER form), or None."""
        return self._by_der[purpose].get(certificate_der)

    def find_thumbprint(self, thumbprint: str, purpose: Purpose = Purpose.SIGNING) -> TrustedCertificate | None:
        """The pin with this SHA-256 thumbprint (lower-case hexadecimal), or None."""
        return self._by_thumbprint[purpose].get(thumbprint)

    def of_office(self, office: str, purpose: Purpose = Purpose.SIGNING) -> tuple[TrustedCertificate, ...]:
        """All pins of an office for a purpose, in the order given."""
        return tuple(entry for entry in self._pins if entry.office == office and entry.purpose is purpose)

    # The three below serve WS-Security key references that name a certificate without carrying it. They may
    # be ambiguous (a serial number is unique per issuer only): anything but exactly one match is no match.

    def find_sha1(self, digest: bytes, purpose: Purpose = Purpose.SIGNING) -> TrustedCertificate | None:
        """The one pin whose DER form has this SHA-1 (a name here, not a proof: the signature proves)."""
        return self._only(purpose, ("sha1", digest))

    def find_key_identifier(self, identifier: bytes, purpose: Purpose = Purpose.SIGNING) -> TrustedCertificate | None:
        """The one pin whose SubjectKeyIdentifier extension is `identifier`."""
        return self._only(purpose, ("key identifier", identifier))

    def find_issuer_serial(
        self, issuer: str, serial: int, purpose: Purpose = Purpose.SIGNING
    ) -> TrustedCertificate | None:
        """The one pin with this serial number and issuer (RFC 4514 text; order and blanks do not matter)."""
        return self._only(purpose, ("issuer and serial", (serial, _name_parts(issuer))))

    def _only(self, purpose: Purpose, hint: _Hint) -> TrustedCertificate | None:
        found = self._by_hint.get((purpose, hint), ())
        return found[0] if len(found) == 1 else None


def _hints(certificate: x509.Certificate, der: bytes) -> list[_Hint]:
    issuer = _name_parts(certificate.issuer.rfc4514_string())
    hints: list[_Hint] = [
        ("sha1", sha1(der, usedforsecurity=False).digest()),
        ("issuer and serial", (certificate.serial_number, issuer)),
    ]
    identifier = _extension(certificate, x509.SubjectKeyIdentifier)
    return hints if identifier is None else [*hints, ("key identifier", identifier.digest)]


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _name_parts(name: str) -> tuple[str, ...]:
    # RFC 4514 writes the parts in reverse, X.500 tools often do not, some put blanks after the commas. A value
    # with an escaped comma is cut the same way on both sides, so equality still holds.
    return tuple(sorted(part.strip().casefold() for part in name.split(",")))
