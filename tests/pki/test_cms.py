"""CMS: what openssl signs is read, what we sign openssl reads, and nothing altered passes."""

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pki.certificates import issue_ca, issue_signer
from pki.cms import sign_attached, sign_detached, verify_signed
from pki.cms_frame import FRAME_MOST, find_frame
from pki.keys import generate_key
from pki.verdict import SubIndication

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BEGUN = NOW - timedelta(days=30)
WAD = b"PK\x03\x04" + bytes(range(256)) * 300


@pytest.fixture(scope="module")
def ca():
    return issue_ca("Annex F test authority", now=BEGUN)


@pytest.fixture(scope="module", params=["P-256", "RSA-3072"])
def signer(request, ca):
    return issue_signer("An applicant", key=generate_key(request.param), now=BEGUN, ca=ca)


def attached(signer, content=WAD):
    sink = BytesIO()
    sign_attached(BytesIO(content), len(content), sink, key=signer, at=NOW)
    return sink.getvalue()


def verify(package, *roots, at=NOW, content=None):
    beside = None if content is None else BytesIO(content)
    return verify_signed(BytesIO(package), len(package), roots=roots, at=at, content=beside)


def content_of(package, signed):
    return b"".join(package[span.offset : span.offset + span.length] for span in signed.spans)


def openssl(*arguments, folder):
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False, timeout=60)


@pytest.fixture
def files(tmp_path, signer, ca):
    pem = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "signer.pem").write_bytes(signer.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "ca.pem").write_bytes(ca.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "wad.zip").write_bytes(WAD)
    return tmp_path


def test_what_is_signed_is_verified_and_its_content_found(signer, ca):
    package = attached(signer)
    signed = verify(package, ca.certificate)
    assert signed.verdict.passed
    assert signed.verdict.certificate == signer.certificate
    assert content_of(package, signed) == WAD
    assert signed.signers[0].claimed_at == NOW


def test_a_signer_can_be_trusted_without_an_authority(signer):
    assert verify(attached(signer), signer.certificate).verdict.passed


def test_a_detached_signature_is_over_what_lies_beside_it(signer, ca):
    signature = sign_detached(BytesIO(WAD), key=signer, at=NOW)
    assert verify(signature, ca.certificate, content=WAD).verdict.passed
    assert verify(signature, ca.certificate, content=WAD + b"!").verdict.sub_indication is SubIndication.HASH_FAILURE
    assert verify(signature, ca.certificate).verdict.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


def test_content_in_it_and_beside_it_is_refused(signer, ca):
    found = verify(attached(signer), ca.certificate, content=WAD)
    assert found.verdict.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


def test_a_signer_whom_nobody_vouches_for_fits_and_does_not_pass(signer):
    stranger = issue_ca("Somebody else", now=BEGUN)
    found = verify(attached(signer), stranger.certificate)
    assert found.verdict.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    assert found.signers[0].fits


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (NOW + timedelta(days=5000), SubIndication.EXPIRED),
        (BEGUN - timedelta(days=1), SubIndication.NOT_YET_VALID),
    ],
)
def test_certificates_must_be_valid_at_the_moment_asked_for(signer, ca, at, why):
    assert verify(attached(signer), ca.certificate, at=at).verdict.sub_indication is why
    assert verify(attached(signer), signer.certificate, at=at).verdict.sub_indication is why


def test_no_byte_can_be_altered(signer, ca):
    """Flip one bit of each byte around the content, and of some within: never the same content with a pass."""
    package = attached(signer)
    chance = random.Random(7)
    begin = package.index(WAD)
    around = [*range(begin), *range(begin + len(WAD), len(package))]
    places = [*around, *chance.sample(range(begin, begin + len(WAD)), 20)]
    survivors = []
    for place in places:
        mutant = bytearray(package)
        mutant[place] ^= 1 << chance.randrange(8)
        signed = verify(bytes(mutant), ca.certificate)
        if signed.verdict.passed and content_of(mutant, signed) != WAD:
            survivors.append(place)
    assert survivors == []


