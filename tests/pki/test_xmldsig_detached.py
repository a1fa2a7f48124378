"""Detached signatures over files: every octet of every listed file, and nothing resolved by name."""

import random
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pki.certificates import issue_ca, issue_signer
from pki.keys import generate_key
from pki.verdict import SubIndication
from pki.xmldsig_detached import REFERENCES_MOST, sign_files, verify_files

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BEGUN = NOW - timedelta(days=30)
FILES = {"copy.pdf": b"%PDF-1.7 " * 100, "Zeichnung 1.tif": b"II*\0", "特許.xml": b"<a/>"}


@pytest.fixture(scope="module")
def ca():
    return issue_ca("Office test authority", now=BEGUN)


@pytest.fixture(scope="module")
def signer(ca):
    return issue_signer("An office", key=generate_key(), now=BEGUN, ca=ca)


def signed(signer, files=FILES):
    return sign_files({name: [content] for name, content in files.items()}, key=signer)


def verify(document, *roots, files=FILES, at=NOW):
    return verify_files(document, lambda name: [files[name]] if name in files else None, roots=roots, at=at)


def test_what_is_signed_is_verified_by_name(signer, ca):
    found = verify(signed(signer), ca.certificate)
    assert found.verdict.passed
    assert found.names == tuple(FILES)
    assert verify(signed(signer), signer.certificate).verdict.passed


@pytest.mark.parametrize("name", FILES)
def test_each_file_counts(signer, ca, name):
    changed = {**FILES, name: FILES[name] + b" "}
    assert verify(signed(signer), ca.certificate, files=changed).verdict.sub_indication is SubIndication.HASH_FAILURE
    missing = {other: content for other, content in FILES.items() if other != name}
    found = verify(signed(signer), ca.certificate, files=missing)
    assert (found.verdict.sub_indication, found.names) == (SubIndication.SIGNED_DATA_NOT_FOUND, ())


def test_only_who_is_trusted_then(signer, ca):
    stranger = issue_ca("Somebody else", now=BEGUN)
    document = signed(signer)
    assert verify(document, stranger.certificate).verdict.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    late = NOW + timedelta(days=9999)
    assert verify(document, ca.certificate, at=late).verdict.sub_indication is SubIndication.EXPIRED
    assert verify(document, signer.certificate, at=late).verdict.sub_indication is SubIndication.EXPIRED
    early = BEGUN - timedelta(days=1)
    assert verify(document, signer.certificate, at=early).verdict.sub_indication is SubIndication.NOT_YET_VALID


def test_no_octet_of_the_signature_can_be_altered(signer, ca):
    document, chance = signed(signer), random.Random(5)
    for place in chance.sample(range(len(document)), 400):
        mutant = bytearray(document)
        mutant[place] ^= 1 << chance.randrange(7)
        found = verify(bytes(mutant), ca.certificate)
        assert not found.verdict.passed or found.names == tuple(FILES)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'URI="copy.pdf"', b'URI=""'),
        (b'URI="copy.pdf"', b'URI="#copy"'),
        (b'URI="copy.pdf"', b'URI="Zeichnung%201.tif"'),
        (b'URI="copy.pdf"', b'URI="http://evil.invalid/"'),
        (b"<ds:DigestMethod", b"<ds:Transforms/><ds:DigestMethod"),
        (b"xmlenc#sha256", b"xmlenc#sha1"),
        (b"</ds:Signature>", b"<ds:Object/></ds:Signature>"),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue><!--x-->"),
    ],
)
def test_hostile_signatures_are_refused_and_no_name_is_resolved(signer, ca, old, new):
    asked = []
    found = verify_files(
        signed(signer).replace(old, new, 1), lambda name: asked.append(name), roots=[ca.certificate], at=NOW
    )
    assert not found.verdict.passed
    assert asked == []  # the signature over the digests comes first


def test_references_are_bounded(signer, ca):
    files = {f"{number}.tif": b"" for number in range(REFERENCES_MOST + 1)}
    found = verify(signed(signer, files), ca.certificate, files=files)
    assert found.verdict.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE


@pytest.mark.debian("xmlsec1")
def test_libxmlsec_agrees(tmp_path, signer, ca):
    files = {"copy.pdf": FILES["copy.pdf"], "drawing.tif": b"II*\0"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "signature.xml").write_bytes(signed(signer, files))
    (tmp_path / "ca.pem").write_bytes(ca.certificate.public_bytes(Encoding.PEM))
    command = ["xmlsec1", "--verify", "--trusted-pem", "ca.pem", "--verification-time", "2026-11-22+09:00:00"]
    good = subprocess.run([*command, "signature.xml"], cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert good.returncode == 0, good.stderr
    (tmp_path / "drawing.tif").write_bytes(b"MM\0*")
    bad = subprocess.run([*command, "signature.xml"], cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert bad.returncode != 0
