"""Revocation lists: used whole, verified and in date, or not at all; and what they say of a certificate."""

import random
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pki.certificates import issue_ca, issue_signer
from pki.keys import generate_key, write_certificate, write_private_key
from pki.revocation import (
    LIST_LIMIT,
    Revocation,
    RevocationMode,
    Standing,
    UnusableList,
    digest_of_list,
    load_revocation_list,
    read_revocation_list,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
POINT = "http://crl.example/part-1.crl"


class Issuing:
    """A partner's authority: its certificates and lists."""

    def __init__(self, name="Partner CA", now=NOW - 30 * DAY):
        self.ca = issue_ca(name, now=now)

    def signer(self, name="XB", **changes):
        return issue_signer(name, key=generate_key(), now=NOW - 10 * DAY, ca=self.ca, **changes).certificate

    def crl(self, *revoked, by=None, extensions=(), until=NOW + DAY, since=NOW - DAY, hash_=None, serials=()):
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.ca.certificate.subject).last_update(since)
        builder = builder.next_update(until)
        for serial in (*(one.serial_number for one in revoked), *serials):
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - 2 * DAY)
            builder = builder.add_revoked_certificate(entry.build())
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(by or self.ca.key, hash_ or hashes.SHA256()).public_bytes(Encoding.DER)

    def read(self, content, now=NOW):
        return read_revocation_list(content, [self.ca.certificate], now)


@pytest.fixture(scope="module")
def issuing():
    return Issuing()


def point(**changes):
    members = {"full_name": None, "relative_name": None, "only_contains_user_certs": False}
    members |= {"only_contains_ca_certs": False, "only_some_reasons": None, "indirect_crl": False}
    return x509.IssuingDistributionPoint(**{**members, "only_contains_attribute_certs": False, **changes})


def test_who_is_on_the_list_is_revoked_and_who_is_not_is_good_until_it_is_out_of_date(issuing):
    good, bad = issuing.signer(), issuing.signer()
    revocation = Revocation(RevocationMode.SOFT, [issuing.read(issuing.crl(bad))], [good, bad])
    assert revocation.standing(bad, NOW) is Standing.REVOKED
    assert revocation.revoked_at(bad) == NOW - 2 * DAY
    assert revocation.standing(good, NOW + DAY) is Standing.GOOD
    assert revocation.standing(good, NOW + DAY + timedelta(seconds=1)) is Standing.UNKNOWN
    assert revocation.standing(bad, NOW + 400 * DAY) is Standing.REVOKED
    assert revocation.holds_until == NOW + DAY


def test_a_newer_list_counts_beside_an_older_one_and_a_revocation_is_for_ever(issuing):
    signer = issuing.signer()
    old = issuing.read(issuing.crl(signer, until=NOW - timedelta(hours=1), since=NOW - 3 * DAY))
    new = issuing.read(issuing.crl())
    assert Revocation(RevocationMode.SOFT, [old, new], [signer]).standing(signer, NOW) is Standing.REVOKED
    other = issuing.signer()
    both = Revocation(RevocationMode.SOFT, [old, new], [other])
    assert both.standing(other, NOW) is Standing.GOOD and both.holds_until == NOW + DAY


def test_nothing_is_known_of_a_certificate_of_another_authority(issuing):
    impostor = Issuing()  # of the same name
    stranger = impostor.signer()
    revocation = Revocation(RevocationMode.HARD, [issuing.read(issuing.crl(stranger))], [stranger])
    assert revocation.standing(stranger, NOW) is Standing.UNKNOWN
    assert revocation.standing(issuing.signer(), NOW) is Standing.UNKNOWN  # not among those it was made with


def test_a_list_of_a_part_is_about_the_certificates_that_name_it(issuing):
    part = issuing.read(issuing.crl(extensions=[(point(full_name=[x509.UniformResourceIdentifier(POINT)]), True)]))
    naming = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "XB")]))
        .issuer_name(issuing.ca.certificate.subject)
        .public_key(generate_key().public_key())
        .serial_number(77)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .add_extension(
            x509.CRLDistributionPoints(
                [x509.DistributionPoint([x509.UniformResourceIdentifier(POINT)], None, None, None)]
            ),
            critical=False,
        )
        .sign(issuing.ca.key, hashes.SHA256())
    )
    plain = issuing.signer()
    revocation = Revocation(RevocationMode.SOFT, [part], [naming, plain])
    assert revocation.standing(naming, NOW) is Standing.GOOD
    assert revocation.standing(plain, NOW) is Standing.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"by": generate_key()}, "no authority named here"),
        ({"since": NOW + DAY, "until": NOW + 2 * DAY}, "in the future"),
        ({"extensions": [(x509.DeltaCRLIndicator(1), True)]}, "difference"),
        ({"extensions": [(point(indirect_crl=True), True)]}, "indirect"),
        ({"extensions": [(point(only_contains_ca_certs=True), True)]}, "authorities"),
        ({"extensions": [(point(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})), True)]}, "reasons"),
        ({"extensions": [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), True)]}, r"1\.2\.3"),
        ({"hash_": hashes.SHA224()}, "no authority named here"),
    ],
    ids=lambda value: None if isinstance(value, str) else next(iter(value)),
)
def test_a_list_that_cannot_be_believed_is_refused(issuing, changes, expected):
    with pytest.raises(UnusableList, match=expected):
        issuing.read(issuing.crl(**changes))


