"""Revocation lists in a running gateway: read again on reload, and kept, so that what was known then can be shown."""

import tomllib
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import asyncpg
import pytest
import tomli_w
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.app.declaring import Declarer
from gateway.app.housekeeping import _watch_revocation
from gateway.app.ledger_changes import read_changes
from gateway.settings import SettingsError
from gateway.store.revocation_lists import PostgresRevocationLists
from pki.certificates import issue_ca, issue_signer
from pki.keys import generate_key, write_certificate

DAY = timedelta(days=1)


class Lists:
    """XC's authority, its list as a file, and the gateway that reads it."""

    def __init__(self, house):
        self.house, self.keys = house, house.folder / "keys"
        self.now = datetime.now(UTC)
        self.ca = issue_ca("XC authority", now=self.now - DAY)
        self.signer = issue_signer("XC", key=generate_key(), now=self.now - DAY, ca=self.ca).certificate
        write_certificate(self.keys / "xc-ca.pem", self.ca.certificate)
        write_certificate(self.keys / "xc-signing.pem", self.signer)

    def write(self, *revoked):
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.ca.certificate.subject)
        builder = builder.last_update(self.now - timedelta(hours=1)).next_update(self.now + DAY)
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(one.serial_number).revocation_date(self.now)
            builder = builder.add_revoked_certificate(entry.build())
        der = builder.sign(self.ca.key, hashes.SHA256()).public_bytes(Encoding.DER)
        (self.keys / "xc.crl").write_bytes(der)
        return der

    def name(self):
        offices = self.house.folder / "offices.toml"
        content = tomllib.loads(offices.read_text())
        for office in content["office"]:
            if office["code"] == "XC":
                office |= {"signing_certificates": ["keys/xc-signing.pem"], "revocation_lists": ["keys/xc.crl"]}
                office["revocation_issuers"] = ["keys/xc-ca.pem"]
        offices.write_text(tomli_w.dumps(content))

    @property
    def standing(self):
        return self.house.gateway.revocation.now["XC"].standing(self.signer, self.now)


@pytest.fixture
def lists(house, monkeypatch):
    monkeypatch.setenv("POUCH_DATABASE_DSN", house.dsn.reveal())
    return Lists(house)


async def test_a_reload_takes_the_new_list_and_a_bad_one_changes_nothing(lists):
    gateway = lists.house.gateway
    assert gateway.revocation.now == {}
    lists.write()
    lists.name()
    gateway.reload()
    assert lists.standing == "good"
    lists.write(lists.signer)
    gateway.reload()
    assert lists.standing == "revoked"
    (lists.keys / "xc.crl").write_bytes(b"half a list")
    with pytest.raises(SettingsError, match=r"revocation_lists\[0\]"):
        gateway.reload()
    assert lists.standing == "revoked"


async def test_what_was_in_use_is_kept_and_found_by_its_time(lists):
    gateway = lists.house.gateway
    kept = PostgresRevocationLists(gateway.pool, gateway.queries)
    first = lists.write()
    lists.name()
    gateway.reload()
    await _watch_revocation(gateway)
    await _watch_revocation(gateway)
    between = datetime.now(UTC)
    second = lists.write(lists.signer)
    gateway.reload()
    await _watch_revocation(gateway)
    assert await kept.in_force("XC", lists.now - DAY) == ()
    [then] = await kept.in_force("XC", between)
    assert (then.der, then.digest) == (first, sha256(first).digest()) and "XC authority" in then.issuer
    [now] = await kept.in_force("XC", datetime.now(UTC))
    assert now.der == second and now.taken_at > then.taken_at
    days = gateway.meter.registry.get_sample_value("pouch_revocation_list_days_left", {"partner": "XC"})
    assert 0.9 < days <= 1


async def test_what_is_kept_cannot_be_taken_back(lists):
    lists.write()
    lists.name()
    lists.house.gateway.reload()
    await _watch_revocation(lists.house.gateway)
    for change in (
        "UPDATE revocation_list SET content = ''",
        "DELETE FROM revocation_list",
        "TRUNCATE revocation_list",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await lists.house.gateway.pool.execute(change)


async def test_a_list_that_comes_into_use_is_an_entry(lists):
    declarer = Declarer(lists.house.gateway)
    await declarer.declare()
    der = lists.write()
    lists.name()
    lists.house.gateway.reload()
    declarer.wake()
    await declarer.declare()
    gateway = lists.house.gateway
    change = (await read_changes(gateway.pool, gateway.queries, "XA"))[-1]
    assert change.kind == "trust"
    assert f"office XC: revocation list sha256:{sha256(der).hexdigest()}" in change.added
    (lists.keys / "xc-ca.pem").unlink()
    declarer.wake()
    await declarer.declare()
    assert any("unreadable" in name for name in (await read_changes(gateway.pool, gateway.queries, "XA"))[-1].added)
