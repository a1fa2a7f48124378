"""Proofs made from tiles hold; changed, or about something else, they do not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from evidence_logs import KEY, leaves_of, signed, tree_hash

from gateway.core.merkle import leaf_hash
from gateway.evidence.checkpoints import are_consistent, believe_checkpoint
from gateway.evidence.findings import CannotTell, Tampered
from gateway.evidence.proofs import PROOF_FILE_LIMIT, verify_proof
from gateway.evidence.proving import prove_consistency, prove_entry
from gateway.evidence.sources import FolderSource
from gateway.wire.tlog_checkpoint import Checkpoint, render_hash
from gateway.wire.tlog_proof import ConsistencyBody, InclusionBody, render_proof
from pki.note_keys import generate_note_key
from pki.verdict import Indication

Writes = Callable[..., Path]

ENTRIES = [b"entry %d" % number for number in range(600)]
KEYS = [KEY.verifier]


def head(size: int) -> Checkpoint:
    return believe_checkpoint(signed(ENTRIES[:size]), KEYS, "checkpoint")


def told(content: bytes, **asked: Any) -> tuple[Indication, str]:
    verdict = verify_proof(content, **asked)
    return verdict.indication, verdict.explanation


@pytest.mark.parametrize("index", [0, 255, 256, 511, 512, 599])
async def test_proof_file_holds_for_its_entry_and_no_other(write_log: Writes, index: int) -> None:
    proof, leaf = await prove_entry(FolderSource(write_log(ENTRIES)), KEYS, index)
    content = render_proof(proof)
    assert leaf == leaf_hash(ENTRIES[index])
    verdict = verify_proof(content, verifiers=KEYS, leaf_hash=leaf)
    assert (verdict.indication, verdict.size, verdict.origin) == (Indication.PASSED, 600, KEY.name)
    assert told(content, verifiers=KEYS, leaf_hash=leaf_hash(b"another"))[0] is Indication.FAILED
    moved = content.replace(b"index %d" % index, b"index %d" % (index ^ 1))
    assert told(moved, verifiers=KEYS, leaf_hash=leaf)[0] is Indication.FAILED
    other = [generate_note_key(KEY.name).verifier]
    assert told(content, verifiers=other, leaf_hash=leaf)[0] is Indication.FAILED


async def test_proof_file_alone_tells_nothing(write_log: Writes) -> None:
    proof, leaf = await prove_entry(FolderSource(write_log(ENTRIES[:3])), KEYS, 1)
    content = render_proof(proof)
    assert told(content, leaf_hash=leaf)[0] is Indication.INDETERMINATE
    assert told(content, verifiers=KEYS)[0] is Indication.INDETERMINATE
    assert told(bytes(PROOF_FILE_LIMIT + 1))[0] is Indication.INDETERMINATE


async def test_no_proof_is_made_of_what_is_not_there(write_log: Writes) -> None:
    folder = write_log(ENTRIES)
    with pytest.raises(CannotTell, match="entry 600: is not in the log"):
        await prove_entry(FolderSource(folder), KEYS, 600)
    (folder / "tile/0/001").unlink()
    with pytest.raises(CannotTell, match="tile/0/001: is not there"):
        await prove_entry(FolderSource(folder), KEYS, 300)
    (folder / "checkpoint").unlink()
    with pytest.raises(CannotTell, match="checkpoint: is not there"):
        await prove_entry(FolderSource(folder), KEYS, 0)


async def test_no_proof_is_made_from_tiles_of_another_tree(write_log: Writes) -> None:
    folder = write_log(ENTRIES)
    file = folder / "tile/0/000"
    file.write_bytes(bytes(32) + file.read_bytes()[32:])
    with pytest.raises(Tampered, match="cannot be proved"):
        await prove_entry(FolderSource(folder), KEYS, 7)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (1, 1), (1, 600), (256, 257), (255, 600), (512, 512)])
async def test_log_that_has_only_grown_is_consistent(write_log: Writes, old: int, new: int) -> None:
    folder = write_log(ENTRIES, also=(new,))
    path = await prove_consistency(FolderSource(folder), head(old), head(new))
    assert are_consistent(head(old), head(new), path)


async def test_forks_and_steps_back_are_not_consistent(write_log: Writes) -> None:
    source = FolderSource(write_log(ENTRIES))
    forked = Checkpoint(origin=KEY.name, size=300, root=tree_hash(leaves_of([b"other", *ENTRIES[1:300]])))
    with pytest.raises(Tampered, match="does not begin with that of size 300"):
        await prove_consistency(source, forked, head(600))
    with pytest.raises(CannotTell, match="is not the older"):
        await prove_consistency(source, head(600), head(300))
    elsewhere = Checkpoint(origin="log.example/xb", size=600, root=head(600).root)
    assert not are_consistent(head(600), elsewhere, [])
    assert not are_consistent(Checkpoint(origin=KEY.name, size=0, root=bytes(32)), head(1), [])
    assert not are_consistent(head(0), head(1), [bytes(32)])


def inclusion(**changes: Any) -> bytes:
    """The proof that entry 0 is in the tree of two."""
    first, second = leaves_of(ENTRIES[:2])
    body = InclusionBody(
        leaf_index=0,
        tree_size=2,
        leaf_hash=render_hash(first),
        root_hash=render_hash(tree_hash([first, second])),
        proof=[render_hash(second)],
        checkpoint=signed(ENTRIES[:2]).decode(),
    )
    return msgspec.json.encode(msgspec.to_builtins(body) | changes)


def consistency(**changes: Any) -> bytes:
    """The proof that the tree of two begins with that of one."""
    body = ConsistencyBody(
        old_size=1,
        new_size=2,
        old_root_hash=render_hash(head(1).root),
        new_root_hash=render_hash(head(2).root),
        proof=[render_hash(leaf_hash(ENTRIES[1]))],
        old_checkpoint=signed(ENTRIES[:1]).decode(),
        new_checkpoint=signed(ENTRIES[:2]).decode(),
    )
    return msgspec.json.encode(msgspec.to_builtins(body) | changes)


@pytest.mark.parametrize("make", [inclusion, consistency])
def test_body_of_a_proof_address_is_verified_as_far_as_asked(make: Callable[..., bytes]) -> None:
    verdict = verify_proof(make(), verifiers=KEYS)
    assert (verdict.indication, verdict.size, verdict.root) == (Indication.PASSED, 2, head(2).root)
    unasked = verify_proof(make())
    assert (unasked.indication, unasked.size) == (Indication.PASSED, None)
    assert "no signed checkpoint was verified" in unasked.explanation


@pytest.mark.parametrize(
    "content",
    [
        inclusion(leafIndex=1),
        inclusion(treeSize=3),
        inclusion(proof=[]),
        inclusion(proof=["AAAA"]),
        inclusion(checkpoint=signed(ENTRIES[:3]).decode()),
        inclusion(checkpoint=signed(ENTRIES[:2], generate_note_key("log.example/xb")).decode()),
        inclusion(extra=1),
        consistency(oldSize=2),
        consistency(proof=[]),
        consistency(oldCheckpoint=signed(ENTRIES[1:2]).decode()),
        consistency(newCheckpoint="not a note"),
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"size1": 1}',
        b'{"leafIdx": "0"}',
        json.dumps({"leafIdx": 0, "treeSize": 10**400, "root": "", "leafHash": "", "proof": None}).encode(),
    ],
)
def test_changed_bodies_do_not_hold(content: bytes) -> None:
    assert told(content, verifiers=KEYS)[0] is Indication.FAILED


def test_body_without_the_checkpoint_that_was_asked_for_tells_nothing() -> None:
    assert told(inclusion(checkpoint=None), verifiers=KEYS)[0] is Indication.INDETERMINATE
    assert told(consistency(oldCheckpoint=None), verifiers=KEYS)[0] is Indication.INDETERMINATE


def test_body_about_another_entry_than_asked_does_not_hold() -> None:
    assert told(inclusion(), leaf_hash=leaf_hash(ENTRIES[0]))[0] is Indication.PASSED
    assert told(inclusion(), leaf_hash=leaf_hash(ENTRIES[1])) == (Indication.FAILED, "is about another entry")


def test_checkpoints_of_two_logs_are_not_joined() -> None:
    """Both keys are known here, as with a key that changed its name."""
    other = generate_note_key("log.example/xb")
    content = consistency(newCheckpoint=signed(ENTRIES[:2], other, origin=other.name).decode())
    verdict = told(content, verifiers=[KEY.verifier, other.verifier])
    assert verdict == (Indication.FAILED, "joins the checkpoints of two logs")
