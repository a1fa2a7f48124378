"""Files: sealed bytes that are too large for the journal, each named by the SHA-256 of its sealed bytes.

`documents/ab/cd/abcd...` once whole, `documents/tmp/...` while it grows. The name tells nothing of the content, since
the same document sealed twice has two names.

Rules:
- A file that has its name is whole and on the disk: fsync, rename, fsync of the folder, in this order, then the commit.
- A trouble of the disk is Deferred(DISK_NEARLY_FULL or DISK_FAILED), whatever the operating system calls it.
- Methods that touch the disk block: they are called in a thread, but for `free_bytes` (one system call).
"""

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from gateway.core.reason import Deferred, Reason
from gateway.store.durable import sync_folder

__all__ = ["Files", "GrowingFile", "disk_trouble", "remove_file"]

_ADDRESS: Final = re.compile(r"[0-9a-f]{64}")
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
#: A file system that has fewer free inodes than this is full, however many bytes it has.
_FEWEST_INODES: Final = 1_000


@contextmanager
def disk_trouble() -> Iterator[None]:
    """Turn what the operating system says of its disk into a Deferred; its text stays in the log's cause only."""
    try:
        yield
    except OSError as error:
        full = error.errno in _FULL
        raise Deferred(Reason.DISK_NEARLY_FULL if full else Reason.DISK_FAILED) from error


class Files:
    """The folder of sealed files of one gateway; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        """Take `folder`, made with mode 0700 if it is not there. Raises Deferred."""
        self._folder = folder
        self._growing = folder / "tmp"
        self._on_disk: set[Path] = set()
        with disk_trouble():
            self._growing.mkdir(mode=0o700, parents=True, exist_ok=True)

    def grow(self) -> "GrowingFile":
        """Begin a new file. Raises Deferred."""
        path = self._growing / secrets.token_hex(16)
        with disk_trouble():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            return GrowingFile(self, path, os.fdopen(descriptor, "wb"))

    def place(self, path: Path, address: str) -> None:
        """Give a temporary file that is on the disk its name, for good. Raises OSError."""
        target = self._path(address)
        for folder in (target.parent.parent, target.parent):
            self._make(folder)
        path.rename(target)
        sync_folder(target.parent)

    def open(self, address: str) -> BinaryIO:
        """Open a sealed file for reading. Raises Deferred, also if it is not there: it should be."""
        with disk_trouble():
            return self._path(address).open("rb")

    def free_bytes(self) -> int:
        """Say how much room is left for documents, in bytes; 0 if the file system is out of inodes. Raises Deferred."""
        with disk_trouble():
            state = os.statvfs(self._folder)
        if state.f_files and state.f_favail < _FEWEST_INODES:
            return 0
        return state.f_bavail * state.f_frsize

    def temporaries(self, older_than: datetime) -> list[Path]:
        """List temporary files that nobody has written to since `older_than`: their writers are gone."""
        return [Path(entry) for entry in _entries(self._growing, older_than)]

    def addresses(self, older_than: datetime) -> Iterator[list[str]]:
        """List the addresses of files last written before `older_than`, one list per top folder."""
        for top in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            names = [entry.name for folder in top.iterdir() for entry in _entries(folder, older_than)]
            if addresses := [name for name in names if _ADDRESS.fullmatch(name)]:
                yield addresses

    def remove(self, address: str) -> int:
        """Remove a file that no row names; give its size in bytes, 0 if it is gone already. Raises Deferred."""
        return remove_file(self._path(address))

    def _path(self, address: str) -> Path:
        if not _ADDRESS.fullmatch(address):
            raise ValueError("an address is 64 lower-case hexadecimal digits")
        return self._folder / address[:2] / address[2:4] / address

    def _make(self, folder: Path) -> None:
        """Make a folder whose entry is on the disk; another process may have made it a moment ago, unsynced."""
        if folder not in self._on_disk:
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder.parent)
            self._on_disk.add(folder)


class GrowingFile:
    """A sealed file while it is written; it has no name in the store before `finish`."""

    def __init__(self, files: Files, path: Path, file: BinaryIO) -> None:
        self._files = files
        self._path = path
        self._file = file
        self._digest = hashlib.sha256()
        self._ended = False

    def write(self, sealed: bytes | bytearray) -> None:
        """Append sealed bytes. Raises Deferred."""
        self._digest.update(sealed)
        with disk_trouble():
            self._file.write(sealed)

    def finish(self) -> str:
        """Bring the file to the disk under its name; give its address. Raises Deferred."""
        address = self._digest.hexdigest()
        with disk_trouble():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._files.place(self._path, address)
        self._ended = True
        return address

    def discard(self) -> None:
        """Remove the file if it did not get its name. Raises Deferred."""
        if not self._ended:
            self._ended = True
            with suppress(OSError):  # what a full disk did not take before, it does not take now
                self._file.close()
            remove_file(self._path)


def remove_file(path: Path) -> int:
    """Remove a file; give its size in bytes, 0 if it is gone already. Raises Deferred."""
    with disk_trouble():
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        return size


def _entries(folder: Path, older_than: datetime) -> list["os.DirEntry[str]"]:
    limit = older_than.timestamp()
    with disk_trouble(), os.scandir(folder) as entries:
        return [entry for entry in entries if _written(entry) < limit]


def _written(entry: "os.DirEntry[str]") -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:  # renamed or removed while we looked
        return float("inf")
