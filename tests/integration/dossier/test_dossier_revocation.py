"""Revocation lists as they were in use when messages were taken: enclosed, and looked at by whoever verifies."""

from datetime import UTC, datetime

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from dossier_house import XA, contents_of, hours, members_of, verify

from gateway.store.revocation_lists import PostgresRevocationLists
from pki.certificates import issue_ca
from pki.revocation import read_revocation_list


async def use_list(affair, revoked_at=None, *, taken_at=None, issuer=None):
    """Have XA's authority, or another, make a list, and the gateway use it since an hour ago."""
    ca = issuer or affair.ca
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.certificate.subject)
    builder = builder.last_update(hours(-2)).next_update(hours(24))
    if revoked_at is not None:
        serial = affair.door.keys["XA"].certificate.serial_number
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(revoked_at).build()
        builder = builder.add_revoked_certificate(entry)
    der = builder.sign(ca.key, hashes.SHA256()).public_bytes(Encoding.DER)
    gateway = affair.door.gateway
    one = read_revocation_list(der, [ca.certificate], datetime.now(UTC))
    await PostgresRevocationLists(gateway.pool, gateway.queries).add(XA, one, taken_at or hours(-1))
    file = affair.door.folder / "keys" / "issuers.pem"
    file.write_bytes(ca.certificate.public_bytes(Encoding.PEM))
    offices = tuple(
        msgspec.structs.replace(office, revocation_issuers=(file,)) if office.code == "XA" else office
        for office in gateway.settings.office
    )
    gateway.settings = msgspec.structs.replace(gateway.settings, office=offices)


def signed_by(verdict):
    return [each.text for each in verdict.holdings if each.about.startswith("message")]


async def test_a_list_that_does_not_name_the_sender_is_enclosed_and_said(affair):
    await use_list(affair)
    content = await affair.dossier()
    [listed] = contents_of(content)["revocation"]
    assert listed["office"] == "XA" and listed["revocationList"] in members_of(content)
    assert not [each for each in contents_of(content)["missing"] if "revocation" in each["what"]]
    verdict = verify(content, affair.trust)
    assert verdict.holds and all("it was not revoked" in text for text in signed_by(verdict))


async def test_who_was_revoked_before_does_not_sign(affair):
    await use_list(affair, hours(-3))
    verdict = verify(await affair.dossier(), affair.trust)
    assert not verdict.holds
    assert all("was revoked at" in explanation for _, explanation in verdict.findings)


async def test_who_was_revoked_later_has_signed(affair):
    await use_list(affair, hours(3))
    verdict = verify(await affair.dossier(), affair.trust)
    assert verdict.holds and all("revoked later" in text for text in signed_by(verdict))


async def test_what_was_taken_into_use_later_was_not_known_then(affair):
    await use_list(affair, hours(-3), taken_at=hours(1))
    content = await affair.dossier()
    assert "revocation" not in contents_of(content) and verify(content, affair.trust).holds


@pytest.mark.parametrize("named", [True, False])
async def test_a_strangers_list_says_nothing(affair, named):
    await use_list(affair, hours(-3), issuer=issue_ca("Another authority", now=hours(-5)))
    if not named:
        (affair.door.folder / "keys" / "issuers.pem").write_bytes(affair.ca.certificate.public_bytes(Encoding.PEM))
    verdict = verify(await affair.dossier(), affair.trust)
    assert verdict.holds and not [text for text in signed_by(verdict) if "revoked" in text]
    assert named or [remark for remark in verdict.remarks if "it says nothing here" in remark]
