"""Whether a certificate that is trusted has been revoked: by lists that were handed to us, never fetched.

Rules:
- A list is used only whole and verified: signed by an authority that was named to us, of the authority's whole scope or
  of a part that the certificate names, no difference to another list, nothing critical in it that we do not know.
- Who was revoked once stays revoked, also by a list that is out of date. That somebody is not on it is believed until
  the list's nextUpdate.
- An address in a certificate or list is never called.
Sources: RFC 5280, 5 and 6.3; ETSI EN 319 102-1 for the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pki.chains import is_issued_by
from pki.keys import thumbprint
from pki.policy import PublicKey, find_key_weakness
from pki.verdict import shown

__all__ = [
    "LIST_LIMIT",
    "Revocation",
    "RevocationList",
    "RevocationMode",
    "Standing",
    "UnusableList",
    "digest_of_list",
    "load_revocation_list",
    "read_revocation_list",
]

#: Bytes of a list; one entry takes some 40.
LIST_LIMIT: Final = 16 << 20
#: How far the clock of whoever made a list may be ahead of ours.
_AHEAD: Final = timedelta(minutes=5)
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
#: Critical extensions of a list that are looked at here; any other makes it unusable (RFC 5280, 5.2).
_KNOWN: Final = frozenset({x509.IssuingDistributionPoint.oid})
_MALFORMED: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension)
_NO_LIST: Final = "it is no certificate revocation list (RFC 5280)"

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


class UnusableList(Exception):
    """A file is no revocation list that can be used; the message says why."""


class RevocationMode(StrEnum):
    """What becomes of a signer of whom no list in date says anything. Members equal their text, for settings."""

    SOFT = "soft"  # believed, and counted
    HARD = "hard"  # not believed until there is a list


class Standing(StrEnum):
    """What is known of a certificate at a moment."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """A verified list. `points` are the distribution points it is limited to (URLs and names), None if it is not."""

    issuer: x509.Certificate = field(repr=False)
    this_update: datetime
    next_update: datetime
    points: frozenset[str] | None
    der: bytes = field(repr=False)
    crl: x509.CertificateRevocationList = field(repr=False)

    @property
    def digest(self) -> bytes:
        """SHA-256 of its DER form."""
        return sha256(self.der).digest()

    @property
    def issuer_name(self) -> str:
        """Who made it, RFC 4514."""
        return self.issuer.subject.rfc4514_string()

    def covers(self, certificate: x509.Certificate) -> bool:
        """Whether it would name this certificate if it were revoked."""
        if not is_issued_by(certificate, self.issuer):
            return False
        return self.points is None or bool(self.points & _points_of(certificate))


def load_revocation_list(path: Path, issuers: Sequence[x509.Certificate], now: datetime) -> RevocationList:
    """Read a list's file (PEM or DER); UnusableList or OSError."""
    return read_revocation_list(_content(path), issuers, now)


def digest_of_list(path: Path) -> bytes:
    """SHA-256 of the DER form of a list's file, whoever made it; UnusableList or OSError."""
    return sha256(_parsed(_content(path)).public_bytes(Encoding.DER)).digest()


def read_revocation_list(content: bytes, issuers: Sequence[x509.Certificate], now: datetime) -> RevocationList:
    """Read a list and verify it against the authorities that may have made it, at `now` (aware); UnusableList."""
    crl = _parsed(content)
    try:
        return _verified(crl, issuers, now)
    except _MALFORMED:
        raise UnusableList(_NO_LIST) from None


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LIST_LIMIT + 1)


def _parsed(content: bytes) -> x509.CertificateRevocationList:
    if len(content) > LIST_LIMIT:
        raise UnusableList(f"it has more than {LIST_LIMIT} bytes")
    try:
        pem = content.lstrip().startswith(b"-----BEGIN")
        return x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)
    except _MALFORMED:
        # Without the cause: its text may quote the file.
        raise UnusableList(_NO_LIST) from None


def _verified(
    crl: x509.CertificateRevocationList, issuers: Sequence[x509.Certificate], now: datetime
) -> RevocationList:
    # (1) Its dates: a list without nextUpdate would be believed for ever (RFC 5280, 5.1.2.5 asks for one).
    this_update, next_update = crl.last_update_utc, crl.next_update_utc
    if next_update is None or next_update <= this_update:
        raise UnusableList("it does not say until when it holds (nextUpdate)")
    if this_update > now + _AHEAD:
        raise UnusableList(f"it was made in the future, at {this_update.isoformat()}")
    # (2) What it covers.
    points = _scope(crl)
    # (3) Who made it, with a certificate that was valid then, may sign lists, and whose key is good enough.
    for issuer in issuers:
        if crl.issuer == issuer.subject and _may_sign(issuer, this_update) and _is_signed_by(crl, issuer):
            der = crl.public_bytes(Encoding.DER)
            return RevocationList(
                issuer=issuer, this_update=this_update, next_update=next_update, points=points, der=der, crl=crl
            )
    raise UnusableList(f"no authority named here has signed it; it names {shown(crl.issuer.rfc4514_string())}")


