"""The newest checkpoint of each log, kept beside the database: a database that was put back is noticed by it.

Rules: a log that is shorter than its remembered checkpoint, or another one, is neither continued nor signed until it
has caught up or a person decides (`pouch ledger recover`). What is remembered of a former log, under another name, is
no matter of the present one.
"""

from pathlib import Path

from gateway.core.office import OfficeCode
from gateway.core.standing import Cause
from gateway.store.durable import replace_file
from gateway.store.ledger_read import LedgerDamaged
from gateway.wire.tlog_checkpoint import Checkpoint, parse_checkpoint
from gateway.wire.tlog_tiles import MalformedLog

__all__ = ["LogMemory"]


class LogMemory:
    """Files `ledger/XA.checkpoint` in the storage folder."""

    def __init__(self, storage: Path) -> None:
        self._folder = storage / "ledger"

    def recall(self, hosted: OfficeCode) -> tuple[Checkpoint, bytes] | None:
        """What was signed last, and its whole note; None if nothing is remembered; LedgerDamaged."""
        path = self._path(hosted)
        try:
            note = path.read_bytes()
            text, _, _ = note.decode("utf-8").rpartition("\n\n")
            return parse_checkpoint(f"{text}\n"), note
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, MalformedLog):
            raise LedgerDamaged(str(path), "cannot be read", Cause.MEMORY) from None

    def keep(self, hosted: OfficeCode, note: bytes) -> None:
        """Remember a checkpoint that was signed; OSError. Waits for the disk: for a thread of its own."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(self._path(hosted), note, mode=0o600)

    def lay_aside(self, hosted: OfficeCode, era: int) -> None:
        """Keep what is remembered of a log that goes on under another name as `XA.checkpoint.ERA`: it is evidence."""
        path = self._path(hosted)
        if path.exists():
            path.rename(path.with_name(f"{path.name}.{era}"))

    def _path(self, hosted: OfficeCode) -> Path:
        return self._folder / f"{hosted}.checkpoint"
