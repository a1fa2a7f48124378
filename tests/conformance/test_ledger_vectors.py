"""Other people's proofs and logs through our verifier, and our log through other people's verifiers.

Our verifier is taken both in process and as the command line, whose exit code is the verdict.
"""

import base64
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pymerkle
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore._internal.trust import Key, Keyring
from sigstore.errors import VerificationError
from sigstore_models.common import v1

from gateway.__main__ import main
from gateway.core import merkle
from gateway.evidence.sources import FolderSource
from gateway.evidence.verifying import verify_log
from gateway.wire.tlog_checkpoint import Checkpoint, parse_checkpoint, render_checkpoint
from gateway.wire.tlog_tiles import Tile, parse_bundle, render_bundle, tiles_of
from pki.note_keys import generate_note_key, parse_vkey
from pki.notes import parse_note, sign_note, verify_note
from pki.verdict import Indication

VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "ledger"
if not VECTORS.exists():
    pytest.skip("the ledger vectors are not here", allow_module_level=True)

PROOFS = VECTORS / "merkle-proofs"
FOREIGN = VECTORS / "tessera-log"
VKEY = str(FOREIGN / "vkey")
#: Proofs of other trees (subtrees of Merkle Tree Certificates) are not of this log's kind.
KINDS = ("inclusion", "consistency")


def pouch(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["ledger", *arguments], catch_exceptions=False)


def vectors(kind: str) -> dict[str, dict[str, Any]]:
    found = {str(path): json.loads(path.read_text()) for path in sorted((PROOFS / kind).rglob("*.json"))}
    assert len(found) == 98
    return found


