"""The auditors' recipe, typed as it stands: openssl, xmlsec1 and the short script, on a real dossier."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from dossier_house import Trust, members_of, verify
from resealing import resealed

from pki.certificates import issue_signer
from pki.keys import generate_key
from pki.timestamps import read_answer, request_token_bytes
from sandbox.tsa.authority import make_authority
from sandbox.tsa.stamping import answer

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "tests" / "docs"))

from fenced import blocks  # noqa: E402

pytestmark = pytest.mark.debian("xmlsec1")


@pytest.fixture
async def desk(affair, tmp_path):
    """An auditor's folder: the dossier, and what the office and the authority have handed over."""
    place = tmp_path / "desk"
    (place / "docs").mkdir(parents=True)
    shutil.copytree(ROOT / "docs" / "examples", place / "docs" / "examples")
    (place / "dossier.zip").write_bytes(await affair.dossier())
    for name, certificate in (
        ("office-signing.pem", affair.door.keys["XA gateway"].certificate),
        ("sender.pem", affair.door.keys["XA"].certificate),
        ("authority.pem", affair.authority.root),
    ):
        (place / name).write_bytes(certificate.public_bytes(Encoding.PEM))
    (place / "ledger.vkey").write_text(affair.log_key.vkey + "\n")
    return place


def lines():
    """The recipe's three blocks."""
    found = [block.text for block in blocks(ROOT / "docs" / "auditors.md", "sh") if "dossier" in block.text]
    assert len(found) == 3
    return found


def typed(text, place):
    """Type it into a shell that knows no program of ours; exit code, and all that was said."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(place)}
    run = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", text], cwd=place, env=environment, capture_output=True)
    return run.returncode, (run.stdout + run.stderr).decode()


async def test_it_verifies_without_any_program_of_ours(desk):
    whole, soap, stamps = (typed(text, desk) for text in lines())
    assert whole[0] == 0, whole
    for words in (
        "checkpoint of 1 entries: signed by xa.pouch.example/ledger",
        "signed by witness.example, who saw it at 20",
        "entry 0, deposited: in the log as of 1 entries",
        "ReleaseDocument m-1: signed by XA",
        "All of this holds.",
    ):
        assert words in whole[1]
    receipts = [name for name in members_of((desk / "dossier.zip").read_bytes()) if name.endswith("receipt.xml")]
    assert whole[1].count("SignedInfo References (ok/all): 1/1") == 1 + len(receipts)
    assert soap[0] == 0 and soap[1].count("SignedInfo References (ok/all): 2/2") == 1
    assert stamps[0] == 0 and stamps[1].count("Verification: OK") == 2 and "4.1.tst: " in stamps[1]


async def unpacked(desk):
    code, said = typed("python3 -m zipfile -e dossier.zip dossier", desk)
    assert code == 0, said
    return desk / "dossier"


@pytest.mark.parametrize("ending", [".leaf", ".tlog-proof", ".note", ".jws", "exchange.json", "cover.html", "4.json"])
async def test_the_script_finds_a_changed_file(desk, ending):
    folder = await unpacked(desk)
    file = next(path for path in sorted(folder.rglob("*")) if path.name.endswith(ending))
    content = file.read_bytes()
    file.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    code, said = typed("python3 docs/examples/verify_dossier.py dossier ledger.vkey", desk)
    assert code == 1 and "DOES NOT HOLD" in said


@pytest.mark.parametrize("ending", [".leaf", ".tlog-proof", ".note", ".jws", "4.json"])
async def test_the_script_finds_it_under_a_manifest_of_one_s_own(desk, ending):
    """Whoever seals anew does not reach what the log, its witnesses and the senders have signed."""
    folder = await unpacked(desk)
    file = next(path for path in sorted(folder.rglob("*")) if path.name.endswith(ending))
    content = file.read_bytes()
    at = {".leaf": content.find(b'"salt":"') + 9, "4.json": content.find(b'"proof":["') + 12}.get(ending, -12) % len(
        content
    )
    changed = content[:at] + (b"B" if content[at : at + 1] != b"B" else b"C") + content[at + 1 :]
    file.write_bytes(changed)
    manifest = (folder / "manifest.json").read_text()
    manifest = manifest.replace(hashlib.sha256(content).hexdigest(), hashlib.sha256(changed).hexdigest())
    (folder / "manifest.json").write_text(manifest)
    seal = (folder / "seal.xml").read_text()
    digest = hashlib.sha256(manifest.encode()).hexdigest()
    (folder / "seal.xml").write_text(re.sub(r"<Sha256>[0-9a-f]{64}</Sha256>", f"<Sha256>{digest}</Sha256>", seal))
    code, said = typed("python3 docs/examples/verify_dossier.py dossier ledger.vkey", desk)
    assert code != 0, said


async def test_xmlsec_finds_a_changed_seal_and_a_stranger(desk, affair):
    folder = await unpacked(desk)
    [line] = [line for line in lines()[0].splitlines() if "seal.xml" in line]
    assert typed(line, desk)[0] == 0
    (desk / "office-signing.pem").write_bytes((desk / "sender.pem").read_bytes())
    assert typed(line, desk)[0] != 0
    certificate = affair.door.keys["XA gateway"].certificate.public_bytes(Encoding.PEM)
    (desk / "office-signing.pem").write_bytes(certificate)
    seal = folder / "seal.xml"
    seal.write_bytes(seal.read_bytes().replace(b"<Office>XA", b"<Office>XB"))
    assert typed(line, desk)[0] != 0


async def test_certificates_that_have_expired_since_do_not_matter(desk, affair):
    """A seal and a time-stamp of long ago: what counts is that the certificates were valid then."""
    then = datetime(2001, 5, 6, 12, tzinfo=UTC)
    key = issue_signer("gateway XA", key=generate_key(), now=then)
    authority = make_authority(then)
    assert max(key.certificate.not_valid_after_utc, authority.root.not_valid_after_utc) < datetime.now(UTC)
    content = (desk / "dossier.zip").read_bytes()
    members = members_of(content)
    for size in (1, 4):
        note = members[f"ledger/checkpoints/{size}.note"]
        token = read_answer(answer(authority, request_token_bytes(note, 5), serial=1, at=then))
        members[f"ledger/checkpoints/{size}.1.tst"] = token
    old = resealed(members, content, key, then)
    (desk / "dossier.zip").write_bytes(old)
    (desk / "office-signing.pem").write_bytes(key.certificate.public_bytes(Encoding.PEM))
    (desk / "authority.pem").write_bytes(authority.root.public_bytes(Encoding.PEM))
    await unpacked(desk)
    [line] = [line for line in lines()[0].splitlines() if "seal.xml" in line]
    assert typed(line, desk)[0] == 0
    code, said = typed(lines()[2], desk)
    assert code == 0 and said.count("Verification: OK") == 2 and "May  6 12:00:00 2001 GMT" in said
    verdict = verify(old, Trust(certificates=[key.certificate, authority.root]))
    assert verdict.holds, verdict.findings
    assert "stamped by 'stamps' at 2001-05-06T12:00:00.000000Z" in str(verdict.holdings)
