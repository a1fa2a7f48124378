"""A whole log verified: every entry hashed, every tile compared, every checkpoint's root rebuilt.

Rules:
- Nothing a log says is used before the signed checkpoint asks for it; memory does not grow with the log.
- The first bad thing ends the search. What is missing does not, as long as the rest can still be checked.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from gateway.core.merkle import Frontier, root_of
from gateway.evidence.checkpoints import read_checkpoint, read_earlier
from gateway.evidence.exact import check_exact
from gateway.evidence.findings import CannotTell, EvidenceVerdict, Tampered, verdict_of
from gateway.evidence.sources import FolderSource, LogSource
from gateway.evidence.tiles import compare, contents_of, other_forms, read_grown
from gateway.wire.tlog_checkpoint import Checkpoint
from gateway.wire.tlog_tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile, tile_of
from pki.note_keys import NoteVerifier
from pki.verdict import Indication

__all__ = ["verify_log"]

#: Bundles read ahead of the one that is hashed, each with its tile; one has at most 16 MiB.
_AHEAD: Final = 6
_REMARKS: Final = 20

_Found = tuple[Tile, bytes] | None
_Reading = asyncio.Future[tuple[_Found, _Found]]


async def verify_log(
    source: LogSource, verifiers: Sequence[NoteVerifier], *, origin: str | None = None, exact: bool = False
) -> EvidenceVerdict:
    """Verify a log up to its newest checkpoint, and all earlier checkpoints that are kept beside it.

    `exact`, for a FolderSource: the folder must hold what the checkpoints imply, all of it and nothing else.

    Never raises for what a log contains; the verdict names the first bad or missing thing.
    """
    try:
        checkpoint = await read_checkpoint(source, verifiers, origin=origin)
    except (Tampered, CannotTell) as finding:
        return verdict_of(finding)
    try:
        earlier = await read_earlier(source, verifiers, checkpoint.origin)
        heads = sorted([("checkpoint", checkpoint), *earlier], key=lambda named: named[1].size)
        search = _Search(source=source, size=heads[-1][1].size, heads=deque(heads))
        await search.run()
        verdict = search.verdict()
        if exact and verdict.holds:
            check_exact(_folder(source), heads)
    except (Tampered, CannotTell) as finding:
        verdict = verdict_of(finding)
    return replace(verdict, origin=checkpoint.origin, size=checkpoint.size, root=checkpoint.root)


@dataclass(slots=True, kw_only=True)
class _Search:
    """One walk from the first entry to the last of `size`, with the right edge of the tree in hand."""

    source: LogSource
    size: int
    #: The signed checkpoints that are not reached yet, smallest first, with their paths.
    heads: deque[tuple[str, Checkpoint]]
    frontier: Frontier = field(default_factory=Frontier)
    #: Per tile level from 1: the hashes of the tile that is being filled.
    rising: list[list[bytes]] = field(default_factory=list)
    first_missing: str | None = None
    missing: int = 0
    remarks: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Go through the whole tree; Tampered, or CannotTell where it cannot go on."""
        self._check_heads([])
        async with aclosing(self._bundles()) as bundles:
            async for bundle, found, tile_found in bundles:
                leaves = await self._leaves(bundle, found, tile_found)
                self._check_heads(leaves)
                if bundle.width == TILE_WIDTH:
                    root = root_of(leaves)
                    self.frontier.append_perfect(root, TILE_HEIGHT)
                    await self._rise(root)
                else:
                    self.frontier.extend(leaves)
        for level, hashes in enumerate(self.rising, 1):
            if hashes:
                index = (self.size >> TILE_HEIGHT * level) // TILE_WIDTH
                tile = Tile(level, index, len(hashes))
                await self._check_tile(tile, hashes, await read_grown(self.source, tile))
        async for kept in self.source.tiles():
            self._remark(kept)

    def verdict(self) -> EvidenceVerdict:
        """What the walk has found, if nothing stopped it."""
        remarks = tuple(self.remarks)
        if self.first_missing is None:
            text = f"all {self.size} entries are as they were signed"
            return EvidenceVerdict(indication=Indication.PASSED, explanation=text, remarks=remarks)
        others = f", nor are {self.missing - 1} other files" if self.missing > 1 else ""
        return EvidenceVerdict(
            indication=Indication.INDETERMINATE,
            explanation=f"is not there{others}; what is there is as it was signed",
            place=self.first_missing,
            remarks=remarks,
        )

    async def _bundles(self) -> AsyncGenerator[tuple[Tile, _Found, _Found], None]:
        """All bundles in their order with their tiles of level 0, a few of them read ahead."""
        waiting: deque[tuple[Tile, _Reading]] = deque()
        try:
            for index in range(-(-self.size // TILE_WIDTH)):
                bundle = tile_of(ENTRIES, index, self.size)
                both = (read_grown(self.source, bundle), read_grown(self.source, replace(bundle, level=0)))
                waiting.append((bundle, asyncio.gather(*both)))
                if len(waiting) > _AHEAD:
                    yield await _first(waiting)
            while waiting:
                yield await _first(waiting)
        finally:
            for _, reading in waiting:
                reading.cancel()
            await asyncio.gather(*(reading for _, reading in waiting), return_exceptions=True)

    async def _leaves(self, bundle: Tile, found: _Found, tile_found: _Found) -> list[bytes]:
        """The leaf hashes of a bundle, computed from its entries and compared with the tile of level 0."""
        tile = replace(bundle, level=0)
        if found is None:
            self._miss(bundle)
            if tile_found is None:
                raise CannotTell(bundle.path, "is not there, nor is its tile")
            return contents_of(*tile_found)[: tile.width]
        form, content = found
        entries = contents_of(form, content)
        for other, kept in await other_forms(self.source, bundle, form):
            compare(other, kept, entries)
        leaves = [sha256(b"\x00" + entry).digest() for entry in entries[: bundle.width]]
        await self._check_tile(tile, leaves, tile_found)
        return leaves

    async def _rise(self, root: bytes) -> None:
        """Put a full tile's root into the tile above it; where that is full itself, check it and go on upwards."""
        size = self.frontier.size >> TILE_HEIGHT
        for level in range(1, len(self.rising) + 2):
            if level > len(self.rising):
                self.rising.append([])
            hashes = self.rising[level - 1]
            hashes.append(root)
            if len(hashes) < TILE_WIDTH:
                return
            size >>= TILE_HEIGHT
            tile = Tile(level, size - 1)
            await self._check_tile(tile, hashes, await read_grown(self.source, tile))
            root = root_of(hashes)
            self.rising[level - 1] = []

    async def _check_tile(self, tile: Tile, wanted: list[bytes], found: _Found) -> None:
        """Compare a tile, as it was found and in all other forms that are kept, with the hashes it must have."""
        if found is None:
            self._miss(tile)
        else:
            compare(found[0], contents_of(*found), wanted)
        for other, kept in await other_forms(self.source, tile, found[0] if found else tile):
            compare(other, kept, wanted)

    def _check_heads(self, leaves: list[bytes]) -> None:
        """Compare the root of every checkpoint whose size is reached with these leaves."""
        while self.heads and self.heads[0][1].size <= self.frontier.size + len(leaves):
            path, head = self.heads.popleft()
            edge = Frontier(self.frontier.size, self.frontier.hashes)
            edge.extend(leaves[: head.size - edge.size])
            if edge.root() != head.root:
                raise Tampered(path, f"its root is not that of the first {head.size} entries")

    def _miss(self, tile: Tile) -> None:
        self.first_missing = self.first_missing or tile.path
        self.missing += 1

    def _remark(self, tile: Tile) -> None:
        reach = self.size >> TILE_HEIGHT * max(tile.level, 0)
        if tile.index * TILE_WIDTH + tile.width > reach and len(self.remarks) < _REMARKS:
            self.remarks.append(f"{tile.path} reaches beyond the newest checkpoint, which does not vouch for all of it")


def _folder(source: LogSource) -> FolderSource:
    if not isinstance(source, FolderSource):
        raise ValueError("only a folder can be held to be exact")
    return source


async def _first(waiting: deque[tuple[Tile, _Reading]]) -> tuple[Tile, _Found, _Found]:
    """The bundle that has been read the longest, and its tile."""
    bundle, reading = waiting[0]
    found, tile_found = await reading
    waiting.popleft()
    return bundle, found, tile_found
