"""The trust list: exact pins, one office per certificate and purpose, and what may not be pinned."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pki.certificates import issue_ca, issue_signer, issue_tls
from pki.keys import generate_key
from pki.trust import Purpose, TrustList, UnusablePin, pin
from pki.verdict import SubIndication


def certificate(now, key, *extensions):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


def test_a_pin_is_found_by_its_exact_certificate_and_purpose(signer, stranger):
    trust = TrustList([pin("XA", "signing", signer.certificate)])
    found = trust.find(signer.der)
    assert (found.office, found.purpose, found.certificate) == ("XA", Purpose.SIGNING, signer.certificate)
    assert found.thumbprint == signer.thumbprint
    assert trust.find_thumbprint(signer.thumbprint) is found
    assert trust.find(stranger.der) is None
    assert trust.find(signer.der + b"\0") is None
    assert trust.find(b"") is None
    assert trust.find(signer.der, Purpose.TLS) is None
    assert trust.find_thumbprint(signer.thumbprint, Purpose.DAS_CLIENT) is None


def test_several_certificates_per_office_live_side_by_side(now, signer):
    newer = issue_signer("XA signer", key=generate_key(), now=now)
    trust = TrustList([pin("XA", "signing", key.certificate) for key in (signer, newer)])
    assert [entry.thumbprint for entry in trust.of_office("XA")] == [signer.thumbprint, newer.thumbprint]
    assert trust.of_office("XB") == ()
    assert trust.of_office("XA", Purpose.TLS) == ()


def test_one_certificate_speaks_for_one_office_per_purpose(signer):
    twice = [pin("XA", "signing", signer.certificate)] * 2
    assert TrustList([*twice, pin("XB", "tls", signer.certificate)]).find(signer.der).office == "XA"
    with pytest.raises(UnusablePin, match="XA and XB"):
        TrustList([*twice, pin("XB", "signing", signer.certificate)])


@pytest.mark.parametrize(("after", "reason"), [(-1, "NOT_YET_VALID"), (0, None), (86400, None), (86401, "EXPIRED")])
def test_validity_is_judged_at_the_time_given(now, after, reason):
    entry = pin("XA", "signing", certificate(now, generate_key()))
    refusal = entry.refusal_at(now + timedelta(seconds=after))
    assert (refusal and refusal.sub_indication) == (SubIndication(reason) if reason else None)


@pytest.mark.parametrize(
    "key",
    [
        lambda: rsa.generate_private_key(65537, 1024),
        lambda: ec.generate_private_key(ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.generate,
    ],
)
def test_weak_keys_are_not_pinned(now, key):
    with pytest.raises(UnusablePin, match="XA") as error:
        pin("XA", "signing", certificate(now, key()))
    assert error.value.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE


def test_key_usage_must_allow_the_purpose_where_it_is_stated(now):
    ca = issue_ca("CA", now=now)
    with pytest.raises(UnusablePin, match="key usage"):
        pin("XA", "signing", ca.certificate)
    pin("XA", "signing", certificate(now, generate_key()))
    mail = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    pin("XA", "signing", certificate(now, generate_key(), mail))
    with pytest.raises(UnusablePin, match="TLS"):
        pin("XA", "tls", certificate(now, generate_key(), mail))
    pin("XA", "tls", issue_tls("XA", key=generate_key(), names=["x.example"], now=now).certificate)


def test_an_unknown_purpose_is_refused(signer):
    with pytest.raises(UnusablePin, match="cooking"):
        pin("XA", "cooking", signer.certificate)


def test_names_that_fit_two_pins_find_none(now, trust, signer):
    """Two certificates with serial number 1 from issuers of one name: the reference is ambiguous."""
    pins = [pin("XA", "signing", certificate(now, generate_key())) for _ in range(2)]
    assert TrustList(pins[:1]).find_issuer_serial("CN=x", 1) is pins[0]
    assert TrustList(pins).find_issuer_serial("CN=x", 1) is None
    assert TrustList(pins[:1]).find_issuer_serial("CN=y", 1) is None
    assert TrustList(pins[:1]).find_issuer_serial("CN=x", 2) is None


def test_an_issuers_name_may_be_written_in_any_order(now):
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "XA"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Oficina, S.A."),
            x509.NameAttribute(NameOID.COMMON_NAME, "CA"),
        ]
    )
    key = generate_key()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    trust = TrustList([pin("XA", "signing", made)])
    for text in ("CN=CA,O=Oficina\\, S.A.,C=XA", "C=XA, O=Oficina\\, S.A., CN=CA"):
        assert trust.find_issuer_serial(text, 7) is not None, text
