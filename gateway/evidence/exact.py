"""A folder held to be exactly what its checkpoints imply: nothing of it is missing, and nothing else is there.

Rules:
- What is implied is computed from the signed checkpoints alone; no list that somebody could shorten is believed.
- An export keeps stamps and days beside the log (docs/auditors.md): these are known by their names and not looked into.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from gateway.evidence.findings import CannotTell, Tampered
from gateway.evidence.sources import FolderSource
from gateway.wire.tlog_checkpoint import Checkpoint
from gateway.wire.tlog_tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    MalformedLog,
    Tile,
    bundles_of,
    is_implied,
    parse_tile_path,
    tile_of,
    tiles_of,
)
from pki.verdict import shown

__all__ = ["check_exact"]

_BESIDE: Final = re.compile(r"stamps/[0-9]+-[^/]{1,100}\.(tst|note)|days/[0-9]{4}-[0-9]{2}-[0-9]{2}\.json")

#: A name that can be told as it is.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._/-]{1,200}")


def check_exact(source: FolderSource, heads: Iterable[tuple[str, Checkpoint]]) -> None:
    """Tampered for a file that no checkpoint implies, CannotTell for one that is implied and not there.

    `heads` are the checkpoints that were verified, with the paths they were read from.
    """
    paths = {path for path, _ in heads}
    sizes = sorted({head.size for _, head in heads})
    implied = 0
    for path, is_file in source.everything():
        if path in paths or (is_file and _BESIDE.fullmatch(path)):
            continue
        if not is_file or (tile := _tile(path)) is None or not is_implied(tile, sizes):
            raise Tampered(path if _PLAIN.fullmatch(path) else shown(path), "is not part of what the checkpoints imply")
        implied += 1
    if implied < _count(sizes):
        missing = next(tile for tile in _implied(sizes) if not source.has(tile.path))
        raise CannotTell(missing.path, "is not there, and the checkpoints imply it")


def _tile(path: str) -> Tile | None:
    try:
        return parse_tile_path(path)
    except MalformedLog:
        return None


def _count(sizes: list[int]) -> int:
    """How many tiles and bundles logs of these sizes have together: the full ones of the greatest, all partial ones."""
    if not sizes:
        return 0
    full, level = sizes[-1] >> TILE_HEIGHT, 0  # of bundles
    while reach := sizes[-1] >> TILE_HEIGHT * level:
        full += reach >> TILE_HEIGHT
        level += 1
    return full + len({tile for size in sizes for tile in _edge(size)})


def _edge(size: int) -> Iterator[Tile]:
    """The partial tiles of a log, and its partial bundle."""
    level = ENTRIES
    while reach := size >> TILE_HEIGHT * max(level, 0):
        if reach % TILE_WIDTH:
            yield tile_of(level, reach // TILE_WIDTH, size)
        level += 1


def _implied(sizes: list[int]) -> Iterator[Tile]:
    for size in reversed(sizes):
        yield from chain(bundles_of(size), tiles_of(size))
