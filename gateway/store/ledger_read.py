"""Reading the ledger: signed heads, tiles, entry bundles and proofs of one hosted office's log.

Rules:
- Nothing is made up for what is missing: a hole between rows is LedgerDamaged, and never a proof.
- Partial tiles are not stored: that of level 0 is the positions at the edge, that of a higher level the roots of the
  full tiles below.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.core.merkle import Node, ReadHash, consistency_path, fold, inclusion_path, perfect_nodes
from gateway.core.merkle import consistency_nodes as nodes_between
from gateway.core.merkle import inclusion_nodes as nodes_beside
from gateway.core.office import OfficeCode
from gateway.core.standing import Cause
from gateway.store.guard import guarded
from gateway.store.ledger_edge import Edge, levels
from gateway.wire.tlog_tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    MalformedLog,
    Tile,
    TileHashes,
    render_bundle,
    tiles_for,
)

__all__ = ["LedgerDamaged", "PostgresLedger", "Queryable", "SignedHead"]


class LedgerDamaged(Exception):
    """The ledger's tables do not fit together: at which place first, and how; no content is told.

    `size` is that of the signed tree that is missing or another.
    """

    def __init__(self, place: str, explanation: str, cause: Cause = Cause.DAMAGED, *, size: int | None = None) -> None:
        super().__init__(f"{place}: {explanation}")
        self.place = place
        self.explanation = explanation
        self.cause = cause
        self.size = size


class Queryable(Protocol):
    """A connection or a pool."""

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...

    async def fetchrow(self, query: str, *args: Any) -> Any: ...

    async def fetchval(self, query: str, *args: Any) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """A checkpoint as it was signed: the tree's size and root (32 bytes), and the whole note as it is handed out."""

    size: int
    root: bytes
    note: bytes
    created_at: datetime


