"""The ledger in a dossier: the entries of an exchange, their proofs, and the checkpoints that others vouch for.

For each entry the earliest checkpoint that a witness has cosigned and the earliest that is under a time-stamp, and for
all the newest; each entry is proved under the smallest of these that has it, and each of these begins with the one
before. So what was cosigned or stamped later holds for what was proved earlier.

Rules: what no key of ours vouches for is not handed on as if it did; what cannot be proved is listed as missing.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.app.dossier_members import JSON, PEM, TEXT, Members
from gateway.core.office import OfficeCode
from gateway.store.dossier_rows import EntryRow, HeadRow, PostgresDossiers
from gateway.store.ledger_read import PostgresLedger
from gateway.wire.dossier_contents import (
    CheckpointFiles,
    ConsistencyFile,
    Disclosed,
    EntryFiles,
    LogFiles,
    Missing,
    TimeStampFile,
)
from gateway.wire.tlog_checkpoint import parse_checkpoint, render_hash
from gateway.wire.tlog_proof import ConsistencyBody, LogProof, render_proof
from gateway.wire.tlog_tiles import MalformedLog
from pki.note_keys import MalformedNote, NoteVerifier, UnverifiedNote
from pki.notes import parse_note, verify_note

__all__ = ["LedgerAtHand", "LogEvidence", "enclose_log"]

_TIME_STAMP: Final = "application/timestamp-token"
#: Commitments whose values the dossier says: their salts are given. An applicant's address is not among them, nor the
#: digest of a message without signature unless it is shown whole.
_SAID: Final = ("payload", "decision.")
_MESSAGE: Final = "message"
_NO_KEY: Final = "none of the keys in the settings has signed it"
_NO_PLACE: Final = (
    "it is under no signed checkpoint: none is signed without ledger.keys, and one follows within seconds while the "
    "gateway runs"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerAtHand:
    """Where one office's log is read, and whose signatures are known: its own keys', its witnesses', and by name those
    of time-stamp authorities.
    """

    hosted: OfficeCode
    origin: str
    rows: PostgresDossiers
    ledger: PostgresLedger
    keys: tuple[NoteVerifier, ...]
    witnesses: tuple[NoteVerifier, ...]
    authorities: Mapping[str, tuple[x509.Certificate, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvidence:
    """The entries, what proves them, and what is missing of it."""

    entries: tuple[EntryFiles, ...]
    log: LogFiles
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """A checkpoint that a key of the log vouches for, with the lines of its witnesses below."""

    row: HeadRow
    cosignatures: bytes
    signers: tuple[NoteVerifier, ...]


async def enclose_log(
    at_hand: LedgerAtHand, entries: Sequence[EntryRow], members: Members, *, with_message: bool
) -> LogEvidence:
    """Enclose entries, proofs, checkpoints and keys. Raises LedgerDamaged, Deferred(DATABASE_UNAVAILABLE).

    `with_message`: the digests of messages without a signature may be told.
    """
    missing: list[Missing] = []
    heads = await _heads(at_hand, sorted(entry.seq for entry in entries if entry.seq is not None), missing)
    files = [
        await _enclose_entry(at_hand, entry, heads, members, missing, with_message=with_message) for entry in entries
    ]
    origin = parse_checkpoint(parse_note(heads[-1].row.note).text).origin if heads else at_hand.origin
    keys = {verifier.vkey: None for head in heads for verifier in head.signers} or {
        verifier.vkey: None for verifier in at_hand.keys
    }
    witnesses = {verifier.vkey: None for head in heads for verifier in _cosigners(at_hand, head)}
    log = LogFiles(
        origin=origin,
        verifier_keys=members.add("ledger/log.vkey", _lines(keys), TEXT, "verifier keys of the log"),
        checkpoints=tuple([await _enclose_head(at_hand, head, members) for head in heads]),
        consistency=tuple([await _enclose_step(at_hand, old, new, members) for old, new in pairwise(heads)]),
        witness_keys=members.add("ledger/witnesses.vkey", _lines(witnesses), TEXT, "verifier keys of the witnesses")
        if witnesses
        else None,
    )
    return LogEvidence(entries=tuple(files), log=log, missing=tuple(missing))


async def _heads(at_hand: LedgerAtHand, places: list[int], missing: list[Missing]) -> list[_Head]:
    """The checkpoints to enclose, each size once, smallest first."""
    newest = await at_hand.rows.newest_head(at_hand.hosted)
    if newest is None or newest.size == 0:
        return []
    chosen = [newest]
    chosen += await _earliest(at_hand.rows.earliest_cosigned, at_hand.hosted, places)
    chosen += await _earliest(at_hand.rows.earliest_stamped, at_hand.hosted, places)
    by_size: dict[int, list[HeadRow]] = {}
    for row in {row.number: row for row in chosen}.values():
        by_size.setdefault(row.size, []).append(row)
    heads = []
    for size, rows in sorted(by_size.items()):
        stamped = [row for row in rows if await at_hand.rows.time_stamps(at_hand.hosted, row.number)]
        row = (stamped or rows)[0]
        if signers := _signers(row.note, at_hand.keys):
            heads.append(_Head(row=row, cosignatures=await _lines_under(at_hand, rows), signers=signers))
        else:
            missing.append(Missing(what=f"the checkpoint of {size} entries", why=_NO_KEY))
    return heads


async def _lines_under(at_hand: LedgerAtHand, rows: Sequence[HeadRow]) -> bytes:
    """One line of each witness: a cosignature is over origin, size and root, whichever note it came under."""
    lines: dict[str, str] = {}
    for row in rows:
        for cosignature in await at_hand.rows.cosignatures(at_hand.hosted, row.number):
            lines.setdefault(cosignature.witness, cosignature.line)
    return "".join(f"{line}\n" for line in lines.values()).encode()


async def _earliest(
    find: Callable[[OfficeCode, int], Awaitable[HeadRow | None]], hosted: OfficeCode, places: list[int]
) -> list[HeadRow]:
    """The earliest such checkpoints that together cover all places that any covers."""
    found, covered = [], 0
    for place in places:
        if place < covered:
            continue
        if (head := await find(hosted, place)) is None:
            break
        found.append(head)
        covered = head.size
    return found


def _signers(note: bytes, keys: Sequence[NoteVerifier]) -> tuple[NoteVerifier, ...]:
    """The keys that have signed a checkpoint, under the name that its log had then; none if none has."""
    try:
        origin = parse_checkpoint(parse_note(note).text).origin
        known = [NoteVerifier(name=origin, public_key=key.public_key) for key in keys]
        return tuple(signer.verifier for signer in verify_note(note, known).signers)
    except (MalformedNote, MalformedLog, UnverifiedNote):
        return ()


def _cosigners(at_hand: LedgerAtHand, head: _Head) -> list[NoteVerifier]:
    if not head.cosignatures:
        return []
    try:
        return [signer.verifier for signer in verify_note(_cosigned(head), at_hand.witnesses).signers]
    except (MalformedNote, UnverifiedNote):  # a witness of former settings, whose key is not at hand
        return []


def _cosigned(head: _Head) -> bytes:
    return head.row.note + head.cosignatures


async def _enclose_entry(
    at_hand: LedgerAtHand,
    entry: EntryRow,
    heads: Sequence[_Head],
    members: Members,
    missing: list[Missing],
    *,
    with_message: bool,
) -> EntryFiles:
    place = entry.seq
    head = None if place is None else next((head for head in heads if head.row.size > place), None)
    leaf = members.add(
        f"ledger/entries/{entry.entry_id}.leaf", entry.leaf, "application/octet-stream", f"ledger entry: {entry.step}"
    )
    proof = size = None
    if place is None or head is None:
        missing.append(Missing(what=f"the proof of entry {entry.entry_id}", why=_NO_PLACE))
    else:
        size = head.row.size
        path = await at_hand.ledger.inclusion(at_hand.hosted, place, size)
        proof = members.add(
            f"ledger/entries/{entry.entry_id}.tlog-proof",
            render_proof(LogProof(index=place, proof=tuple(path), checkpoint=_cosigned(head))),
            TEXT,
            f"proof that entry {entry.entry_id} is at {place} of the log",
        )
    said = [name for name in sorted(entry.salts) if name.startswith(_SAID) or (name == _MESSAGE and with_message)]
    return EntryFiles(
        entry_id=entry.entry_id,
        step=entry.step,
        at=entry.at,
        leaf=leaf,
        seq=place,
        size=size,
        proof=proof,
        disclosed=tuple(Disclosed(name=name, salt=entry.salts[name].hex()) for name in said),
    )


async def _enclose_head(at_hand: LedgerAtHand, head: _Head, members: Members) -> CheckpointFiles:
    size = head.row.size
    name = f"ledger/checkpoints/{size}"
    note = members.add(f"{name}.note", head.row.note, TEXT, f"checkpoint of {size} entries, as the log signed it")
    cosignatures = None
    if head.cosignatures:
        what = f"signature lines of witnesses under the checkpoint of {size} entries"
        cosignatures = members.add(f"{name}.cosignatures", head.cosignatures, TEXT, what)
    stamps = []
    for number, stamp in enumerate(await at_hand.rows.time_stamps(at_hand.hosted, head.row.number), 1):
        what = f"time-stamp (RFC 3161) over the checkpoint of {size} entries"
        token = members.add(f"{name}.{number}.tst", stamp.token, _TIME_STAMP, what)
        known = _enclose_authority(at_hand, stamp.authority, members)
        stamps.append(TimeStampFile(authority=stamp.authority, token=token, at=stamp.at, certificates=known))
    return CheckpointFiles(
        size=size, note=note, signed_at=head.row.created_at, cosignatures=cosignatures, time_stamps=tuple(stamps)
    )


def _enclose_authority(at_hand: LedgerAtHand, name: str, members: Members) -> str | None:
    """The certificates that the office believes of this authority, each authority's once."""
    certificates = at_hand.authorities.get(name)
    if not certificates:
        return None
    member = f"ledger/authorities/{name}.pem"
    if member not in members:
        pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
        members.add(member, pem, PEM, f"certificates of time-stamp authority {name}")
    return member


async def _enclose_step(at_hand: LedgerAtHand, old: _Head, new: _Head, members: Members) -> ConsistencyFile:
    before, after = old.row, new.row
    path = await at_hand.ledger.consistency(at_hand.hosted, before.size, after.size)
    body = ConsistencyBody(
        old_size=before.size,
        new_size=after.size,
        old_root_hash=render_hash(before.root),
        new_root_hash=render_hash(after.root),
        proof=[render_hash(digest) for digest in path],
    )
    name = members.add(
        f"ledger/consistency/{before.size}-{after.size}.json",
        msgspec.json.encode(body),
        JSON,
        f"proof that the log of {after.size} entries begins with that of {before.size}",
    )
    return ConsistencyFile(old_size=before.size, new_size=after.size, proof=name)


def _lines(keys: dict[str, None]) -> bytes:
    return "".join(f"{key}\n" for key in keys).encode()
