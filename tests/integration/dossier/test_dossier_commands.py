"""`pouch dossier` and `pouch verify` as they are typed: what they say, write and end with."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from dossier_house import contents_of, hours, verify

from pki.keys import generate_key

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def pouch(affair, tmp_path):
    """Run a command on the gateway's machine, or with `alone` anywhere; (exit code, standard output, error output)."""

    def run(*words, alone=False):
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        if not alone:
            environment["POUCH_DATABASE_DSN"] = affair.door.dsn.reveal()
        words = [sys.executable, "-m", "gateway", *map(str, words)]
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def made(affair, pouch, tmp_path):
    """A dossier's file."""
    file = tmp_path / "dossier.zip"
    code, said, complaint = pouch("dossier", affair.deposit, "-c", affair.door.folder / "pouch.toml", "-o", file)
    assert code == 0, complaint
    assert "3 messages, 1 documents, 3 of 3 entries proved" in said and "missing: the documents themselves" in said
    return file


async def test_it_is_written_for_its_owner_alone_and_verifies_anywhere(affair, made, pouch, tmp_path):
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert verify(made.read_bytes(), affair.trust).holds
    keys = affair.door.folder / "keys"
    witness = tmp_path / "witness.vkey"
    witness.write_text(affair.witness.verifier.vkey)
    trusted = ["--trust", keys / "signing.pem", "--vkey", keys / "ledger.vkey", "--vkey", witness]
    code, said, _ = pouch("verify", made, *trusted, alone=True)
    assert code == 0 and said.startswith("good: dossier of office XA on exchange")
    assert "since: witnessed by 'witness.example'" in said and "was not checked" not in said
    code, said, _ = pouch("verify", made, "--json", alone=True)
    told = json.loads(said)
    assert (code, told["result"], told["office"], told["findings"]) == (0, "passed", "XA", [])


async def test_what_was_changed_and_what_cannot_be_told_end_with_1_and_3(affair, made, pouch, tmp_path):
    content = bytearray(made.read_bytes())
    content[5000] ^= 4
    changed = tmp_path / "changed.zip"
    changed.write_bytes(content)
    code, said, _ = pouch("verify", changed, alone=True)
    assert code == 1 and said.startswith("TAMPERED")
    code, said, _ = pouch("verify", made, "--trust", affair.door.folder / "keys" / "xb.pem", alone=True)
    assert code == 3 and said.startswith("CANNOT TELL") and "sealed by nobody you trust" in said
    code, said, _ = pouch("verify", made, "--trust", affair.door.folder / "keys" / "ledger.vkey", alone=True)
    assert code == 3


async def test_nothing_is_overwritten_and_nothing_is_handed_out_by_halves(affair, made, pouch, tmp_path):
    settings = affair.door.folder / "pouch.toml"
    before = made.read_bytes()
    code, _, complaint = pouch("dossier", affair.deposit, "-c", settings, "-o", made)
    assert code == 1 and "overwrites nothing" in complaint and made.read_bytes() == before
    code, _, complaint = pouch("dossier", affair.deposit, "-c", settings, "-o", tmp_path / "no" / "such" / "place")
    assert code == 1 and "cannot be written" in complaint
    evidenced = [leaf for leaf in await affair.door.ledger() if leaf["kind"] == "evidenced"]
    assert len(evidenced) == 1, "only what was written is an entry"
    unknown = "01a207cb-0000-7000-8000-000000000000"
    code, _, complaint = pouch("dossier", unknown, "-c", settings, "-o", tmp_path / "other.zip")
    assert code == 1 and not (tmp_path / "other.zip").exists() and "4001" not in complaint


async def test_documents_need_a_recipient_whose_key_can_take_them(affair, pouch, tmp_path):
    settings, file = affair.door.folder / "pouch.toml", tmp_path / "whole.zip"
    keys = affair.door.folder / "keys"
    for words in (["--documents"], ["--for", keys / "signing.pem"]):
        code, _, complaint = pouch("dossier", affair.deposit, "-c", settings, "-o", file, *words)
        assert code == 2 and "go together" in complaint
    code, _, complaint = pouch(
        "dossier", affair.deposit, "-c", settings, "-o", file, "--documents", "--for", keys / "signing.pem"
    )
    assert code == 1 and "not RSA" in complaint and not file.exists()
    key = generate_key("RSA-3072")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Registry of the court")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(hours(-1)).not_valid_after(hours(1))
    court = tmp_path / "court.pem"
    court.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    code, _, complaint = pouch(
        "dossier", affair.deposit, "-c", settings, "-o", file, "--documents", "--for", court, "--json"
    )
    assert code == 0, complaint
    assert b"documents/001.p7m" in file.read_bytes() and verify(file.read_bytes(), affair.trust).holds


async def test_of_what_was_forgotten_the_proofs_are_left(affair, made, pouch, tmp_path):
    settings, file = affair.door.folder / "pouch.toml", tmp_path / "later.zip"
    code, _, complaint = pouch(
        "forget", affair.deposit, "-c", settings, "--basis", "retention rule 7", "--force", "--yes"
    )
    assert code == 0, complaint
    await affair.order()
    code, _, complaint = pouch("dossier", affair.deposit, "-c", settings, "-o", file)
    assert code == 0, complaint
    verdict = verify(file.read_bytes(), affair.trust)
    assert verdict.holds, verdict.findings
    contents = contents_of(file.read_bytes())
    assert contents["entries"][-1]["step"] == "forgotten" and all("proof" in each for each in contents["entries"])
    assert not [message for message in contents["messages"] if {"receipt", "envelope", "sha256"} & message.keys()]
    assert all("erased" in message["withheld"] for message in contents["messages"])
    assert not [entry for entry in contents["entries"][:-1] if "disclosed" in entry], "their salts are destroyed"
    assert b"form 1" not in file.read_bytes()
    assert verify(made.read_bytes(), affair.trust).holds, "what was handed out before holds for ever"