class PostgresLedger:
    """The logs of the hosted offices, as they are in the database. Deferred(DATABASE_UNAVAILABLE) from every method."""

    def __init__(self, database: Queryable, queries: Mapping[str, str]) -> None:
        self._database = database
        self._queries = queries

    async def _rows(self, name: str, *arguments: object) -> list[Any]:
        with guarded():
            return await self._database.fetch(self._queries[name], *arguments)

    async def size(self, hosted: OfficeCode) -> int:
        """How many entries have their place; more than the newest checkpoint says, for a moment."""
        with guarded():
            return int(await self._database.fetchval(self._queries["ledger_positions"], hosted))

    async def newest(self, hosted: OfficeCode) -> SignedHead | None:
        """The newest checkpoint, or None before the first."""
        return _head(await self._rows("ledger_newest_checkpoint", hosted))

    async def signed(self, hosted: OfficeCode, size: int) -> SignedHead | None:
        """The checkpoint of this very size, or None if none was ever signed."""
        return _head(await self._rows("ledger_checkpoint_of_size", hosted, size))

    async def cosignatures(self, hosted: OfficeCode, size: int, root: bytes) -> bytes:
        """The lines that witnesses have given to the checkpoint of this size and root, the latest of each."""
        rows = await self._rows("cosignatures", hosted, size, root)
        return "".join(f"{row['line']}\n" for row in rows).encode()

    async def newest_cosigned(self, hosted: OfficeCode, least: int) -> SignedHead | None:
        """The newest checkpoint of at least so many entries that any witness has cosigned, without the lines."""
        return _head(await self._rows("cosigned_newest", hosted, least))

    async def origins(self, hosted: OfficeCode, first: str) -> tuple[str, ...]:
        """The names that an office's log has had, the present one last; `first` is that of the settings.

        Where a person accepted a loss, the log went on under another (`pouch ledger recover`).
        """
        return (first, *(row["origin"] for row in await self._rows("ledger_eras", hosted)))

    async def seq_of(self, hosted: OfficeCode, leaf_hash: bytes) -> int | None:
        """The place of the entry with this leaf hash, or None."""
        [row] = await self._rows("ledger_seq_of_leaf", hosted, leaf_hash)
        return None if row[0] is None else int(row[0])

    async def waiting(self) -> Mapping[OfficeCode, tuple[int, datetime]]:
        """How many entries wait for a place, and when the oldest of them was written; nothing for a log without any."""
        rows = await self._rows("ledger_waiting")
        return {OfficeCode(row["hosted"]): (row["depth"], row["oldest"]) for row in rows}

    async def leaf_hash(self, hosted: OfficeCode, seq: int) -> bytes:
        """The leaf hash at a place; LedgerDamaged if there is none."""
        return (await self._leaf_hashes(hosted, seq, seq + 1))[0]

    async def tile(self, hosted: OfficeCode, tile: Tile) -> bytes:
        """The hashes of a tile that the log reaches, full or partial; LedgerDamaged if they are not all there."""
        if tile.width == TILE_WIDTH:
            rows = await self._rows("ledger_tile", hosted, tile.level, tile.index)
            if not rows:
                raise LedgerDamaged(tile.path, "is missing")
            return bytes(rows[0]["hashes"])
        start = tile.index * TILE_WIDTH
        return b"".join(await self._row_of(hosted, tile.level, start, start + tile.width))

    async def bundle(self, hosted: OfficeCode, tile: Tile) -> bytes:
        """The entries of a bundle that the log reaches; LedgerDamaged if they are not all there."""
        start = tile.index * TILE_WIDTH
        rows = await self._rows("ledger_entries", hosted, start, start + tile.width)
        if len(rows) != tile.width or any(row["leaf"] is None for row in rows):
            raise LedgerDamaged(tile.path, "lacks an entry")
        return render_bundle([row["leaf"] for row in rows])

    async def inclusion(self, hosted: OfficeCode, seq: int, size: int) -> list[bytes]:
        """Prove that entry `seq` is in the tree of `size`; ValueError unless 0 <= seq < size."""
        return inclusion_path(seq, size, await self._hashes(hosted, nodes_beside(seq, size), size))

    async def consistency(self, hosted: OfficeCode, old: int, new: int) -> list[bytes]:
        """Prove that the tree of `new` begins with that of `old`; ValueError unless 0 < old <= new."""
        return consistency_path(old, new, await self._hashes(hosted, nodes_between(old, new), new))

    async def root(self, hosted: OfficeCode, size: int) -> bytes:
        """Compute the root that the tree had at `size`, from its tiles."""
        nodes = perfect_nodes(0, size)
        read = await self._hashes(hosted, [nodes], size)
        return fold([read(level, index) for level, index in nodes])

    async def edge(self, hosted: OfficeCode) -> Edge:
        """The right edge, to go on from; LedgerDamaged if it is not whole."""
        size = await self.size(hosted)
        rows: list[Sequence[bytes]] = []
        for level in range(levels(size)):
            reach = size >> TILE_HEIGHT * level
            rows.append(await self._row_of(hosted, level, reach - reach % TILE_WIDTH, reach))
        return Edge(size, rows)

    async def _row_of(self, hosted: OfficeCode, level: int, start: int, end: int) -> list[bytes]:
        """Hashes [start, end) of a level, taken from what lies one level below."""
        if level == 0:
            return await self._leaf_hashes(hosted, start, end)
        rows = await self._rows("ledger_tile_roots", hosted, level - 1, start, end)
        if len(rows) != end - start:
            raise LedgerDamaged(f"tiles {start} to {end - 1} of level {level - 1}", "are not all there")
        return [row["root"] for row in rows]

    async def _leaf_hashes(self, hosted: OfficeCode, start: int, end: int) -> list[bytes]:
        rows = await self._rows("ledger_leaf_hashes", hosted, start, end)
        if len(rows) != end - start:
            raise LedgerDamaged(f"entries {start} to {end - 1}", "are not all there")
        return [row["leaf_hash"] for row in rows]

    async def _hashes(self, hosted: OfficeCode, parts: Iterable[Iterable[Node]], size: int) -> ReadHash:
        tiles = {tile: await self.tile(hosted, tile) for tile in tiles_for(parts, size)}
        read = TileHashes(size, tiles.__getitem__)

        def checked(level: int, index: int) -> bytes:
            try:
                return read(level, index)
            except MalformedLog as error:
                raise LedgerDamaged(f"node {level}, {index}", str(error)) from None

        return checked


def _head(rows: list[Any]) -> SignedHead | None:
    for row in rows:
        return SignedHead(size=row["size"], root=row["root"], note=row["note"], created_at=row["created_at"])
    return None
