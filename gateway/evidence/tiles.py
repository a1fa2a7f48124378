"""Tiles and bundles read from a log, as exactly as their names say, and compared with what they must hold.

Rules: a file holds as many hashes or entries as its name says, no more and no fewer; a tile that has grown since may
stand for a partial one (tlog-tiles, Partial Tiles), and where several forms are kept, all of them are compared.
"""

from collections.abc import Sequence
from typing import Final

from gateway.core.merkle import HASH_SIZE
from gateway.evidence.findings import Tampered
from gateway.evidence.sources import LogSource
from gateway.wire.tlog_tiles import (
    BUNDLE_LIMIT,
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    MalformedLog,
    Tile,
    parse_bundle,
    parse_tile,
    split_tile,
)

__all__ = ["compare", "contents_of", "other_forms", "read_contents", "read_grown"]

_TILE_BYTES: Final = TILE_WIDTH * HASH_SIZE


async def read_grown(source: LogSource, tile: Tile) -> tuple[Tile, bytes] | None:
    """Read a tile or bundle, or the full one it has grown to be, and say which; None if neither is there."""
    for form in dict.fromkeys((tile, tile.full)):
        if (content := await source.read(form.path, _limit(form))) is not None:
            return form, content
    return None


async def read_contents(source: LogSource, tile: Tile) -> list[bytes] | None:
    """Read the hashes of a tile, or the entries of a bundle, as many as `tile` says; None if it is not there."""
    found = await read_grown(source, tile)
    return None if found is None else contents_of(*found)[: tile.width]


async def other_forms(source: LogSource, tile: Tile, read: Tile) -> list[tuple[Tile, list[bytes]]]:
    """Read all partial forms that are kept of this tile or bundle, but the one that was `read` already."""
    forms = []
    for form in await source.partials(tile):
        if form != read and (content := await source.read(form.path, _limit(form))) is not None:
            forms.append((form, contents_of(form, content)))
    return forms


def contents_of(tile: Tile, content: bytes) -> list[bytes]:
    """Split what a file holds; Tampered unless it is exactly what its name says."""
    try:
        return parse_bundle(content, tile.width) if tile.level == ENTRIES else split_tile(parse_tile(tile, content))
    except MalformedLog as error:
        raise Tampered(tile.path, str(error)) from None


def compare(tile: Tile, found: Sequence[bytes], wanted: Sequence[bytes]) -> None:
    """Compare as far as both reach; Tampered names the first entry, or the first below the first node, that differs."""
    both = min(len(found), len(wanted))
    if found[:both] == wanted[:both]:
        return
    place = next(place for place in range(both) if found[place] != wanted[place])
    first = (tile.index * TILE_WIDTH + place) << TILE_HEIGHT * max(tile.level, 0)
    if tile.level > 0:
        raise Tampered(tile.path, f"its hash over the entries from {first} on is not theirs")
    if tile.level == 0:
        raise Tampered(tile.path, f"its hash of entry {first} is not that of the entry")
    raise Tampered(tile.path, f"its entry {first} is another than elsewhere in the log")


def _limit(tile: Tile) -> int:
    return BUNDLE_LIMIT if tile.level == ENTRIES else _TILE_BYTES
