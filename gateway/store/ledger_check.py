"""Checking the ledger against itself: everything is computed again from the entries and compared with what is kept.

Rules: the first difference ends the check and is named by the entry, tile or tree it is in; the work is done in small
pieces, so that it can run beside traffic.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

from gateway.core.merkle import HASH_SIZE, leaf_hash, root_of
from gateway.core.office import OfficeCode
from gateway.store.guard import guarded
from gateway.store.ledger_edge import Edge, FullTile
from gateway.store.ledger_read import LedgerDamaged, Queryable
from gateway.store.ledger_rows import RowCheck, check_columns, commits
from gateway.wire.tlog_tiles import TILE_WIDTH, split_tile, tile_path

__all__ = ["CheckNote", "LedgerCheck"]

#: Entries computed at once; a multiple of a tile's width.
_PIECE: Final = 4 * TILE_WIDTH

#: Tells what is wrong with a signed note that should be about this size and root; None if it is good.
CheckNote = Callable[[bytes, int, bytes], str | None]


class LedgerCheck:
    """Checks one hosted office's log. Deferred(DATABASE_UNAVAILABLE) from every method."""

    def __init__(self, database: Queryable, queries: Mapping[str, str], hosted: OfficeCode) -> None:
        self._database = database
        self._queries = queries
        self._hosted = hosted
        self._committing: set[tuple[str, str]] = set()

    async def whole(self, check_note: CheckNote) -> AsyncIterator[int]:
        """Check everything from the first entry on; gives how many entries are done. LedgerDamaged at the first wrong.

        Entries that get their places meanwhile are checked too, or the next time.
        """
        edge = Edge()
        self._committing.clear()
        while entries := await self._entries(edge.size, edge.size + _PIECE):
            await self._piece(edge, entries, check_note)
            yield edge.size
            if len(entries) < _PIECE:
                break
        greatest = await self.signed_size()
        if greatest > edge.size:
            raise LedgerDamaged(f"entry {edge.size}", f"is missing: {greatest} entries were signed")
        if (lost := await self._value("ledger_without_place")) is not None:
            raise LedgerDamaged(f"entry {lost}", "has no place in the log and does not wait for one")
        await RowCheck(self._database, self._queries, self._hosted).check(self._committing)

    async def signed_size(self) -> int:
        """The greatest size that was signed, 0 for none."""
        return int(await self._value("ledger_greatest_checkpoint"))

    async def tile(self, level: int, index: int) -> int:
        """Check one full tile against what lies below it; gives how many entries were computed again."""
        start, end = index * TILE_WIDTH, (index + 1) * TILE_WIDTH
        path = tile_path(level, index)
        rows = await self._rows("ledger_tile", level, index)
        if not rows:
            raise LedgerDamaged(path, "is missing")
        [tile] = rows
        if level == 0:
            below = await self._entries(start, end)
        else:
            below = [row["root"] for row in await self._rows("ledger_tile_roots", level - 1, start, end)]
        _compare(tile, FullTile(level=level, index=index, hashes=b"".join(below), root=root_of(below)))
        return len(below) if level == 0 else 0

    async def _piece(self, edge: Edge, entries: Sequence[bytes], check_note: CheckNote) -> None:
        start, end = edge.size, edge.size + len(entries)
        kept: dict[tuple[int, int], Any] = {
            (0, row["index"]): row
            for row in await self._rows("ledger_tiles", 0, start // TILE_WIDTH, end // TILE_WIDTH)
        }
        done = 0
        for signed in await self._rows("ledger_checkpoints", start, end):
            full = edge.extend(entries[done : signed["size"] - start])
            done = signed["size"] - start
            await self._compare_all(full, kept)
            if edge.root() != signed["root"]:
                raise LedgerDamaged(f"the tree of size {signed['size']}", "has not the root that was signed")
            if (wrong := check_note(signed["note"], signed["size"], signed["root"])) is not None:
                raise LedgerDamaged(f"the checkpoint of size {signed['size']}", wrong)
        await self._compare_all(edge.extend(entries[done:]), kept)

    async def _compare_all(self, full: Sequence[FullTile], kept: Mapping[tuple[int, int], Any]) -> None:
        for tile in full:
            row = kept.get((tile.level, tile.index))
            if tile.level:
                row = next(iter(await self._rows("ledger_tile", tile.level, tile.index)), None)
            if row is None:
                raise LedgerDamaged(tile_path(tile.level, tile.index), "is missing")
            _compare(row, tile)

    async def _entries(self, start: int, end: int) -> list[bytes]:
        """The leaf hashes, computed from the leaves and compared with those at their places."""
        hashes: list[bytes] = []
        for seq, row in enumerate(await self._rows("ledger_entry_rows", start, end), start):
            if row["seq"] != seq:
                raise LedgerDamaged(f"entry {seq}", "is not at its place")
            if row["leaf"] is None:
                raise LedgerDamaged(f"entry {seq}", "is missing")
            digest = leaf_hash(row["leaf"])
            if digest != row["leaf_hash"]:
                raise LedgerDamaged(f"entry {seq}", "is not what was given its place")
            check_columns(row, digest, f"entry {seq}", self._hosted)
            if commits(row["step"]):
                self._committing.add((row["step"], str(row["entry_id"])))
            hashes.append(digest)
        return hashes

    async def _rows(self, name: str, *arguments: object) -> list[Any]:
        with guarded():
            return await self._database.fetch(self._queries[name], self._hosted, *arguments)

    async def _value(self, name: str) -> Any:
        with guarded():
            return await self._database.fetchval(self._queries[name], self._hosted)


def _compare(row: Any, tile: FullTile) -> None:
    """LedgerDamaged unless a tile that is kept is the one that was computed."""
    if row["hashes"] != tile.hashes:
        pairs = zip(split_tile(row["hashes"]), split_tile(tile.hashes), strict=False)
        wrong = next((n for n, (kept, computed) in enumerate(pairs) if kept != computed), len(tile.hashes) // HASH_SIZE)
        path = tile_path(tile.level, tile.index)
        number = tile.index * TILE_WIDTH + wrong
        place = f"entry {number}" if tile.level == 0 else path
        raise LedgerDamaged(place, f"is not what {path} says" if tile.level == 0 else "is not what lies below it")
    if row["root"] != tile.root:
        raise LedgerDamaged(tile_path(tile.level, tile.index), "has not the root that is kept beside it")
