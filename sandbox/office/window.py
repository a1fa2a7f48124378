"""The sandbox's own window at the office, no part of DAS: record, hostility, and errands on demand."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import msgspec
from aiohttp import web

from sandbox.office.config import Document, Wanted
from sandbox.office.foreign import OFFICE
from sandbox.orders import obey

__all__ = ["routes"]

T = TypeVar("T")


async def get_record(request: web.Request) -> web.Response:
    """`{"counters", "effects"}`, the effects in order; `?kind=` keeps one kind."""
    return web.json_response(request.app[OFFICE].record.view(request.query.get("kind")))


async def get_retrieved(request: web.Request) -> web.Response:
    """`{acknowledgement: file}` of what was retrieved, as paths on this machine."""
    office = request.app[OFFICE]
    folder = Path(office.settings.folder)
    return web.json_response({ack: str(folder / name) for ack, name in office.errands.retrieved.items()})


async def post_register(request: web.Request) -> web.Response:
    """Keep a document and register it; 202 and the rest in the record."""
    office = request.app[OFFICE]
    document = await _read(request, Document)
    office.library.keep(document)
    office.spawn(office.errands.register(document))
    return web.Response(status=HTTPStatus.ACCEPTED)


async def post_retrieve(request: web.Request) -> web.Response:
    """Retrieve a document; 202 and the rest in the record."""
    office = request.app[OFFICE]
    office.spawn(office.errands.retrieve(await _read(request, Wanted)))
    return web.Response(status=HTTPStatus.ACCEPTED)


async def post_hostility(request: web.Request) -> web.Response:
    """Switch behaviour at run time by an `orders.Order`; answers seed, rules in force and what struck."""
    try:
        return web.json_response(obey(await request.read(), request.app[OFFICE].hostility))
    except msgspec.MsgspecError as wrong:
        raise web.HTTPBadRequest(text=str(wrong)) from None


def routes() -> list[web.RouteDef]:
    """Everything below `/_sandbox`."""
    return [
        web.get("/_sandbox/record", get_record, name="sandbox-record"),
        web.get("/_sandbox/retrieved", get_retrieved, name="sandbox-retrieved"),
        web.post("/_sandbox/register", post_register, name="sandbox-register"),
        web.post("/_sandbox/retrieve", post_retrieve, name="sandbox-retrieve"),
        web.post("/_sandbox/hostility", post_hostility, name="sandbox-set-hostility"),
    ]


async def _read(request: web.Request, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.read(), type=shape)
    except msgspec.MsgspecError as wrong:
        raise web.HTTPBadRequest(text=str(wrong)) from None
