"""Exporting the ledger as static files that verify without us (`pouch ledger export`; C2SP tlog-tiles)."""

import asyncio
from itertools import chain
from pathlib import Path

from gateway.app.ledger_check import opened_ledger
from gateway.app.log_keys import hosted_of
from gateway.settings import Settings
from gateway.store.durable import replace_file
from gateway.store.ledger_read import LedgerDamaged
from gateway.wire.tlog_tiles import ENTRIES, MalformedLog, Tile, bundles_of, is_implied, parse_tile_path, tiles_of

__all__ = ["NotExported", "export_log"]


class NotExported(Exception):
    """There is no checkpoint yet, or the ledger is not whole; the text says which."""


async def export_log(settings: Settings, folder: Path, office: str | None = None) -> int:
    """Write an office's log, the first hosted one's by default, up to its newest checkpoint; gives its size.

    An earlier export in the same folder grows: full tiles that are there stay as they are. The checkpoint is written
    after them, so that it never says more than is there; last, the partial tiles that no checkpoint in the folder
    implies any more are removed, so that the folder is exactly what its checkpoints imply (`verify --dir --exact`).
    Raises NotExported, OSError, SettingsError, CannotOpen, Deferred(DATABASE_UNAVAILABLE).
    """
    hosted = hosted_of(settings, office)
    async with opened_ledger(settings, hosted) as (ledger, _):
        head = await ledger.newest(hosted)
        if head is None:
            raise NotExported("no checkpoint is signed yet: is ledger.keys set, and has the gateway run?")
        for tile in chain(tiles_of(head.size), bundles_of(head.size)):
            if not _is_there(folder, tile):
                try:
                    content = await (ledger.bundle if tile.level == ENTRIES else ledger.tile)(hosted, tile)
                except LedgerDamaged as damage:
                    raise NotExported(str(damage)) from None
                _write(folder / tile.path, content)
        _write(folder / "checkpoint", head.note)
    await asyncio.to_thread(_remove_superseded, folder, head.size)
    return head.size


def _remove_superseded(folder: Path, size: int) -> None:
    kept = [int(path.suffix[1:]) for path in folder.glob("checkpoint.*") if path.suffix[1:].isdecimal()]
    for path in sorted(folder.glob("tile/**/*.p/*")):
        try:
            tile = parse_tile_path(path.relative_to(folder).as_posix())
        except MalformedLog:
            continue
        if not is_implied(tile, [size, *kept]):
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()


def _is_there(folder: Path, tile: Tile) -> bool:
    return tile == tile.full and (folder / tile.path).exists()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content, mode=0o644)