def digests(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


def entries() -> list[bytes]:
    return parse_bundle((FOREIGN / "tile/entries/000.p/15").read_bytes(), 15)


@pytest.mark.parametrize("kind", KINDS)
def test_every_proof_has_its_verdict_on_the_command_line(kind: str) -> None:
    exits = {path: pouch("verify", "--proof", path).exit_code for path in vectors(kind)}
    assert exits == {path: int(vector["wantErr"]) for path, vector in vectors(kind).items()}


def test_every_inclusion_proof_has_its_verdict() -> None:
    for path, vector in vectors("inclusion").items():
        leaf, root = base64.b64decode(vector["leafHash"]), base64.b64decode(vector["root"])
        held = merkle.verify_inclusion(leaf, vector["leafIdx"], vector["treeSize"], digests(vector["proof"]), root)
        assert held is not vector["wantErr"], path


def test_every_consistency_proof_has_its_verdict() -> None:
    for path, vector in vectors("consistency").items():
        old, new = base64.b64decode(vector["root1"]), base64.b64decode(vector["root2"])
        held = merkle.verify_consistency(vector["size1"], vector["size2"], digests(vector["proof"]), old, new)
        assert held is not vector["wantErr"], path


def test_examples_of_the_specifications_are_read() -> None:
    signed, cosigned = json.loads((VECTORS / "c2sp-examples/examples.json").read_text())
    assert verify_note(signed["note"].encode(), [parse_vkey(signed["vkey"])]).text == "This is an example message.\n"
    note = parse_note(cosigned["note"].encode())
    assert parse_checkpoint(note.text).size == 20852163
    assert int.from_bytes(note.signatures[1].signature[:8]) == 1679315147


def test_foreign_log_verifies() -> None:
    result = pouch("verify", "--dir", str(FOREIGN), "--vkey", VKEY, "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["result"], told["size"], told["origin"]) == ("passed", 15, "example.com/log/testdata")


@pytest.mark.parametrize("size", range(16))
def test_foreign_log_verifies_at_each_of_its_checkpoints(tmp_path: Path, size: int) -> None:
    shutil.copytree(FOREIGN / "tile", tmp_path / "tile")
    shutil.copy(FOREIGN / f"checkpoint.{size}", tmp_path / "checkpoint")
    result = pouch("verify", "--dir", str(tmp_path), "--vkey", VKEY, "--json")
    assert (result.exit_code, json.loads(result.stdout)["size"]) == (0, size)


@pytest.mark.parametrize("new", range(16))
def test_foreign_log_is_consistent_between_all_its_checkpoints(new: int) -> None:
    for old in range(new + 1):
        heads = [str(FOREIGN / f"checkpoint.{size}") for size in (old, new)]
        assert pouch("consistency", *heads, "--dir", str(FOREIGN), "--vkey", VKEY).exit_code == 0
        if old < new:
            assert pouch("consistency", *heads[::-1], "--dir", str(FOREIGN), "--vkey", VKEY).exit_code == 3


@pytest.mark.parametrize("index", range(15))
def test_entries_of_the_foreign_log_are_proved_and_verified(tmp_path: Path, index: int) -> None:
    proof, entry = tmp_path / "entry.tlog-proof", tmp_path / "entry"
    entry.write_bytes(entries()[index])
    assert pouch("prove", str(index), "--dir", str(FOREIGN), "--vkey", VKEY, "-o", str(proof)).exit_code == 0
    asked = ("verify", "--proof", str(proof), "--vkey", VKEY, "--entry", str(entry))
    assert pouch(*asked).exit_code == 0
    entry.write_bytes(b"another")
    assert pouch(*asked).exit_code == 1


async def test_flipped_byte_in_any_file_of_the_foreign_log_is_found(tmp_path: Path) -> None:
    """Every seventh byte of every file, from another one on in each; a different bit each time."""
    folder = tmp_path / "log"
    shutil.copytree(FOREIGN, folder)
    verifiers = [parse_vkey((FOREIGN / "vkey").read_text())]
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "vkey"]
    assert len(files) == 17 + 30
    for number, file in enumerate(files):
        good = file.read_bytes()
        for place in range(number % 7, len(good), 7):
            file.write_bytes(good[:place] + bytes([good[place] ^ 1 << place % 8]) + good[place + 1 :])
            verdict = await verify_log(FolderSource(folder), verifiers)
            assert verdict.indication is Indication.FAILED, (file, place)
        file.write_bytes(good)
    assert (await verify_log(FolderSource(folder), verifiers)).holds


def test_flipped_byte_of_the_key_verifies_nothing(tmp_path: Path) -> None:
    good = (FOREIGN / "vkey").read_bytes()
    for place in range(len(good.strip())):
        spoilt = tmp_path / "vkey"
        spoilt.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert pouch("verify", "--dir", str(FOREIGN), "--vkey", str(spoilt)).exit_code in {1, 3}


def test_exit_codes_and_the_first_bad_thing(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    shutil.copytree(FOREIGN, folder)
    bundle = folder / "tile/entries/000.p/15"
    bundle.write_bytes(bundle.read_bytes().replace(b"five", b"Five"))
    result = pouch("verify", "--dir", str(folder), "--vkey", VKEY)
    assert result.exit_code == 1
    assert "tile/entries/000.p/5 its entry 4 is another" in result.stderr
    (folder / "checkpoint").unlink()
    result = pouch("verify", "--dir", str(folder), "--vkey", VKEY)
    assert (result.exit_code, result.stderr) == (3, "pouch: CANNOT TELL: checkpoint is not there\n")
    assert pouch("verify", "--dir", str(folder)).exit_code == 2
    assert pouch("verify", "--vkey", VKEY).exit_code == 2


def test_our_tree_over_the_foreign_entries_has_the_foreign_roots_and_tiles() -> None:
    frontier = merkle.Frontier()
    for size, entry in enumerate(entries(), 1):
        frontier.append(merkle.leaf_hash(entry))
        head = parse_checkpoint(parse_note((FOREIGN / f"checkpoint.{size}").read_bytes()).text)
        assert (head.size, head.root) == (size, frontier.root())
        [tile] = tiles_of(size)
        leaves = [merkle.leaf_hash(one) for one in entries()[:size]]
        assert (FOREIGN / tile.path).read_bytes() == b"".join(leaves)
        bundle = Tile(-1, 0, size).path
        assert (FOREIGN / bundle).read_bytes() == render_bundle(entries()[:size])


# Our log before other people's verifiers.

KEY = generate_note_key("gateway.example/ledger")
ENTRIES = [b'\x01{"at":"2026-11-22T09:00:00Z","id":"%d"}' % number for number in range(300)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]
SIZES = (1, 2, 3, 7, 8, 255, 256, 257, 300)


def read_hash(level: int, index: int) -> bytes:
    return merkle.root_of(LEAVES[index << level : (index + 1) << level])


def our_checkpoint(size: int) -> bytes:
    head = Checkpoint(origin=KEY.name, size=size, root=merkle.root_of(LEAVES[:size]))
    return sign_note(render_checkpoint(head), [KEY])


def test_pymerkle_finds_our_roots_and_proofs() -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in ENTRIES:
        tree.append_entry(entry)
    for size in SIZES:
        assert tree.get_root(size) == merkle.root_of(LEAVES[:size])
        for index in {0, size // 2, size - 1}:
            theirs = tree.prove_inclusion(index + 1, size)
            assert theirs.path == [LEAVES[index], *merkle.inclusion_path(index, size, read_hash)]
            pymerkle.verify_inclusion(LEAVES[index], merkle.root_of(LEAVES[:size]), theirs)


def test_sigstore_reads_our_checkpoints_and_believes_our_proofs() -> None:
    for size in SIZES:
        theirs = SignedCheckpoint.from_text(our_checkpoint(size).decode()).checkpoint
        assert (theirs.origin, theirs.log_size, theirs.other_content) == (KEY.name, size, [])
        for index in {0, size // 2, size - 1}:
            proof = SimpleNamespace(
                log_index=index,
                tree_size=size,
                hashes=merkle.inclusion_path(index, size, read_hash),
                root_hash=bytes.fromhex(theirs.log_hash),
            )
            inner = SimpleNamespace(inclusion_proof=proof, canonicalized_body=ENTRIES[index])
            verify_merkle_inclusion(SimpleNamespace(_inner=inner))
            inner.canonicalized_body = b"another"
            with pytest.raises(VerificationError):
                verify_merkle_inclusion(SimpleNamespace(_inner=inner))


@pytest.mark.parametrize("whose", ["ours", "the foreign log's"])
def test_sigstore_believes_the_signatures_that_we_believe(whose: str) -> None:
    note = our_checkpoint(300) if whose == "ours" else (FOREIGN / "checkpoint").read_bytes()
    verifier = KEY.verifier if whose == "ours" else parse_vkey((FOREIGN / "vkey").read_text())
    verify_note(note, [verifier])
    spki = verifier.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    public = v1.PublicKey(raw_bytes=base64.b64encode(spki), key_details=v1.PublicKeyDetails.PKIX_ED25519)
    ring: Any = Keyring([public])
    assert [Key(public).key] == [verifier.public_key]
    theirs = SignedCheckpoint.from_text(note.decode()).signed_note
    assert theirs.note == parse_note(note).text
    theirs.verify(ring, verifier.key_id)
    changed = SignedCheckpoint.from_text("x" + note.decode()).signed_note
    with pytest.raises(VerificationError):
        changed.verify(ring, verifier.key_id)
