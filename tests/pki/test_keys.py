"""Keys on disk: made safely, refused when others can read them, never shown."""

import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from pki.certificates import issue_signer
from pki.keys import (
    SigningKey,
    UnusableKey,
    generate_key,
    load_certificate,
    load_private_key,
    load_signing_key,
    thumbprint,
    write_certificate,
    write_private_key,
)


def numbers(key):
    return key.private_numbers()


@pytest.mark.parametrize("kind", ["P-256", "RSA-3072"])
def test_a_generated_key_survives_the_disk(tmp_path, kind):
    key = generate_key(kind)
    write_private_key(tmp_path / "key.pem", key)
    assert numbers(load_private_key(tmp_path / "key.pem")) == numbers(key)
    assert key.key_size == {"P-256": 256, "RSA-3072": 3072}[kind]


def test_a_key_file_is_private_from_the_start_and_never_overwritten(tmp_path, signer):
    path = tmp_path / "key.pem"
    write_private_key(path, signer.key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        write_private_key(path, generate_key())
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777, 0o610])
def test_a_key_that_others_may_read_is_refused_with_the_remedy(tmp_path, signer, mode):
    path = tmp_path / "key.pem"
    write_private_key(path, signer.key)
    path.chmod(mode)
    with pytest.raises(UnusableKey, match="chmod 600"):
        load_private_key(path)
    path.chmod(0o400)
    assert numbers(load_private_key(path)) == numbers(signer.key)


def pem_of(key, encryption=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


SPOILED = {
    "not PEM": lambda: b"hello",
    "empty": lambda: b"",
    "too large": lambda: b"-" * 70_000,
    "with password": lambda: pem_of(generate_key(), BestAvailableEncryption(b"secret")),
    "RSA-1024": lambda: pem_of(rsa.generate_private_key(65537, 1024)),
    "K-256": lambda: pem_of(ec.generate_private_key(ec.SECP256K1())),
    "Ed25519": lambda: pem_of(ed25519.Ed25519PrivateKey.generate()),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_no_good_key_is_refused_without_quoting_it(tmp_path, name):
    pem = SPOILED[name]()
    path = tmp_path / "key.pem"
    path.touch(0o600)
    path.write_bytes(pem)
    with pytest.raises(UnusableKey) as error:
        load_private_key(path)
    assert str(path) in str(error.value)
    assert error.value.__cause__ is None
    assert "hello" not in str(error.value)


def test_a_certificate_survives_the_disk_and_a_chain_begins_with_the_leaf(tmp_path, signer, stranger):
    write_certificate(tmp_path / "chain.pem", signer.certificate, stranger.certificate)
    assert load_certificate(tmp_path / "chain.pem") == signer.certificate
    (tmp_path / "no.pem").write_text("nothing")
    with pytest.raises(UnusableKey, match="no PEM certificate"):
        load_certificate(tmp_path / "no.pem")


def test_a_signing_key_is_loaded_with_its_own_certificate_only(tmp_path, signer, stranger):
    write_private_key(tmp_path / "key.pem", signer.key)
    write_certificate(tmp_path / "own.pem", signer.certificate)
    write_certificate(tmp_path / "other.pem", stranger.certificate)
    loaded = load_signing_key(tmp_path / "key.pem", tmp_path / "own.pem")
    assert loaded.thumbprint == signer.thumbprint
    with pytest.raises(UnusableKey, match="another key"):
        load_signing_key(tmp_path / "key.pem", tmp_path / "other.pem")


def test_a_weak_key_cannot_become_a_signing_key(now):
    with pytest.raises(UnusableKey, match="too weak"):
        issue_signer("weak", key=rsa.generate_private_key(65537, 1024), now=now)


def test_a_key_is_never_shown(signer, rsa_signer):
    for key in (signer, rsa_signer):
        text = f"{key!r} {key}"
        assert "PrivateKey" not in text
        assert "key=" not in text.replace("SigningKey(", "")
        assert key.thumbprint in text


def test_the_thumbprint_is_sha256_of_der(signer):
    fingerprint = signer.certificate.fingerprint(hashes.SHA256())
    assert thumbprint(signer.certificate) == thumbprint(signer.der) == signer.thumbprint == fingerprint.hex()


def test_ecdsa_signatures_are_raw_and_of_fixed_width(signer, p384_signer, rsa_signer):
    assert {len(signer.sign(bytes([number]))) for number in range(100)} == {64}
    assert len(p384_signer.sign(b"x")) == 96
    assert len(rsa_signer.sign(b"x")) == 256


def test_a_signing_key_is_a_value(signer):
    assert isinstance(signer, SigningKey)
    assert isinstance(signer.certificate, x509.Certificate)
    with pytest.raises(AttributeError):
        signer.certificate = None