def test_truncated_or_lengthened_files_are_refused(signer, ca):
    package = attached(signer)
    for size in (0, 1, 2, 10, 100, len(package) // 2, len(package) - 1):
        assert verify(package[:size], ca.certificate).verdict.sub_indication is SubIndication.FORMAT_FAILURE
    assert verify(package + b"\0", ca.certificate).verdict.sub_indication is SubIndication.FORMAT_FAILURE


@pytest.mark.parametrize(
    "hostile",
    [
        bytes.fromhex("3080") * 50_000,
        bytes.fromhex("30800609")
        + bytes.fromhex("2a864886f70d010702")
        + bytes.fromhex("a0803080")
        + b"\x30\x80" * 9999,
        bytes.fromhex("3084ffffffff0609"),
        bytes.fromhex("308900000000000000000000"),
        b"PK\x03\x04 not CMS at all",
    ],
)
def test_hostile_nesting_and_lengths_end_at_once(hostile):
    assert verify(hostile).verdict.sub_indication is SubIndication.FORMAT_FAILURE


def test_what_is_kept_beside_the_content_is_bounded(signer):
    package = sign_detached(BytesIO(b""), key=signer, at=NOW)
    frame = find_frame(BytesIO(package), len(package))
    assert len(frame.der) < FRAME_MOST
    padding = b"\x04\x83\x20\x00\x00" + bytes(0x200000)
    fat = b"\x30\x83\x20\x01\x00" + package[4:] + padding
    assert verify(fat).verdict.sub_indication is SubIndication.FORMAT_FAILURE


@pytest.mark.debian("openssl")
@pytest.mark.parametrize("streamed", [[], ["-stream"]])
@pytest.mark.parametrize("options", [[], ["-keyid"], ["-noattr"], ["-md", "sha512"]])
def test_what_openssl_signs_is_verified(files, signer, ca, streamed, options):
    command = ["cms", "-sign", "-binary", "-nodetach", "-in", "wad.zip", "-signer", "signer.pem", "-inkey", "key.pem"]
    made = openssl(*command, *streamed, *options, "-outform", "DER", "-out", "wasp.p7m", folder=files)
    assert made.returncode == 0, made.stderr
    package = (files / "wasp.p7m").read_bytes()
    signed = verify(package, ca.certificate)
    # its signingTime is this machine's now; the certificates' validity is asked for at a moment of ours
    assert signed.verdict.passed, signed.verdict.explanation
    assert content_of(package, signed) == WAD


@pytest.mark.debian("openssl")
def test_sha1_is_told_and_does_not_pass(files, signer, ca):
    command = ["cms", "-sign", "-binary", "-nodetach", "-in", "wad.zip", "-signer", "signer.pem", "-inkey", "key.pem"]
    made = openssl(*command, "-md", "sha1", "-outform", "DER", "-out", "wasp.p7m", folder=files)
    assert made.returncode == 0, made.stderr
    package = (files / "wasp.p7m").read_bytes()
    signed = verify(package, ca.certificate)
    assert signed.verdict.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    assert "SHA-1" in signed.verdict.explanation
    assert signed.signers[0].fits
    assert signed.signers[0].digest == "sha1"
    spoiled = bytearray(package)
    spoiled[package.index(WAD) + 9] ^= 1
    assert verify(bytes(spoiled), ca.certificate).verdict.sub_indication is SubIndication.HASH_FAILURE


@pytest.mark.debian("openssl")
def test_openssl_verifies_what_we_sign(files, signer):
    (files / "ours.p7m").write_bytes(attached(signer))
    (files / "ours.p7s").write_bytes(sign_detached(BytesIO(WAD), key=signer, at=NOW))
    command = ["cms", "-verify", "-binary", "-inform", "DER", "-CAfile", "ca.pem", "-purpose", "any", "-no_check_time"]
    within = openssl(*command, "-in", "ours.p7m", "-out", "out", folder=files)
    assert within.returncode == 0, within.stderr
    assert (files / "out").read_bytes() == WAD
    beside = openssl(*command, "-in", "ours.p7s", "-content", "wad.zip", folder=files)
    assert beside.returncode == 0, beside.stderr


def test_signing_first_leaves_the_names_of_time_stamps_known():
    """asn1crypto fixes its table of names at the first use; modules that add to it must have been loaded by then."""
    said = (
        "from datetime import UTC, datetime\nimport io\nfrom pki.certificates import issue_signer\n"
        "from pki.cms import sign_detached\nfrom pki.keys import generate_key\n"
        "at = datetime(2026, 11, 22, tzinfo=UTC)\n"
        "sign_detached(io.BytesIO(b'x'), key=issue_signer('X', key=generate_key(), now=at), at=at)\n"
        "from asn1crypto import cms, pdf, tsp\n"
        "cms.CMSAttribute({'type': 'signing_certificate_v2', 'values': []}).dump()\n"
        "cms.CMSAttribute({'type': 'adobe_revocation_info_archival', 'values': []}).dump()\n"
        "cms.ContentType('tst_info').dump()\n"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
