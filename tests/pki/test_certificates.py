"""Test certificates are such as real peers accept: OpenSSL's TLS, and cryptography's path validation."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

from pki.certificates import issue_ca, issue_signer, issue_tls
from pki.keys import generate_key, write_certificate, write_private_key


@pytest.fixture(scope="module")
def ca(now):
    return issue_ca("Test CA", now=now)


def extension(key, kind):
    return key.certificate.extensions.get_extension_for_class(kind)


def test_a_signer_may_sign_with_legal_effect_and_nothing_else(now, ca):
    for issuer in (None, ca):
        key = issue_signer("Office XA", key=generate_key(), now=now, ca=issuer, country="XA")
        usage = extension(key, x509.KeyUsage)
        assert usage.critical
        assert usage.value.digital_signature
        assert usage.value.content_commitment
        assert not (usage.value.key_cert_sign or usage.value.key_encipherment or usage.value.crl_sign)
        assert extension(key, x509.BasicConstraints).value.ca is False
        assert key.certificate.subject.rfc4514_string() == "CN=Office XA,C=XA"
        issuing = key if issuer is None else issuer
        key.certificate.verify_directly_issued_by(issuing.certificate)


def test_validity_begins_a_little_early_and_ends_when_said(now):
    key = issue_signer("XA", key=generate_key(), now=now, validity=timedelta(days=7))
    assert key.certificate.not_valid_before_utc == now - timedelta(minutes=5)
    assert key.certificate.not_valid_after_utc == now + timedelta(days=7)


def test_serial_numbers_differ(now):
    key = generate_key()
    assert len({issue_signer("XA", key=key, now=now).certificate.serial_number for _ in range(20)}) == 20


def test_a_server_certificate_validates_for_its_names_only(now, ca):
    server = issue_tls("XA", key=generate_key(), names=["gateway.xa.example", "127.0.0.1"], now=now, ca=ca)
    store = verification.Store([ca.certificate])
    policy = verification.PolicyBuilder().store(store).time(now)
    for name in (x509.DNSName("gateway.xa.example"), x509.IPAddress(ip_address("127.0.0.1"))):
        policy.build_server_verifier(name).verify(server.certificate, [])
    with pytest.raises(verification.VerificationError):
        policy.build_server_verifier(x509.DNSName("elsewhere.example")).verify(server.certificate, [])
    policy.build_client_verifier().verify(server.certificate, [])


@pytest.mark.parametrize("kind", ["P-256", "RSA-3072"])
def test_openssl_shakes_hands_with_them(tmp_path, kind):
    """Two ends in memory, mutual TLS; real time, since OpenSSL has no other."""
    now = datetime.now(UTC)
    ca = issue_ca("Test CA", now=now)
    contexts = []
    for side, protocol in (("server", ssl.PROTOCOL_TLS_SERVER), ("client", ssl.PROTOCOL_TLS_CLIENT)):
        key = issue_tls(side, key=generate_key(kind), names=["localhost"], now=now, ca=ca)
        write_private_key(tmp_path / f"{side}.key", key.key)
        write_certificate(tmp_path / f"{side}.pem", key.certificate)
        context = ssl.SSLContext(protocol)
        context.load_verify_locations(cadata=ca.certificate.public_bytes(Encoding.PEM).decode())
        context.load_cert_chain(tmp_path / f"{side}.pem", tmp_path / f"{side}.key")
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        contexts.append(context)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = contexts[0].wrap_bio(to_server, to_client, server_side=True)
    client = contexts[1].wrap_bio(to_client, to_server, server_hostname="localhost")
    done = set()
    for _ in range(10):
        for end in (client, server):
            try:
                end.do_handshake()
                done.add(end)
            except ssl.SSLWantReadError:
                continue
    assert done == {client, server}
    assert client.getpeercert()["subjectAltName"] == (("DNS", "localhost"),)
