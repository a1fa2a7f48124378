"""Proofs in files, checked with no log at hand: `.tlog-proof`, our JSON bodies, and the field's JSON test vectors.

Rules:
- A proof is verified against a signed checkpoint where it brings one and a key is given; else only its arithmetic is,
  and the verdict says so.
- What a file calls itself decides its form; members that a form does not know are passed over in vectors only.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.core.merkle import verify_consistency, verify_inclusion
from gateway.evidence.checkpoints import believe_checkpoint
from gateway.evidence.findings import CannotTell, EvidenceVerdict, Tampered, verdict_of
from gateway.wire.tlog_checkpoint import Checkpoint, parse_hash
from gateway.wire.tlog_proof import ConsistencyBody, InclusionBody, parse_proof
from gateway.wire.tlog_tiles import MalformedLog
from pki.note_keys import NoteVerifier
from pki.verdict import Indication

__all__ = ["PROOF_FILE_LIMIT", "verify_proof"]

#: Bytes of a proof file of any form: two checkpoints with all the signatures they can have, and more.
PROOF_FILE_LIMIT: Final = 2 * 1024 * 1024

_TLOG_PROOF: Final = b"c2sp.org/tlog-proof@"
_ARITHMETIC: Final = "the proof holds for the root it names; no signed checkpoint was verified"

_Digests = list[bytes] | None


class _InclusionVector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file of transparency-dev/merkle, testdata/inclusion; bytes are standard base64."""

    leaf_idx: int
    tree_size: int
    root: bytes
    leaf_hash: bytes
    proof: _Digests


class _ConsistencyVector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file of transparency-dev/merkle, testdata/consistency."""

    size1: int
    size2: int
    root1: bytes
    root2: bytes
    proof: _Digests


def verify_proof(
    content: bytes,
    *,
    verifiers: Sequence[NoteVerifier] = (),
    leaf_hash: bytes | None = None,
    origin: str | None = None,
) -> EvidenceVerdict:
    """Verify a proof file's bytes. `leaf_hash` is that of the entry it should be about; a .tlog-proof needs it.

    Never raises for what the file contains.
    """
    try:
        if len(content) > PROOF_FILE_LIMIT:
            raise CannotTell("proof", f"has more than {PROOF_FILE_LIMIT} bytes")
        if content.startswith(_TLOG_PROOF):
            return _verify_tlog_proof(content, verifiers, leaf_hash, origin)
        return _verify_json(content, verifiers, leaf_hash, origin)
    except MalformedLog as error:
        return verdict_of(Tampered("proof", str(error)))
    except (Tampered, CannotTell) as finding:
        return verdict_of(finding)


def _verify_tlog_proof(
    content: bytes, verifiers: Sequence[NoteVerifier], leaf_hash: bytes | None, origin: str | None
) -> EvidenceVerdict:
    if not verifiers:
        raise CannotTell("proof", "needs the log's verifier key, since it rests on a signed checkpoint")
    if leaf_hash is None:
        raise CannotTell("proof", "needs the entry it is about, or the entry's leaf hash")
    proof = parse_proof(content)
    checkpoint = believe_checkpoint(proof.checkpoint, verifiers, "checkpoint of the proof", origin=origin)
    if not verify_inclusion(leaf_hash, proof.index, checkpoint.size, proof.proof, checkpoint.root):
        raise Tampered("proof", f"does not show this entry at {proof.index} of the log")
    return _holds(f"the entry is at {proof.index} of the log", checkpoint)


def _verify_json(
    content: bytes, verifiers: Sequence[NoteVerifier], leaf_hash: bytes | None, origin: str | None
) -> EvidenceVerdict:
    try:
        members = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Tampered("proof", "is neither JSON nor a .tlog-proof") from None
    forms = {
        "leafIdx": _InclusionVector,
        "size1": _ConsistencyVector,
        "leafIndex": InclusionBody,
        "oldSize": ConsistencyBody,
    }
    form = next((form for name, form in forms.items() if name in members), None)
    if form is None:
        raise Tampered("proof", "is JSON, and no proof that is known here")
    try:
        proof = msgspec.json.decode(content, type=form)
    except msgspec.ValidationError:
        raise Tampered("proof", "lacks a member, or has one of another kind than it must be") from None
    if isinstance(proof, InclusionBody):
        return _verify_inclusion_body(proof, verifiers, leaf_hash, origin)
    if isinstance(proof, ConsistencyBody):
        return _verify_consistency_body(proof, verifiers, origin)
    if isinstance(proof, _InclusionVector):
        _must(leaf_hash in {None, proof.leaf_hash}, "is about another entry")
        digests = proof.proof or []
        held = verify_inclusion(proof.leaf_hash, proof.leaf_idx, proof.tree_size, digests, proof.root)
    else:
        held = verify_consistency(proof.size1, proof.size2, proof.proof or [], proof.root1, proof.root2)
    _must(held, "does not hold")
    return _holds(_ARITHMETIC, None)


def _verify_inclusion_body(
    body: InclusionBody, verifiers: Sequence[NoteVerifier], leaf_hash: bytes | None, origin: str | None
) -> EvidenceVerdict:
    leaf, root = parse_hash(body.leaf_hash), parse_hash(body.root_hash)
    _must(leaf_hash in {None, leaf}, "is about another entry")
    digests = [parse_hash(digest) for digest in body.proof]
    _must(verify_inclusion(leaf, body.leaf_index, body.tree_size, digests, root), "does not hold")
    head = _believe(body.checkpoint, body.tree_size, root, verifiers, origin)
    return _holds(_ARITHMETIC if head is None else f"the entry is at {body.leaf_index} of the log", head)


def _verify_consistency_body(
    body: ConsistencyBody, verifiers: Sequence[NoteVerifier], origin: str | None
) -> EvidenceVerdict:
    old, new = parse_hash(body.old_root_hash), parse_hash(body.new_root_hash)
    digests = [parse_hash(digest) for digest in body.proof]
    _must(verify_consistency(body.old_size, body.new_size, digests, old, new), "does not hold")
    before = _believe(body.old_checkpoint, body.old_size, old, verifiers, origin)
    after = _believe(body.new_checkpoint, body.new_size, new, verifiers, origin)
    if before is None or after is None:
        return _holds(_ARITHMETIC, None)
    _must(before.origin == after.origin, "joins the checkpoints of two logs")
    return _holds(f"the log of {body.new_size} entries begins with that of {body.old_size}", after)


def _believe(
    note: str | None, size: int, root: bytes, verifiers: Sequence[NoteVerifier], origin: str | None
) -> Checkpoint | None:
    """Verify the checkpoint that a proof brings; None if no key was given, CannotTell if there is none to verify."""
    if not verifiers:
        return None
    if note is None:
        raise CannotTell("proof", "brings no signed checkpoint that the verifier key could be tried on")
    checkpoint = believe_checkpoint(note.encode("utf-8"), verifiers, "checkpoint of the proof", origin=origin)
    _must((checkpoint.size, checkpoint.root) == (size, root), "is for another tree than its checkpoint")
    return checkpoint


def _must(held: bool, otherwise: str) -> None:
    if not held:
        raise Tampered("proof", otherwise)


def _holds(explanation: str, head: Checkpoint | None) -> EvidenceVerdict:
    return EvidenceVerdict(
        indication=Indication.PASSED,
        explanation=explanation,
        origin=None if head is None else head.origin,
        size=None if head is None else head.size,
        root=None if head is None else head.root,
    )
