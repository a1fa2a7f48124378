"""Revocation in use: the partners' lists of the offices file, asked for every signature, kept for dossiers, watched.

Rules: lists are files that the operator puts in place; SIGHUP reads them again; what cannot be used changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from cryptography import x509

from gateway.app.finding import Finding
from gateway.core.office import OfficeCode
from gateway.core.reason import Reason, Refused
from gateway.settings import OfficeSettings, Settings, SettingsError
from gateway.store.revocation_lists import PostgresRevocationLists
from monitoring.log import logger
from pki.keys import UnusableKey, load_certificates
from pki.revocation import Revocation, RevocationMode, Standing, UnusableList, load_revocation_list
from pki.trust import TrustList

__all__ = ["RevocationInUse", "RevocationMeter", "check_revocation", "read_revocation"]

_log = logger("revocation")


class RevocationMeter(Protocol):
    """What is counted."""

    def revocation_unknown(self, partner: str) -> None: ...
    def revocation_days_left(self, partner: str, days: float) -> None: ...


def read_revocation(settings: Settings, trust: TrustList, now: datetime) -> Mapping[OfficeCode, Revocation]:
    """Read and verify the lists of all offices, those without any left out; SettingsError names the dotted path."""
    found = {}
    for position, office in enumerate(settings.office):
        code = OfficeCode(office.code)
        pinned = [pin.certificate for pin in trust.of_office(code)]
        revocation = _read_office(office, f"office[{position}]", pinned, now)
        if revocation.is_asked:
            found[code] = revocation
    return found


def _read_office(office: OfficeSettings, place: str, pinned: list[x509.Certificate], now: datetime) -> Revocation:
    issuers = []
    for number, path in enumerate(office.revocation_issuers):
        try:
            issuers += load_certificates(path)
        except (UnusableKey, OSError) as error:
            raise SettingsError(f"{place}.revocation_issuers[{number}]: {error}") from None
    lists = []
    for number, path in enumerate(office.revocation_lists):
        try:
            lists.append(load_revocation_list(path, issuers, now))
        except UnusableList as error:
            raise SettingsError(f"{place}.revocation_lists[{number}]: {path}: {error}") from None
        except OSError as error:
            raise SettingsError(f"{place}.revocation_lists[{number}]: {path}: {error.strerror}") from None
    return Revocation(RevocationMode(office.revocation), lists, pinned)


class RevocationInUse:
    """The lists as they are now: what holds this sees a reload at once."""

    def __init__(self, now: Mapping[OfficeCode, Revocation], meter: RevocationMeter) -> None:
        self.now = now
        self._meter = meter
        self._kept: set[bytes] = set()
        self._told: set[bytes] = set()

    def check(self, office: OfficeCode, certificate: x509.Certificate | None, at: datetime) -> None:
        """Refused(CERTIFICATE_REVOKED), or where the office's mode is hard Refused(REVOCATION_UNKNOWN)."""
        if (revocation := self.now.get(office)) is None:
            return
        standing = Standing.UNKNOWN if certificate is None else revocation.standing(certificate, at)
        if standing is Standing.REVOKED:
            raise Refused(Reason.CERTIFICATE_REVOKED)
        if standing is Standing.UNKNOWN:
            self._meter.revocation_unknown(office)
            if revocation.mode is RevocationMode.HARD:
                raise Refused(Reason.REVOCATION_UNKNOWN)

    async def keep(self, lists: PostgresRevocationLists, at: datetime) -> None:
        """Keep what is in use, once, for the dossiers of this time. Deferred(DATABASE_UNAVAILABLE)."""
        for office, revocation in self.now.items():
            for one in revocation.lists:
                if one.digest not in self._kept:
                    await lists.add(office, one, at)
                    self._kept.add(one.digest)

    def watch(self, at: datetime) -> None:
        """Measure how long the lists hold, and tell once of each that holds no more."""
        for office, revocation in self.now.items():
            if (until := revocation.holds_until) is None:
                continue
            self._meter.revocation_days_left(office, (until - at).total_seconds() / 86400)
            for one in revocation.lists:
                if until <= at and one.next_update == until and one.digest not in self._told:
                    self._told.add(one.digest)
                    _log.warning("a revocation list is out of date", office=office, since=until.isoformat())


def check_revocation(now: Mapping[OfficeCode, Revocation], at: datetime) -> list[Finding]:
    """What `pouch check` tells of each office's lists: until when they hold, and whose certificate is on one."""
    found = []
    for office, revocation in now.items():
        hard = revocation.mode is RevocationMode.HARD
        if (until := revocation.holds_until) is None:
            text = "none is named, and with revocation = hard nothing of this office is taken"
            found.append(Finding(name=f"revocation {office}", good=False, text=text))
            continue
        text = f"{len(revocation.lists)} lists, in date until {until:%Y-%m-%d %H:%M} UTC"
        if until <= at:
            text = f"a list is out of date since {until:%Y-%m-%d %H:%M} UTC: put a newer one in place"
        found.append(Finding(name=f"revocation {office}", good=until > at, text=text, fatal=hard))
        for certificate in revocation.certificates:
            standing = revocation.standing(certificate, at)
            if standing is not Standing.GOOD and until > at:
                text = f"the certificate with serial number {certificate.serial_number:x} is {standing}"
                found.append(Finding(name=f"revocation {office}", good=False, text=text, fatal=False))
    return found
