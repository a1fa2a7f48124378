"""Reading our own entries back from an export (C2SP tlog-tiles): the leaves from one place to another, in order."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.core.merkle import leaf_hash
from gateway.core.office import OfficeCode
from gateway.store.ledger_restore import RestoredEntry
from gateway.wire.tlog_tiles import TILE_WIDTH, MalformedLog, Tile, bundles_of, parse_bundle

__all__ = ["ExportUnusable", "read_entries"]

#: Bytes of a bundle at most: 256 entries, each behind its length.
_BUNDLE_LIMIT: Final = TILE_WIDTH * (2 + 65_535)
_Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]


class ExportUnusable(Exception):
    """The export lacks an entry, or holds one that is not of our log; the text names it."""


class _Leaf(msgspec.Struct, frozen=True):
    """What the columns of an entry are made from; the rest of the leaf stays what it is."""

    id: _Id
    kind: str
    at: datetime
    office: str
    exchange: _Id | None = None


def read_entries(folder: Path, hosted: OfficeCode, start: int, end: int) -> Iterator[RestoredEntry]:
    """Give entries [start, end) of the export in `folder`; ExportUnusable. Waits for the disk."""
    for bundle in bundles_of(end):
        first = bundle.index * TILE_WIDTH
        if first + bundle.width <= start:
            continue
        for place, leaf in enumerate(_read_bundle(folder, bundle), first):
            if place >= start:
                yield _entry(leaf, hosted, place)


def _read_bundle(folder: Path, bundle: Tile) -> list[bytes]:
    """The bundle's entries: of the file of its width, or of one that has grown since."""
    widths = [TILE_WIDTH, *range(bundle.width, TILE_WIDTH)]
    for width in widths:
        path = folder / Tile(bundle.level, bundle.index, width).path
        try:
            with path.open("rb") as file:
                content = file.read(_BUNDLE_LIMIT + 1)
            return parse_bundle(content, width)[: bundle.width]
        except FileNotFoundError:
            continue
        except (OSError, MalformedLog):
            raise ExportUnusable(f"{path} cannot be read") from None
    raise ExportUnusable(f"{folder / bundle.path} is missing")


def _entry(leaf: bytes, hosted: OfficeCode, place: int) -> RestoredEntry:
    try:
        read = msgspec.json.decode(leaf[1:], type=_Leaf)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ExportUnusable(f"entry {place} is none of ours") from None
    if read.office != hosted or read.at.tzinfo is None:
        raise ExportUnusable(f"entry {place} is none of {hosted}")
    return RestoredEntry(
        entry_id=read.id,
        exchange_id=read.exchange,
        step=read.kind,
        at=read.at,
        leaf=leaf,
        leaf_hash=leaf_hash(leaf),
    )