def _scope(crl: x509.CertificateRevocationList) -> frozenset[str] | None:
    for extension in crl.extensions:
        if extension.oid == x509.DeltaCRLIndicator.oid:
            raise UnusableList("it is only a difference to another list (delta)")
        if extension.critical and extension.oid not in _KNOWN:
            raise UnusableList(f"it has a critical extension that is not known here ({extension.oid.dotted_string})")
    point = _extension(crl.extensions, x509.IssuingDistributionPoint)
    if point is None:
        return None
    if point.indirect_crl or point.only_some_reasons or point.only_contains_attribute_certs:
        raise UnusableList("it is indirect, or of some reasons or attribute certificates only")
    if point.only_contains_ca_certs:
        raise UnusableList("it is of authorities' certificates only")
    return None if point.full_name is None and point.relative_name is None else _names(point.full_name)


def _may_sign(issuer: x509.Certificate, at: datetime) -> bool:
    usage = _extension(issuer.extensions, x509.KeyUsage)
    valid = issuer.not_valid_before_utc <= at <= issuer.not_valid_after_utc
    return valid and (usage is None or usage.crl_sign) and find_key_weakness(issuer.public_key()) is None


def _is_signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    return (
        isinstance(crl.signature_hash_algorithm, _HASHES) and isinstance(key, PublicKey) and crl.is_signature_valid(key)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Of one certificate: since when it is revoked, or until when it is known not to be."""

    revoked_at: datetime | None = None
    until: datetime | None = None


class Revocation:
    """What the lists of one partner say of its certificates; immutable, computed once."""

    def __init__(
        self,
        mode: RevocationMode = RevocationMode.SOFT,
        lists: Sequence[RevocationList] = (),
        certificates: Iterable[x509.Certificate] = (),
    ) -> None:
        self.mode = mode
        self.lists = tuple(lists)
        self.certificates = tuple(certificates)
        self._known: Mapping[str, _Known] = MappingProxyType(
            {thumbprint(one): self._look(one) for one in self.certificates}
        )

    @property
    def is_asked(self) -> bool:
        """Whether anything is looked up at all: lists are named, or nothing is believed without one."""
        return bool(self.lists) or self.mode is RevocationMode.HARD

    @property
    def holds_until(self) -> datetime | None:
        """When the first of the lists is out of date; of several by one authority, the newest counts."""
        newest: dict[tuple[bytes, frozenset[str] | None], datetime] = {}
        for one in self.lists:
            key = (one.issuer.subject.public_bytes(), one.points)
            newest[key] = max(newest.get(key, one.next_update), one.next_update)
        return min(newest.values(), default=None)

    def standing(self, certificate: x509.Certificate, at: datetime) -> Standing:
        """What is known at `at` of a certificate among those it was made with; UNKNOWN of any other."""
        known = self._known.get(thumbprint(certificate), _Known())
        if known.revoked_at is not None:
            return Standing.REVOKED
        return Standing.GOOD if known.until is not None and at <= known.until else Standing.UNKNOWN

    def revoked_at(self, certificate: x509.Certificate) -> datetime | None:
        """Since when a certificate is revoked, as the list says; None if it is not."""
        return self._known.get(thumbprint(certificate), _Known()).revoked_at

    def _look(self, certificate: x509.Certificate) -> _Known:
        until: datetime | None = None
        for one in self.lists:
            if not one.covers(certificate):
                continue
            entry = one.crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if entry is not None:
                return _Known(revoked_at=entry.revocation_date_utc)
            until = one.next_update if until is None else max(until, one.next_update)
        return _Known(until=until)


def _points_of(certificate: x509.Certificate) -> frozenset[str]:
    points = _extension(certificate.extensions, x509.CRLDistributionPoints)
    return frozenset().union(*(_names(point.full_name) for point in points or ()))


def _names(names: Iterable[x509.GeneralName] | None) -> frozenset[str]:
    return frozenset(
        name.value.rfc4514_string() if isinstance(name, x509.DirectoryName) else str(name.value) for name in names or ()
    )


def _extension(extensions: x509.Extensions, kind: type[_Extension]) -> _Extension | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