def test_who_may_not_sign_lists_or_could_not_then_is_nobody(issuing):
    signer = issue_signer("XB", key=generate_key(), now=NOW - 10 * DAY)
    own = Issuing()
    own.ca = signer  # digitalSignature only
    with pytest.raises(UnusableList, match="no authority"):
        own.read(own.crl())
    late = Issuing(now=NOW + 2 * DAY)
    with pytest.raises(UnusableList, match="no authority"):
        late.read(late.crl())
    weak = ec.generate_private_key(ec.SECP224R1())
    with pytest.raises(UnusableList, match="no authority"):
        issuing.read(issuing.crl(by=weak))


def test_a_list_without_an_end_is_refused(issuing, tmp_path):
    """cryptography makes none, OpenSSL's bytes can be made into one: the field is cut out and the list signed anew."""
    from asn1crypto import crl as asn1

    parsed = asn1.CertificateList.load(issuing.crl())
    del parsed["tbs_cert_list"]["next_update"]
    body = parsed["tbs_cert_list"].dump(force=True)
    parsed["signature"] = issuing.ca.key.sign(body, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(UnusableList, match="until when"):
        issuing.read(parsed.dump(force=True))


def test_nonsense_is_no_list_and_no_changed_byte_is_believed(issuing, tmp_path):
    content = issuing.crl(issuing.signer())
    for heap in (
        b"",
        b"nonsense",
        b"-----BEGIN X509 CRL-----\n",
        content[:-1],
        content + b"\x00",
        bytes(LIST_LIMIT + 1),
    ):
        with pytest.raises(UnusableList):
            issuing.read(heap)
    chance = random.Random(7)
    for place in range(len(content)):
        spoiled = bytearray(content)
        spoiled[place] ^= 1 << chance.randrange(8)
        with pytest.raises(UnusableList):
            issuing.read(bytes(spoiled))
    (tmp_path / "list").write_bytes(content)
    assert digest_of_list(tmp_path / "list") == issuing.read(content).digest


def test_without_lists_only_hard_asks(issuing):
    assert not Revocation().is_asked and Revocation().holds_until is None
    hard = Revocation(RevocationMode.HARD, [], [issuing.signer()])
    assert hard.is_asked and hard.standing(hard.certificates[0], NOW) is Standing.UNKNOWN


@pytest.mark.debian("openssl")
def test_openssl_agrees_both_ways(issuing, tmp_path):
    """OpenSSL verifies the lists of these tests, and a list that it made is read."""
    now = datetime.now(UTC)
    authority = Issuing(now=now - DAY)
    write_private_key(tmp_path / "ca.key", authority.ca.key)
    write_certificate(tmp_path / "ca.pem", authority.ca.certificate)
    signer = issue_signer("XB", key=generate_key(), now=now - DAY, ca=authority.ca).certificate
    write_certificate(tmp_path / "xb.pem", signer)
    (tmp_path / "index.txt").touch()
    (tmp_path / "ca.cnf").write_text(
        "[ca]\ndefault_ca=a\n[a]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=1\n"
        "certificate=ca.pem\nprivate_key=ca.key\n"
    )

    def openssl(*words):
        return subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, text=True, check=True)

    openssl("ca", "-config", "ca.cnf", "-revoke", "xb.pem")
    openssl("ca", "-config", "ca.cnf", "-gencrl", "-out", "list.pem")
    made = load_revocation_list(tmp_path / "list.pem", [authority.ca.certificate], datetime.now(UTC))
    assert Revocation(lists=[made], certificates=[signer]).standing(signer, now) is Standing.REVOKED
    ours = authority.crl(signer, since=now - timedelta(hours=1), until=now + DAY)
    (tmp_path / "ours.crl").write_bytes(ours)
    told = openssl("crl", "-inform", "DER", "-in", "ours.crl", "-CAfile", "ca.pem", "-noout")
    assert "verify OK" in told.stdout + told.stderr
