"""Checkpoints read and believed: signed by the known key, of the log they should be of, and consistent in time."""

from collections.abc import Sequence
from typing import Final

from gateway.core.merkle import EMPTY_ROOT, verify_consistency
from gateway.evidence.findings import CannotTell, Tampered
from gateway.evidence.sources import LogSource
from gateway.wire.tlog_checkpoint import CHECKPOINT_LIMIT, Checkpoint, parse_checkpoint
from gateway.wire.tlog_tiles import MalformedLog
from pki.note_keys import MalformedNote, NoteVerifier, UnverifiedNote
from pki.notes import verify_note
from pki.verdict import shown

__all__ = ["are_consistent", "believe_checkpoint", "read_checkpoint", "read_earlier"]

#: Earlier checkpoints that are checked in one go; each takes some 200 bytes.
_EARLIER_LIMIT: Final = 200_000


def believe_checkpoint(
    content: bytes, verifiers: Sequence[NoteVerifier], place: str, *, origin: str | None = None
) -> Checkpoint:
    """Verify a signed checkpoint's bytes; Tampered, naming `place`, unless one of the keys has signed it.

    The log is that of `origin`, or else that which one of the keys is named after (tlog-checkpoint, Signatures).
    """
    try:
        note = verify_note(content, verifiers)
        checkpoint = parse_checkpoint(note.text)
    except (MalformedNote, MalformedLog, UnverifiedNote) as error:
        raise Tampered(place, str(error)) from None
    expected = {signer.verifier.name for signer in note.signers} if origin is None else {origin}
    if checkpoint.origin not in expected:
        raise Tampered(place, f"is a checkpoint of another log, {shown(checkpoint.origin)}")
    return checkpoint


async def read_checkpoint(
    source: LogSource, verifiers: Sequence[NoteVerifier], *, origin: str | None = None
) -> Checkpoint:
    """Read and verify the log's newest checkpoint; CannotTell if there is none."""
    content = await source.read("checkpoint", CHECKPOINT_LIMIT)
    if content is None:
        raise CannotTell("checkpoint", "is not there")
    return believe_checkpoint(content, verifiers, "checkpoint", origin=origin)


async def read_earlier(
    source: LogSource, verifiers: Sequence[NoteVerifier], origin: str
) -> list[tuple[str, Checkpoint]]:
    """Read and verify the checkpoints that are kept as checkpoint.SIZE, smallest first; each has the size it names."""
    listed = await source.checkpoints()
    if len(listed) > _EARLIER_LIMIT:
        raise CannotTell("checkpoint.*", f"are more than {_EARLIER_LIMIT}")
    found = []
    for path, size in listed:
        content = await source.read(path, CHECKPOINT_LIMIT)
        if content is None:
            raise CannotTell(path, "has gone while the log was read")
        checkpoint = believe_checkpoint(content, verifiers, path, origin=origin)
        if checkpoint.size != size:
            raise Tampered(path, f"is the checkpoint of size {checkpoint.size}")
        found.append((path, checkpoint))
    return found


def are_consistent(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the newer head only added leaves; every log begins with the empty one."""
    if old.origin != new.origin:
        return False
    if old.size == 0:
        return not proof and old.root == EMPTY_ROOT and (new.size > 0 or new.root == EMPTY_ROOT)
    return verify_consistency(old.size, new.size, proof, old.root, new.root)
