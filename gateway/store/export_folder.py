"""The folder of an office's exported log: files that are written once, in the layout of C2SP tlog-tiles.

Rules:
- A file appears under its name when it is whole and on the disk, never in place of another, and becomes read-only
  (0444), which storage of the write-once kind takes for good. What was half-written when a process died has another
  name and is written anew.
- Checkpoints are kept as checkpoint.SIZE, without a `checkpoint` that would have to change; they are written after all
  that they speak for, and a day's note after all of the day.
- Which checkpoint is being written for is noted beside the folder, so that who comes after a crash can finish it: no
  file is ever left that no checkpoint implies.
"""

import errno
import json
import os
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from gateway.core.instant import rfc3339
from gateway.store.durable import replace_file, sync_folder
from gateway.store.ledger_read import LedgerDamaged
from gateway.wire.tlog_checkpoint import CHECKPOINT_LIMIT, Checkpoint, parse_checkpoint, render_hash
from gateway.wire.tlog_tiles import MalformedLog

__all__ = ["ExportFolder", "said_by", "write_once"]

_READ_ONLY: Final = 0o444
_ANY_WRITE: Final = 0o222
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})
#: A day's note is some 200 bytes.
_DAY_LIMIT: Final = 4096


def write_once(path: Path, content: bytes) -> None:
    """Have a read-only file with this content, its bytes on the disk; its name is for `sync_folder` to bring there.

    FileExistsError if another content stands under its name, and any other OSError.
    """
    temporary = path.with_name(f".{path.name}.part")
    temporary.unlink(missing_ok=True)
    if not os.path.lexists(path):
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _publish(temporary, path)
    elif not _holds(path, content):
        raise FileExistsError(errno.EEXIST, "another content stands under its name")
    path.chmod(_READ_ONLY)


def _publish(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        temporary.rename(path)  # storage without links; that nothing is there was seen before
        return
    temporary.unlink()


class ExportFolder:
    """One log's files below `folder`. Everything waits for the disk: for a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._touched: set[Path] = set()

    def has(self, path: str) -> bool:
        """Whether this file is there, for good."""
        return _is_finished(self.folder / path)

    def write(self, path: str, content: bytes) -> None:
        """Write a file of this log once; OSError."""
        file = self.folder / path
        # Not the folder itself: where its disk is not mounted, nothing is written below.
        self.folder.mkdir(exist_ok=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_once(file, content)
        self._touched.update(parent for parent in file.parents if parent.is_relative_to(self.folder))
        self._touched.add(self.folder.parent)

    def sync(self) -> None:
        """Bring the names of what was written to the disk; OSError."""
        for folder in sorted(self._touched, key=lambda touched: len(touched.parts), reverse=True):
            sync_folder(folder)
        self._touched.clear()

    def begin(self, note: bytes) -> None:
        """Note, beside the folder, which checkpoint is being written for; OSError."""
        replace_file(self._pending, note, mode=0o600)

    def begun(self) -> bytes | None:
        """The note of the checkpoint whose writing was begun and not ended; None if there is none, or it is no note."""
        try:
            note = _read(self._pending, CHECKPOINT_LIMIT)
            said_by(note)
        except (OSError, UnicodeDecodeError, MalformedLog):
            return None
        return note

    def newest(self) -> Checkpoint | None:
        """The greatest checkpoint that is there and whole, its signature not verified; LedgerDamaged if unreadable."""
        sizes = [size for size, path in self._checkpoints() if _is_finished(path)]
        if not sizes:
            return None
        path = self.folder / f"checkpoint.{max(sizes)}"
        try:
            checkpoint = said_by(_read(path, CHECKPOINT_LIMIT))
        except (OSError, UnicodeDecodeError, MalformedLog):
            raise LedgerDamaged(str(path), "cannot be read") from None
        if checkpoint.size != max(sizes):
            raise LedgerDamaged(str(path), "is of another size than its name says")
        return checkpoint

    def last_day(self) -> tuple[date, datetime] | None:
        """The last day whose export is whole, and when it was finished; what cannot be read is no day."""
        days = []
        for path in _entries(self.folder / "days"):
            try:
                day = date.fromisoformat(path.stem)
                finished = datetime.fromisoformat(json.loads(_read(path, _DAY_LIMIT))["finished"]).astimezone(UTC)
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if _is_finished(path):
                days.append((day, finished))
        return max(days, default=None)

    def finish(self, note: bytes) -> None:
        """Write a checkpoint once all that it speaks for is there; OSError."""
        self.sync()
        size = said_by(note).size
        if not self.has(f"checkpoint.{size}"):  # as it was signed when the log had this size first
            self.write(f"checkpoint.{size}", note)
            self.sync()
        self._pending.unlink(missing_ok=True)

    def finish_day(self, note: bytes, at: datetime) -> None:
        """Write the checkpoint, and then that the day is whole; OSError."""
        self.finish(note)
        head = said_by(note)
        told = {"finished": rfc3339(at), "origin": head.origin, "root": render_hash(head.root), "size": head.size}
        self.write(f"days/{at.date().isoformat()}.json", json.dumps(told, sort_keys=True).encode() + b"\n")
        self.sync()

    @property
    def _pending(self) -> Path:
        return self.folder.with_name(f".{self.folder.name}.pending")

    def _checkpoints(self) -> Iterator[tuple[int, Path]]:
        for path in _entries(self.folder):
            size = path.name.removeprefix("checkpoint.")
            if size != path.name and size.isascii() and size.isdecimal() and len(size) <= 20:
                yield int(size), path


def said_by(note: bytes) -> Checkpoint:
    """What a note says, its signatures not verified; MalformedLog or UnicodeDecodeError."""
    text, _, _ = note.decode("utf-8").rpartition("\n\n")
    return parse_checkpoint(f"{text}\n")


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_finished(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(mode):
        raise FileExistsError(errno.EEXIST, "what stands under its name is no file")
    return not mode & _ANY_WRITE


def _holds(path: Path, content: bytes) -> bool:
    _is_finished(path)  # which refuses what is no file
    with path.open("rb") as file:
        return file.read(len(content) + 1) == content


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise FileExistsError(errno.EEXIST, "the file is larger than it should be")
    return content
