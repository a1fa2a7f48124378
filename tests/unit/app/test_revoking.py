"""Revocation in use: a revoked signer is refused however it signs; without a list in date the mode decides."""

from datetime import UTC, datetime, timedelta

import pytest
import tomli_w
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from gateway.app.offices import read_offices
from gateway.app.revoking import RevocationInUse, check_revocation, read_revocation
from gateway.app.signing import HostSigner, TokenDesk
from gateway.app.verifying import OfficeVerifier
from gateway.core.reason import Reason, Refused
from gateway.settings import SettingsError, load_settings
from pki.certificates import issue_ca, issue_signer
from pki.jws import sign_detached
from pki.keys import generate_key, write_certificate
from pki.wss import WssPolicy

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ENVELOPE = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/>'
    b'<s:Body><d:Deposit xmlns:d="urn:test">7</d:Deposit></s:Body></s:Envelope>'
)


class Counted:
    """A meter that remembers."""

    def __init__(self):
        self.unknown, self.days = [], {}

    def revocation_unknown(self, partner):
        self.unknown.append(partner)

    def revocation_days_left(self, partner, days):
        self.days[partner] = days


class Partner:
    """XC, whose certificates are issued by an authority with lists; its settings are files in `folder`."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = issue_ca("Partner CA", now=NOW - 30 * DAY)
        self.signers = [issue_signer("XC", key=generate_key(), now=NOW - DAY, ca=self.ca) for _ in range(2)]
        write_certificate(folder / "ca.pem", self.ca.certificate)
        for number, signer in enumerate(self.signers):
            write_certificate(folder / f"xc-{number}.pem", signer.certificate)

    def write(self, *revoked, until=NOW + DAY):
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.ca.certificate.subject)
        builder = builder.last_update(NOW - DAY).next_update(until)
        for signer in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(signer.certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(NOW - DAY).build())
        crl = builder.sign(self.ca.key, hashes.SHA256())
        (self.folder / "list.crl").write_bytes(crl.public_bytes(Encoding.PEM))

    def settings(self, **changes):
        main = {
            "gateway": {"origin": "gateway.example/log"},
            "hosted": [{"code": "XA", "name": "XA", "signing_key": "k", "signing_certificate": "c"}],
        }
        certificates = ["xc-0.pem", "xc-1.pem"]
        office = {"code": "XC", "signing_certificates": certificates, "exchanges_as": ["XA"]}
        office |= {"revocation_lists": ["list.crl"], "revocation_issuers": ["ca.pem"], **changes}
        (self.folder / "pouch.toml").write_text(tomli_w.dumps(main))
        (self.folder / "offices.toml").write_text(tomli_w.dumps({"office": [{"code": "XB"}, office]}))
        return load_settings(self.folder / "pouch.toml", {})

    def read(self, at=NOW, **changes):
        settings = self.settings(**changes)
        return read_revocation(settings, read_offices(settings).trust, at)

    def verifier(self, meter, **changes):
        settings = self.settings(**changes)
        offices = read_offices(settings)
        desk = TokenDesk(self.signers[0], issuer="https://gateway.example")
        verifier = OfficeVerifier(desk=desk, callers=(), policy=WssPolicy())
        verifier.trust = offices.trust
        verifier.revocation = RevocationInUse(read_revocation(settings, offices.trust, NOW), meter)
        return verifier


@pytest.fixture
def partner(tmp_path):
    return Partner(tmp_path)


def by_envelope(verifier, signer, at=NOW):
    return verifier.verify_envelope(etree.fromstring(HostSigner(signer, signer).sign_envelope(ENVELOPE, at)), at)[0]


def by_detached(verifier, signer, at=NOW):
    return verifier.verify_detached(sign_detached(b"payload", key=signer), b"payload", at)


@pytest.mark.parametrize("way", [by_envelope, by_detached])
def test_a_revoked_signer_is_refused_and_the_other_is_not(partner, way):
    good, bad = partner.signers
    partner.write(bad)
    meter = Counted()
    verifier = partner.verifier(meter)
    assert way(verifier, good).office == "XC"
    with pytest.raises(Refused) as refused:
        way(verifier, bad)
    assert refused.value.reason is Reason.CERTIFICATE_REVOKED and meter.unknown == []


@pytest.mark.parametrize("way", [by_envelope, by_detached])
def test_an_old_list_is_counted_and_where_it_is_hard_nothing_is_taken(partner, way):
    partner.write(until=NOW - timedelta(hours=1))
    meter = Counted()
    assert way(partner.verifier(meter), partner.signers[0]).office == "XC"
    assert meter.unknown == ["XC"]
    with pytest.raises(Refused) as refused:
        way(partner.verifier(meter, revocation="hard"), partner.signers[0])
    assert refused.value.reason is Reason.REVOCATION_UNKNOWN and meter.unknown == ["XC", "XC"]


def test_an_old_list_still_refuses_whom_it_names(partner):
    partner.write(partner.signers[0], until=NOW - timedelta(hours=1))
    with pytest.raises(Refused) as refused:
        by_envelope(partner.verifier(Counted()), partner.signers[0])
    assert refused.value.reason is Reason.CERTIFICATE_REVOKED


def test_hard_without_a_list_takes_nothing_and_soft_without_one_asks_nothing(partner):
    meter = Counted()
    with pytest.raises(Refused):
        by_envelope(partner.verifier(meter, revocation="hard", revocation_lists=[]), partner.signers[0])
    assert by_envelope(partner.verifier(meter, revocation_lists=[]), partner.signers[0]).office == "XC"
    assert meter.unknown == ["XC"]


@pytest.mark.parametrize(
    ("spoil", "changes", "place"),
    [
        (lambda folder: (folder / "list.crl").unlink(), {}, r"office\[1\]\.revocation_lists\[0\].*No such file"),
        (
            lambda folder: (folder / "list.crl").write_bytes(b"x"),
            {},
            r"revocation_lists\[0\].*it is no cert",
        ),
        (lambda folder: None, {"revocation_issuers": []}, r"revocation_lists\[0\].*no authority named here"),
        (lambda folder: (folder / "ca.pem").write_bytes(b"x"), {}, r"office\[1\]\.revocation_issuers\[0\]"),
    ],
    ids=["missing", "malformed", "without issuer", "issuer malformed"],
)
def test_what_cannot_be_used_is_named(partner, spoil, changes, place):
    partner.write()
    spoil(partner.folder)
    with pytest.raises(SettingsError, match=place):
        partner.read(**changes)


def test_a_mode_that_does_not_exist_is_refused(partner):
    partner.write()
    with pytest.raises(SettingsError, match=r"office\[1\]\.revocation"):
        partner.read(revocation="sometimes")


def test_how_long_lists_hold_is_measured(partner):
    partner.write(until=NOW + 5 * DAY)
    meter = Counted()
    in_use = RevocationInUse(partner.read(), meter)
    in_use.watch(NOW)
    assert meter.days == {"XC": 5.0}
    in_use.watch(NOW + 6 * DAY)
    assert meter.days == {"XC": -1.0}


def test_check_tells_dates_and_whose_certificate_is_revoked(partner):
    partner.write(partner.signers[1], until=NOW + 5 * DAY)
    [dates, revoked] = check_revocation(partner.read(), NOW)
    assert dates.good and "2026-11-27" in dates.text
    serial = f"{partner.signers[1].certificate.serial_number:x}"
    assert not revoked.good and not revoked.fatal and serial in revoked.text and "revoked" in revoked.text
    [old] = check_revocation(partner.read(), NOW + 6 * DAY)
    assert not old.good and not old.fatal
    [old] = check_revocation(partner.read(revocation="hard"), NOW + 6 * DAY)
    assert not old.good and old.fatal
    [none] = check_revocation(partner.read(revocation="hard", revocation_lists=[]), NOW)
    assert not none.good and none.fatal
