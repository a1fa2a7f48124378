"""The log as static files: /ledger/checkpoint, /ledger/tile/... and /ledger/tile/entries/... (C2SP tlog-tiles).

Below /ledger/witnessed there is the same log up to its newest cosigned checkpoint, for clients that want a witness.

Rules: what is full never changes and may be kept by who fetched it; nothing beyond the newest checkpoint is given.
"""

from typing import Final

from aiohttp import web

from gateway.core.reason import Reason, Refused
from gateway.endpoints.ledger.asking import Asked, ask, newest, with_cosignatures
from gateway.endpoints.middleware import Visit
from gateway.wire.tlog_tiles import ENTRIES, TILE_WIDTH, MalformedLog, Tile, parse_tile_path, tile_of

__all__ = ["TEXT", "get_checkpoint", "get_cosigned", "get_tile"]

TEXT: Final = "text/plain; charset=utf-8"
_BYTES: Final = "application/octet-stream"
_FOR_EVER: Final = "private, max-age=31536000, immutable"


async def get_checkpoint(visit: Visit) -> web.StreamResponse:
    """Give the newest signed checkpoint with the cosignatures known for it; Refused(LEDGER_SIZE_NOT_SIGNED)."""
    asked = ask(visit)
    head = await newest(asked)
    return web.Response(body=await with_cosignatures(asked, head), headers={"Content-Type": TEXT})


async def get_cosigned(visit: Visit) -> web.StreamResponse:
    """Give the newest checkpoint that a witness has cosigned, with its lines; Refused(LEDGER_SIZE_NOT_SIGNED)."""
    asked = ask(visit)
    head = await asked.log.newest_cosigned(asked.hosted, 0)
    if head is None:
        raise Refused(Reason.LEDGER_SIZE_NOT_SIGNED)
    return web.Response(body=await with_cosignatures(asked, head), headers={"Content-Type": TEXT})


async def get_tile(visit: Visit) -> web.StreamResponse:
    """Give a tile or a bundle of entries, full or partial."""
    asked = ask(visit)
    try:
        tile = parse_tile_path(f"tile/{visit.request.match_info['tile']}")
    except MalformedLog:
        raise Refused(Reason.NO_SUCH_ADDRESS) from None
    await _check_reach(asked, tile)
    content = await (asked.log.bundle if tile.level == ENTRIES else asked.log.tile)(asked.hosted, tile)
    headers = {"Content-Type": _BYTES}
    if tile.width == TILE_WIDTH:
        headers["Cache-Control"] = _FOR_EVER
    return web.Response(body=content, headers=headers)


async def _check_reach(asked: Asked, tile: Tile) -> None:
    """Refused(LEDGER_OUT_OF_RANGE) for a tile that the newest checkpoint does not cover."""
    head = await newest(asked)
    try:
        reached = tile_of(tile.level, tile.index, head.size)
    except ValueError:
        raise Refused(Reason.LEDGER_OUT_OF_RANGE) from None
    if tile.width > reached.width:
        raise Refused(Reason.LEDGER_OUT_OF_RANGE)
