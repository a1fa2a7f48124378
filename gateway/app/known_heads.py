"""What is known, beside the database, to have been signed of a log: the memory in the storage folder, and exports.

Rules: a checkpoint counts for the log of its own name only; one in an export folder counts if our key has signed it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from gateway.app.log_memory import LogMemory
from gateway.core.office import OfficeCode
from gateway.wire.tlog_checkpoint import CHECKPOINT_LIMIT, Checkpoint, parse_checkpoint
from gateway.wire.tlog_tiles import MalformedLog
from pki.note_keys import MalformedNote, NoteVerifier, UnverifiedNote
from pki.notes import verify_note

__all__ = ["KnownHead", "known_heads", "newest_export"]

#: Checkpoints of one export that are looked at: one a day for a hundred years.
_MOST: Final = 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHead:
    """A signed checkpoint, its whole note, and where it was found: "memory", or "export" with the log's folder."""

    source: str
    checkpoint: Checkpoint
    note: bytes
    folder: Path = Path()


def known_heads(
    memory: LogMemory, exports: Path | None, hosted: OfficeCode, origin: str, verifiers: Sequence[NoteVerifier]
) -> list[KnownHead]:
    """What is known of the log of this name; LedgerDamaged for a memory that cannot be read. Reads files: use a thread.

    An export that cannot be read is passed over: it is somebody else's disk, and its own alarm tells it.
    """
    found = []
    if (remembered := memory.recall(hosted)) is not None:
        found.append(KnownHead(source="memory", checkpoint=remembered[0], note=remembered[1]))
    if exports is not None:
        exported = newest_export(exports, origin, verifiers)
        found += [exported] if exported else []
    return [head for head in found if head.checkpoint.origin == origin]


def newest_export(exports: Path, origin: str, verifiers: Sequence[NoteVerifier]) -> KnownHead | None:
    """The greatest checkpoint of the log of this name in a folder, or in those directly below it; None for none."""
    heads = [
        KnownHead(source="export", checkpoint=head[0], note=head[1], folder=folder)
        for folder in _logs_in(exports)
        if (head := _newest_in(folder, origin, verifiers)) is not None
    ]
    return max(heads, key=lambda head: head.checkpoint.size, default=None)


def _newest_in(folder: Path, origin: str, verifiers: Sequence[NoteVerifier]) -> tuple[Checkpoint, bytes] | None:
    """The greatest checkpoint of the log of this name that one of the keys has signed, in `checkpoint` or
    `checkpoint.SIZE`; None if there is none.
    """
    try:
        named = list(islice((path for path in folder.glob("checkpoint.*") if path.suffix[1:].isdecimal()), _MOST))
    except OSError:
        return None
    falling = sorted(named, key=lambda path: int(path.suffix[1:]), reverse=True)
    heads = (_read_head(path, verifiers) for path in falling)
    greatest = next((head for head in heads if head is not None and head[0].origin == origin), None)
    plain = _read_head(folder / "checkpoint", verifiers)
    both = [head for head in (greatest, plain) if head is not None and head[0].origin == origin]
    return max(both, key=lambda head: head[0].size, default=None)


def _read_head(path: Path, verifiers: Sequence[NoteVerifier]) -> tuple[Checkpoint, bytes] | None:
    """Read a file as a signed checkpoint; None if it is none that one of the keys has signed."""
    try:
        with path.open("rb") as file:
            note = file.read(CHECKPOINT_LIMIT + 1)
        return parse_checkpoint(verify_note(note, verifiers).text), note
    except (OSError, MalformedNote, UnverifiedNote, MalformedLog):
        return None


def _logs_in(exports: Path) -> list[Path]:
    """The folder itself, and those below it: one for each log."""
    try:
        return [exports, *(path for path in islice(exports.iterdir(), _MOST) if path.is_dir())]
    except OSError:
        return []
