"""Where a log is read from: a folder in the layout of C2SP tlog-tiles, or anything else with the same questions.

Rules: a file is read whole, up to its kind's limit, and never through a symbolic link; what cannot be read is
CannotTell, what is larger than its kind can be is Tampered.
"""

import json
import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

from gateway.evidence.findings import CannotTell, Tampered
from gateway.wire.tlog_tiles import MalformedLog, Tile, parse_tile_path

__all__ = ["FolderSource", "LogSource"]

#: Bytes of a day's note.
_DAY_LIMIT = 4096


class LogSource(Protocol):
    """A log that can be read by path, such as checkpoint or tile/0/x001/067.p/12."""

    async def read(self, path: str, limit: int) -> bytes | None:
        """The bytes there, None if there is nothing; Tampered for more than `limit`, CannotTell if unreadable."""
        ...

    async def partials(self, tile: Tile) -> list[Tile]:
        """All partial forms of this tile that are kept beside it, narrow ones first, where that can be asked."""
        ...

    async def checkpoints(self) -> list[tuple[str, int]]:
        """Path and size of the earlier checkpoints that are kept as checkpoint.SIZE, where that can be asked."""
        ...

    def tiles(self) -> AsyncIterator[Tile]:
        """All tiles and bundles that are there, where that can be asked."""
        ...


class FolderSource:
    """A log in a folder. Reads block: who verifies has nothing else to do, and threads would halve the speed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self, path: str, limit: int) -> bytes | None:
        """See LogSource. Where files are written once there is no `checkpoint`: that of the last whole day is it."""
        content = _read(self._folder / path, path, limit)
        if content is None and path == "checkpoint" and (size := self._size_of_last_day()) is not None:
            return _read(self._folder / f"checkpoint.{size}", f"checkpoint.{size}", limit)
        return content

    async def partials(self, tile: Tile) -> list[Tile]:
        """See LogSource."""
        return self._partials(tile)

    async def checkpoints(self) -> list[tuple[str, int]]:
        """See LogSource; names that are not checkpoint.SIZE in decimal are none."""
        return self._checkpoints()

    async def tiles(self) -> AsyncIterator[Tile]:
        """See LogSource; files with other names are passed over."""
        for tile in self._walk():
            yield tile

    def _size_of_last_day(self) -> int | None:
        """The greatest size that a day's note (days/2026-11-23.json) says was exported whole; no note is evidence."""
        sizes = []
        for name in _names(self._folder / "days"):
            try:
                note = json.loads(_read(self._folder / "days" / name, f"days/{name}", _DAY_LIMIT) or b"")
                sizes.append(int(note["size"]))
            except (ValueError, KeyError, TypeError):
                continue
        return max(sizes, default=None)

    def everything(self) -> Iterator[tuple[str, bool]]:
        """The path of all that is there but folders, and whether it is a file and no link to one."""
        for folder, folders, names in os.walk(self._folder):
            for name in (*names, *(each for each in folders if (Path(folder) / each).is_symlink())):
                path = Path(folder) / name
                yield path.relative_to(self._folder).as_posix(), stat.S_ISREG(path.lstat().st_mode)

    def has(self, path: str) -> bool:
        """Whether there is something under this path."""
        return os.path.lexists(self._folder / path)

    def _partials(self, tile: Tile) -> list[Tile]:
        folder = self._folder / f"{tile.full.path}.p"
        names = _names(folder)
        widths = sorted(int(name) for name in names if name.isascii() and name.isdecimal() and 0 < int(name) < 256)
        return [Tile(tile.level, tile.index, width) for width in widths]

    def _checkpoints(self) -> list[tuple[str, int]]:
        found = []
        for name in _names(self._folder):
            size = name.removeprefix("checkpoint.")
            if size != name and size.isascii() and size.isdecimal() and len(size) <= 20 and str(int(size)) == size:
                found.append((name, int(size)))
        return sorted(found, key=lambda item: item[1])

    def _walk(self) -> Iterator[Tile]:
        for folder, _, names in os.walk(self._folder / "tile"):
            for name in names:
                try:
                    yield parse_tile_path((Path(folder) / name).relative_to(self._folder).as_posix())
                except MalformedLog:
                    continue


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise CannotTell(folder.name, f"cannot be listed ({error.strerror})") from None


def _read(file: Path, path: str, limit: int) -> bytes | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CannotTell(path, f"cannot be read ({error.strerror})") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CannotTell(path, "is not a file")
    with os.fdopen(descriptor, "rb") as opened:
        try:
            content = opened.read(limit + 1)
        except OSError as error:
            raise CannotTell(path, f"cannot be read ({error.strerror})") from None
    if len(content) > limit:
        raise Tampered(path, f"is larger than the {limit} bytes it can have")
    return content
