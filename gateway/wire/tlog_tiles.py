"""Where tiles and entry bundles of a log are, and what is in them, as C2SP tlog-tiles writes it.

Rules:
- A tile holds up to 256 hashes of one level; one with fewer is partial and has its width in its name.
- Parsing is strict: a path has one form, a bundle no byte too many; MalformedLog says what is wrong.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.core.merkle import HASH_SIZE, Node, root_of

__all__ = [
    "BUNDLE_LIMIT",
    "ENTRIES",
    "ENTRY_LIMIT",
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "MalformedLog",
    "Tile",
    "TileHashes",
    "bundles_of",
    "is_implied",
    "parse_bundle",
    "parse_tile",
    "parse_tile_path",
    "render_bundle",
    "split_tile",
    "tile_of",
    "tile_path",
    "tiles_for",
    "tiles_of",
]

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 256
#: Bytes of one entry, since its length is a uint16, and of one bundle.
ENTRY_LIMIT: Final = 0xFFFF
BUNDLE_LIMIT: Final = TILE_WIDTH * (2 + ENTRY_LIMIT)
#: The level that stands for entry bundles: they are as wide as the tiles of level 0.
ENTRIES: Final = -1

_HIGHEST_LEVEL: Final = 63
_INDEX_LIMIT: Final = 1 << 64
_PATH: Final = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class MalformedLog(ValueError):
    """Something of a log is not as its format wants it; the message says what."""


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """One tile, or one bundle if `level` is ENTRIES: `index` within the level, `width` in hashes, 1 to 256."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it is below the log's address, such as tile/0/x001/x234/067.p/12."""
        return tile_path(self.level, self.index, self.width)

    @property
    def full(self) -> "Tile":
        """The same tile once the log has grown to fill it."""
        return Tile(self.level, self.index)


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Write the path of a tile, of a bundle for level ENTRIES; ValueError for what cannot be."""
    if not ENTRIES <= level <= _HIGHEST_LEVEL or not 0 <= index < _INDEX_LIMIT or not 1 <= width <= TILE_WIDTH:
        raise ValueError("no log has such a tile")
    digits = f"{index % 1000:03d}"
    while index := index // 1000:
        digits = f"x{index % 1000:03d}/{digits}"
    place = "entries" if level == ENTRIES else level
    return f"tile/{place}/{digits}" + ("" if width == TILE_WIDTH else f".p/{width}")


def parse_tile_path(path: str) -> Tile:
    """Read the path of a tile or bundle; MalformedLog for every other text, and for a second way to write one."""
    found = _PATH.fullmatch(path)
    if not found:
        raise MalformedLog("not the path of a tile")
    tile = Tile(
        level=ENTRIES if found[1] == "entries" else int(found[1]),
        index=int(found[2].replace("x", "").replace("/", "")),
        width=int(found[3] or TILE_WIDTH),
    )
    try:
        canonical = tile.path
    except ValueError:
        raise MalformedLog("no log has such a tile") from None
    # Holds leading "x000/" and a partial tile of 256 at bay.
    if canonical != path:
        raise MalformedLog("the path of a tile is written otherwise")
    return tile


def tile_of(level: int, index: int, size: int) -> Tile:
    """The tile at this place in a tree of `size`, full or partial; ValueError if the tree does not reach there."""
    reach = size >> TILE_HEIGHT * max(level, 0)
    width = min(reach - index * TILE_WIDTH, TILE_WIDTH)
    if index < 0 or width < 1:
        raise ValueError("the tree has no such tile")
    return Tile(level, index, width)


def is_implied(tile: Tile, sizes: Iterable[int]) -> bool:
    """Whether a log of one of these sizes has exactly this tile or bundle."""
    for size in sizes:
        reach = size >> TILE_HEIGHT * max(tile.level, 0)
        if tile.index * TILE_WIDTH < reach and tile_of(tile.level, tile.index, size) == tile:
            return True
    return False


def tiles_of(size: int, *, since: int = 0) -> Iterator[Tile]:
    """All tiles of a tree of `size`, level by level; with `since`, only those that a tree of that size did not have."""
    level = 0
    while reach := size >> TILE_HEIGHT * level:
        had = since >> TILE_HEIGHT * level
        if had < reach:
            for index in range(had // TILE_WIDTH, -(-reach // TILE_WIDTH)):
                yield tile_of(level, index, size)
        level += 1


def bundles_of(size: int, *, since: int = 0) -> Iterator[Tile]:
    """All entry bundles of a tree of `size`; with `since`, only those that a tree of that size did not have."""
    if since < size:
        for index in range(since // TILE_WIDTH, -(-size // TILE_WIDTH)):
            yield tile_of(ENTRIES, index, size)


def tiles_for(parts: Iterable[Iterable[Node]], size: int) -> list[Tile]:
    """The tiles of a tree of `size` that a proof's nodes are read from (merkle.inclusion_nodes), each once, sorted."""
    return sorted({_home(level, index, size) for nodes in parts for level, index in nodes})


class TileHashes:
    """Reads any complete subtree's hash from tiles: the `read_hash` of merkle.inclusion_path and consistency_path.

    `read_tile` gives the bytes of a tile of the tree of `size`; each is asked for once.
    """

    def __init__(self, size: int, read_tile: Callable[[Tile], bytes]) -> None:
        self._size = size
        self._read_tile = read_tile
        self._read: dict[Tile, bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """The hash of node (level, index); MalformedLog if its tile is not as wide as it must be."""
        tile = _home(level, index, self._size)
        if (content := self._read.get(tile)) is None:
            content = self._read[tile] = parse_tile(tile, self._read_tile(tile))
        width = 1 << level % TILE_HEIGHT
        start = index * width % TILE_WIDTH * HASH_SIZE
        return root_of(split_tile(content[start : start + width * HASH_SIZE]))


def parse_tile(tile: Tile, content: bytes) -> bytes:
    """Check that a tile's bytes are as many as its width wants, and give them back; MalformedLog else."""
    wanted = tile.width * HASH_SIZE
    if len(content) != wanted:
        raise MalformedLog(f"a tile of {tile.width} hashes has {wanted} bytes, not {len(content)}")
    return content


def split_tile(content: bytes) -> list[bytes]:
    """A tile's hashes."""
    return [content[start : start + HASH_SIZE] for start in range(0, len(content), HASH_SIZE)]


def render_bundle(entries: Sequence[bytes]) -> bytes:
    """Write 1 to 256 entries as a bundle: each behind its length, uint16 big-endian. ValueError if one is too long."""
    if not 1 <= len(entries) <= TILE_WIDTH or any(len(entry) > ENTRY_LIMIT for entry in entries):
        raise ValueError("a bundle has 1 to 256 entries of at most 65,535 bytes")
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


def parse_bundle(content: bytes, width: int) -> list[bytes]:
    """Read a bundle of exactly `width` entries; MalformedLog else."""
    entries: list[bytes] = []
    place = 0
    while place < len(content):
        start = place + 2
        place = start + int.from_bytes(content[place:start])
        if place > len(content):
            raise MalformedLog(f"a bundle ends in the middle of its entry {len(entries)}")
        entries.append(content[start:place])
        if len(entries) > width:
            break
    if len(entries) != width:
        raise MalformedLog(f"a bundle of {width} entries has {'more' if len(entries) > width else len(entries)}")
    return entries


def _home(level: int, index: int, size: int) -> Tile:
    """The tile that a node is in, or is computed from."""
    return tile_of(level // TILE_HEIGHT, (index << level % TILE_HEIGHT) // TILE_WIDTH, size)
