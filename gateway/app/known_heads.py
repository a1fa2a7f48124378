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

__all__ = ["KnownHead", "known_heads", "read_head"]

#: Where exports have their newest checkpoints: in the folder, or in one for each office or day.
_PLACES: Final = ("checkpoint", "*/checkpoint", "*/*/checkpoint")
#: Checkpoints that are looked at: one a day for a hundred years.
_MOST: Final = 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHead:
    """A signed checkpoint, its whole note, and where it was found: "memory" or "export"."""

    source: str
    checkpoint: Checkpoint
    note: bytes


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
        heads = [read_head(path, verifiers) for path in _checkpoints(exports)]
        found += [KnownHead(source="export", checkpoint=head[0], note=head[1]) for head in heads if head]
    return [head for head in found if head.checkpoint.origin == origin]


def read_head(path: Path, verifiers: Sequence[NoteVerifier]) -> tuple[Checkpoint, bytes] | None:
    """Read a file as a signed checkpoint; None if it is none that one of the keys has signed."""
    try:
        with path.open("rb") as file:
            note = file.read(CHECKPOINT_LIMIT + 1)
        return parse_checkpoint(verify_note(note, verifiers).text), note
    except (OSError, MalformedNote, UnverifiedNote, MalformedLog):
        return None


def _checkpoints(folder: Path) -> list[Path]:
    try:
        return [path for place in _PLACES for path in islice(folder.glob(place), _MOST)]
    except OSError:
        return []
