"""The right edge of a growing log: which tiles become full as it grows, and its root at any moment.

Rules: a row holds the hashes of one level that fill no tile yet, fewer than 256; what is full leaves as a tile, and its
root goes to the row above (C2SP tlog-tiles).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.core.merkle import fold, perfect_nodes, root_of
from gateway.wire.tlog_tiles import TILE_HEIGHT, TILE_WIDTH

__all__ = ["Edge", "FullTile", "levels"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FullTile:
    """A tile that will never change: its 256 hashes and the root over them."""

    level: int
    index: int
    hashes: bytes
    root: bytes


class Edge:
    """The edge of a log of `size` leaves."""

    __slots__ = ("_rows", "_size")

    def __init__(self, size: int = 0, rows: Iterable[Sequence[bytes]] = ()) -> None:
        """Start empty or go on from rows, that of level 0 first; ValueError if they do not belong to `size`."""
        self._size = size
        self._rows = [list(row) for row in rows]
        wanted = [size >> TILE_HEIGHT * level & TILE_WIDTH - 1 for level in range(levels(size))]
        if [len(row) for row in self._rows] != wanted:
            raise ValueError("the rows of an edge are as long as its size says")

    @property
    def size(self) -> int:
        """How many leaves the log has."""
        return self._size

    def copy(self) -> "Edge":
        """Give another edge that grows by itself."""
        return Edge(self._size, self._rows)

    def extend(self, leaf_hashes: Iterable[bytes]) -> list[FullTile]:
        """Put leaf hashes at the end; gives the tiles that have become full, lower ones first."""
        full: list[FullTile] = []
        for digest in leaf_hashes:
            self._size += 1
            rising: bytes | None = digest
            level = 0
            while rising is not None:
                rising = self._put(level, rising, full)
                level += 1
        return full

    def _put(self, level: int, digest: bytes, full: list[FullTile]) -> bytes | None:
        if level == len(self._rows):
            self._rows.append([])
        row = self._rows[level]
        row.append(digest)
        if len(row) < TILE_WIDTH:
            return None
        root = root_of(row)
        index = (self._size >> TILE_HEIGHT * (level + 1)) - 1
        full.append(FullTile(level=level, index=index, hashes=b"".join(row), root=root))
        row.clear()
        return root

    def root(self) -> bytes:
        """Compute the root over all leaves (RFC 6962 section 2.1)."""
        return fold(
            [
                root_of(row[index << level : index + 1 << level])
                for row in reversed(self._rows)
                for level, index in perfect_nodes(0, len(row))
            ]
        )


def levels(size: int) -> int:
    """How many rows an edge of `size` leaves has."""
    return -(-size.bit_length() // TILE_HEIGHT)
