"""The log's part of a dossier: entries in checkpoints, checkpoints in each other, and who else vouches for them when.

Rules: what a witness or an authority says of a checkpoint holds for every entry of it, and through the proofs between
checkpoints for every entry of an earlier one. Times are theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import msgspec
from cryptography import x509

from gateway.core.commitment import PREFIX, opens
from gateway.core.instant import rfc3339
from gateway.core.merkle import leaf_hash, verify_consistency, verify_inclusion
from gateway.evidence.checkpoints import believe_checkpoint
from gateway.evidence.dossier_file import OpenDossier
from gateway.evidence.dossier_trust import Trust
from gateway.evidence.dossier_verdict import Found
from gateway.evidence.findings import CannotTell, Tampered
from gateway.wire.dossier_contents import CheckpointFiles, EntryFiles, TimeStampFile
from gateway.wire.tlog_checkpoint import Checkpoint, parse_hash
from gateway.wire.tlog_proof import ConsistencyBody, parse_proof
from gateway.wire.tlog_tiles import MalformedLog
from pki.note_keys import MalformedNote, NoteKind, NoteVerifier, UnverifiedNote, parse_vkey
from pki.notes import verify_note
from pki.timestamps import UnverifiedTimeStamp, verify_token
from pki.verdict import Indication, shown

__all__ = ["KnownEntry", "verify_log_part"]

_LEAF_VERSION: Final = b"\x01"
#: Of those who vouch for one entry, so many are told.
_VOUCHED: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """An entry whose leaf is what its hash says: the hash, and its content; `since` is what vouches for it."""

    files: EntryFiles
    leaf_hash: bytes
    content: dict[str, Any]
    since: tuple[str, ...]

    def digest(self, name: str) -> str | None:
        """One of the digests that the leaf holds, hexadecimal."""
        digests = self.content.get("digests")
        found = digests.get(name) if isinstance(digests, dict) else None
        return found if isinstance(found, str) else None

    def names(self, name: str, value: bytes) -> bool | None:
        """Whether the leaf means this value, as a digest or by a commitment; None if its salt is not at hand."""
        if (digest := self.digest(name)) is not None:
            return digest == value.hex()
        commitment = self.digest(PREFIX + name)
        if commitment is None:
            return False
        salt = next((each.salt for each in self.files.disclosed if each.name == name), None)
        return None if salt is None else opens(commitment, salt=bytes.fromhex(salt), value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """A checkpoint that holds, and its note with the lines of its witnesses."""

    checkpoint: Checkpoint
    cosigned: bytes
    #: (when, in words), of witnesses and authorities.
    vouched: tuple[tuple[datetime, str], ...]


def verify_log_part(dossier: OpenDossier, trust: Trust, found: Found) -> dict[str, KnownEntry]:
    """Verify checkpoints, proofs and leaves; gives the entries by id. What does not hold goes into `found`."""
    log = dossier.contents.log
    enclosed = _keys(dossier, log.verifier_keys)
    witnesses = _keys(dossier, log.witness_keys) if log.witness_keys else ()
    if log.checkpoints and not trust.log_keys:
        found.note("whose keys sign the log was not checked: give the verifier keys you have from the office (--vkey)")
    heads: dict[int, _Head] = {}
    for files in log.checkpoints:
        try:
            heads[files.size] = _head(dossier, files, trust.log_keys or enclosed, witnesses, trust, found)
        except (Tampered, CannotTell) as finding:
            found.take(finding)
    if not log.checkpoints:
        found.note("no checkpoint of the ledger is in it: that the entries were in the ledger rests on the seal alone")
    joined = _check_steps(dossier, heads, found)
    vouched = _vouched_from(heads, joined)
    known: dict[str, KnownEntry] = {}
    for entry in dossier.contents.entries:
        try:
            known[entry.entry_id] = _entry(dossier, entry, heads, vouched, found)
        except (Tampered, CannotTell) as finding:
            found.take(finding)
    return known


def _keys(dossier: OpenDossier, name: str) -> tuple[NoteVerifier, ...]:
    try:
        return tuple(parse_vkey(line) for line in dossier.read(name).decode("utf-8").splitlines() if line)
    except (MalformedNote, UnicodeDecodeError):
        raise Tampered(name, "holds something that is no verifier key") from None


def _head(
    dossier: OpenDossier,
    files: CheckpointFiles,
    keys: Sequence[NoteVerifier],
    witnesses: Sequence[NoteVerifier],
    trust: Trust,
    found: Found,
) -> _Head:
    note = dossier.read(files.note)
    lines = dossier.read(files.cosignatures) if files.cosignatures else b""
    checkpoint = believe_checkpoint(note, keys, files.note)
    if checkpoint.size != files.size:
        raise Tampered(files.note, f"is the checkpoint of {checkpoint.size} entries")
    vouched = _cosigned(note + lines, files, [*keys, *witnesses, *trust.witness_keys], trust, found)
    vouched += [moment for stamp in files.time_stamps if (moment := _stamped(dossier, stamp, note, trust, found))]
    about = f"checkpoint of {checkpoint.size} entries"
    found.hold(about, f"signed by the log {shown(checkpoint.origin)}", tuple(words for _, words in sorted(vouched)))
    return _Head(checkpoint=checkpoint, cosigned=note + lines, vouched=tuple(sorted(vouched)))


def _cosigned(
    content: bytes, files: CheckpointFiles, keys: Sequence[NoteVerifier], trust: Trust, found: Found
) -> list[tuple[datetime, str]]:
    place = files.cosignatures or files.note
    try:
        signers = verify_note(content, keys).signers
    except (MalformedNote, UnverifiedNote) as error:
        raise Tampered(place, str(error)) from None
    vouched = []
    for signer in signers:
        if signer.verifier.kind is NoteKind.COSIGNATURE and signer.at is not None:
            believed = signer.verifier.vkey in {key.vkey for key in trust.witness_keys}
            whose = "" if believed else " (its key is the office's word: give it by --vkey)"
            vouched.append((signer.at, f"witnessed by {shown(signer.verifier.name)} at {rfc3339(signer.at)}{whose}"))
    if files.cosignatures and not vouched:
        found.note(f"{files.cosignatures}: the keys of these witnesses are not known")
    return vouched


def _stamped(
    dossier: OpenDossier, stamp: TimeStampFile, note: bytes, trust: Trust, found: Found
) -> tuple[datetime, str] | None:
    """When the authority stamped the note, or None if nothing says that it is to be believed."""
    token = dossier.read(stamp.token)
    enclosed = _certificates(dossier, stamp.certificates) if stamp.certificates else ()
    refusal = ""
    for roots, whose in (
        (trust.certificates, ""),
        (enclosed, " (its certificates are the office's word: give its root by --trust)"),
    ):
        if not roots:
            continue
        try:
            moment = verify_token(token, note, roots=roots, at=None).gen_time
        except UnverifiedTimeStamp as error:
            refusal = str(error)
            if error.sub_indication.indication is Indication.FAILED:
                raise Tampered(stamp.token, refusal) from None
        else:
            return moment, f"stamped by {shown(stamp.authority)} at {rfc3339(moment)}{whose}"
    found.note(f"{stamp.token}: {refusal or 'no certificate of its authority is known'}; it proves nothing here")
    return None


def _certificates(dossier: OpenDossier, name: str) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(dossier.read(name)))
    except ValueError:
        raise Tampered(name, "holds no certificates") from None


def _vouched_from(heads: dict[int, _Head], joined: set[int]) -> dict[int, tuple[str, ...]]:
    """By size what vouches for all entries of a checkpoint, the earliest first: its own, and that of all it is in."""
    vouched: dict[int, tuple[str, ...]] = {}
    later: list[tuple[datetime, str]] = []
    for size in sorted(heads, reverse=True):
        if size not in joined:
            later = []
        later = sorted([*heads[size].vouched, *later])[:_VOUCHED]
        vouched[size] = tuple(words for _, words in later)
    return vouched


def _check_steps(dossier: OpenDossier, heads: dict[int, _Head], found: Found) -> set[int]:
    """Each checkpoint begins with the one before it; gives the sizes of those that are proved to lie in the next.

    Without that, later witnesses say nothing of earlier proofs.
    """
    joined: set[int] = set()
    proofs = {(step.old_size, step.new_size): step.proof for step in dossier.contents.log.consistency}
    for old, new in pairwise(sorted(heads)):
        name = proofs.pop((old, new), None)
        if name is None:
            found.take(CannotTell(f"checkpoint of {new} entries", f"is not joined to that of {old} by a proof"))
            continue
        try:
            _check_step(dossier, name, heads[old].checkpoint, heads[new].checkpoint)
            joined.add(old)
        except Tampered as finding:
            found.take(finding)
        if heads[old].checkpoint.origin != heads[new].checkpoint.origin:
            found.note("the log goes on under another name: it was begun anew after a loss, and its entries say so")
    for name in proofs.values():
        found.take(Tampered(name, "joins checkpoints that are not in the dossier"))
    return joined


def _check_step(dossier: OpenDossier, name: str, old: Checkpoint, new: Checkpoint) -> None:
    try:
        body = msgspec.json.decode(dossier.read(name), type=ConsistencyBody)
        roots = (parse_hash(body.old_root_hash), parse_hash(body.new_root_hash))
        digests = [parse_hash(digest) for digest in body.proof]
    except (msgspec.DecodeError, UnicodeDecodeError, MalformedLog):
        raise Tampered(name, "is no consistency proof") from None
    fits = (body.old_size, body.new_size, *roots) == (old.size, new.size, old.root, new.root)
    if not fits or not verify_consistency(old.size, new.size, digests, old.root, new.root):
        raise Tampered(name, f"does not show that the log of {new.size} entries begins with that of {old.size}")


def _entry(
    dossier: OpenDossier,
    entry: EntryFiles,
    heads: dict[int, _Head],
    vouched: dict[int, tuple[str, ...]],
    found: Found,
) -> KnownEntry:
    leaf = dossier.read(entry.leaf)
    content = _leaf_content(leaf, entry, dossier)
    hashed = leaf_hash(leaf)
    about = f"entry {entry.step} of {rfc3339(entry.at)} by the office's clock"
    if entry.proof is None or entry.size is None:
        found.note(f"{about} is under no signed checkpoint yet")
        return KnownEntry(files=entry, leaf_hash=hashed, content=content, since=())
    head = heads.get(entry.size)
    if head is None:
        raise CannotTell(entry.proof, f"is about the checkpoint of {entry.size} entries, which does not hold")
    _check_proof(dossier.read(entry.proof), entry, head, hashed)
    since = vouched[entry.size]
    found.hold(about, f"is at {entry.seq} of the log as of the checkpoint of {entry.size} entries", since)
    return KnownEntry(files=entry, leaf_hash=hashed, content=content, since=since)


def _check_proof(content: bytes, entry: EntryFiles, head: _Head, hashed: bytes) -> None:
    place = entry.proof or ""
    try:
        proof = parse_proof(content)
    except MalformedLog as error:
        raise Tampered(place, str(error)) from None
    if proof.checkpoint != head.cosigned or proof.index != entry.seq:
        raise Tampered(place, "is about another place or another checkpoint than the dossier says")
    if not verify_inclusion(hashed, proof.index, head.checkpoint.size, proof.proof, head.checkpoint.root):
        raise Tampered(place, "does not show this entry at its place in the log")


def _leaf_content(leaf: bytes, entry: EntryFiles, dossier: OpenDossier) -> dict[str, Any]:
    """What the leaf says, which must be what the dossier says of it."""
    try:
        content = msgspec.json.decode(leaf.removeprefix(_LEAF_VERSION), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Tampered(entry.leaf, "is not a leaf of this ledger") from None
    exchange = dossier.contents.exchange
    said = tuple(content.get(name) for name in ("id", "kind", "at", "office", "exchange"))
    if said != (entry.entry_id, entry.step, rfc3339(entry.at), exchange.office, exchange.exchange_id):
        raise Tampered(entry.leaf, "is the leaf of another entry than the dossier says")
    return content
