"""Locks of an embedded cluster's folder: who uses it, who starts or stops it, and whether its server lives.

All are flock(2) locks, which end with their holder however it dies, also by SIGKILL or a power cut.

Rules:
- `control`: held exclusively while starting or stopping, so that two launchers do not do both at once.
- `users`: held shared by every process that uses the cluster; the last one to leave stops the server.
- `server`: inherited by the server and all its processes. While it is held, something of the server lives, whatever
  process numbers say; when it is free, `postmaster.pid` is a leftover.
"""

import asyncio
import fcntl
import os
from pathlib import Path

__all__ = ["FolderLock"]

_POLL_SECONDS = 0.02


class FolderLock:
    """One lock file. Each instance holds at most one lock; instances of one process exclude each other too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def descriptor(self) -> int:
        """The open file that holds the lock, to be inherited by a child."""
        if self._descriptor is None:
            raise RuntimeError("the lock is not held")
        return self._descriptor

    def try_exclusive(self) -> bool:
        """Take the lock alone, or turn a shared one into it if nobody else shares it. On False nothing is held."""
        return self._take(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        """Take the lock beside others. On False nothing is held."""
        return self._take(fcntl.LOCK_SH)

    async def exclusive(self, deadline: float) -> bool:
        """Take the lock alone before `deadline` (loop time); False if others held it all the while."""
        while not self.try_exclusive():
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return True

    def release(self) -> None:
        """Let go of this process's hold; a child that inherited it keeps its own. Harmless when nothing is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _take(self, kind: int) -> bool:
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True
