"""The algorithm policy: what is good enough, what is not, and that trying a signature never raises."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from pki.policy import (
    DIGESTS,
    JOSE_ALGORITHMS,
    RSA_BITS_NEW,
    SIGNATURE_ALGORITHMS,
    find_key_weakness,
    is_signature_good,
    native_algorithm,
)


def rsa_public(exponent, bits):
    return rsa.RSAPublicNumbers(exponent, (1 << (bits - 1)) + 1).public_key()


@pytest.mark.parametrize(("bits", "good"), [(1024, False), (2047, False), (2048, True), (8192, True), (8193, False)])
def test_rsa_keys_have_2048_to_8192_bits(bits, good):
    assert (find_key_weakness(rsa_public(65537, bits)) is None) is good


@pytest.mark.parametrize(("exponent", "good"), [(3, False), (17, False), (65537, True), (65539, True)])
def test_rsa_exponents_are_large(exponent, good):
    assert (find_key_weakness(rsa_public(exponent, 2048)) is None) is good


def test_new_rsa_keys_have_3072_bits():
    assert find_key_weakness(rsa_public(65537, 2048), rsa_bits=RSA_BITS_NEW) is not None
    assert find_key_weakness(rsa_public(65537, 3072), rsa_bits=RSA_BITS_NEW) is None


@pytest.mark.parametrize(
    ("curve", "good"), [(ec.SECP256R1, True), (ec.SECP384R1, True), (ec.SECP256K1, False), (ec.SECP224R1, False)]
)
def test_curves_are_p256_and_p384(curve, good):
    assert (find_key_weakness(ec.generate_private_key(curve()).public_key()) is None) is good


def test_other_kinds_of_keys_are_refused():
    numbers = dsa.DSAPublicNumbers(2, dsa.DSAParameterNumbers((1 << 2047) + 1, (1 << 255) + 1, 2))
    assert find_key_weakness(numbers.public_key()) is not None
    assert find_key_weakness(ed25519.Ed25519PrivateKey.generate().public_key()) is not None


def test_no_table_has_a_row_for_anything_weak():
    listed = " ".join([*SIGNATURE_ALGORITHMS, *DIGESTS, *JOSE_ALGORITHMS]).lower()
    for weak in ("sha1", "md5", "hmac", "dsa-sha1", "sha224", "hs256", "none", "ripemd"):
        assert weak not in listed.replace("ecdsa", "")
    assert set(JOSE_ALGORITHMS) == {"ES256", "ES384", "PS256", "RS256"}


def test_each_kind_of_key_signs_with_its_own_algorithm(signer, rsa_signer, p384_signer):
    assert native_algorithm(signer.public_key)[1] == "ES256"
    assert native_algorithm(p384_signer.public_key)[1] == "ES384"
    assert native_algorithm(rsa_signer.public_key)[1] == "RS256"
    assert native_algorithm(p384_signer.public_key)[0].uri.endswith("ecdsa-sha384")


@pytest.mark.parametrize("uri", SIGNATURE_ALGORITHMS)
def test_every_algorithm_verifies_its_own_signature_and_no_other_message(uri, signer, rsa_signer):
    row = SIGNATURE_ALGORITHMS[uri]
    if row.kind == "EC":
        der = signer.key.sign(b"message", ec.ECDSA(row.hash))
        r, s = decode_dss_signature(der)
        key, signature = signer.public_key, r.to_bytes(32) + s.to_bytes(32)
    else:
        key, signature = rsa_signer.public_key, rsa_signer.key.sign(b"message", row.padding, row.hash)
    assert is_signature_good(key, row, signature, b"message")
    assert not is_signature_good(key, row, signature, b"massage")
    assert not is_signature_good(key, row, signature[:-1], b"message")


def test_pkcs1_padding_is_checked_strictly(rsa_signer):
    """Bleichenbacher's forgery of 2006 needs a verifier that does not look at the end of the block."""
    row = SIGNATURE_ALGORITHMS["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"message")
    block = b"\x00\x01" + b"\xff" * 8 + b"\x00" + prefix + digest.finalize()
    numbers = rsa_signer.key.private_numbers()
    for tail in (b"\x00", b"\x01"):
        value = int.from_bytes(block + tail * (256 - len(block)))
        forged = pow(value, numbers.d, numbers.public_numbers.n).to_bytes(256)
        assert not is_signature_good(rsa_signer.public_key, row, forged, b"message")
    good = rsa_signer.key.sign(b"message", padding.PKCS1v15(), hashes.SHA256())
    assert is_signature_good(rsa_signer.public_key, row, good, b"message")
    assert not is_signature_good(rsa_signer.public_key, row, b"\0" + good, b"message")
