"""The installation as an HTTP server: `/IpasServices/IpasServices` for clients, `/_sandbox/` for those who watch it.

Rules: what is not among the known operations ends in a fault; raw SQL and deletions are recorded as `forbidden`,
since a careful client never calls them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from lxml import etree

from sandbox.hostility import Hostility, Switch, hostile_middleware
from sandbox.ipas.archive import Archive
from sandbox.ipas.config import Settings
from sandbox.ipas.desk import Desk, Values
from sandbox.ipas.faults import ClientFault, IpasFault, ServerFault
from sandbox.ipas.manners import Manners, obey
from sandbox.ipas.register import Register
from sandbox.ipas.shapes import OPERATIONS
from sandbox.ipas.soap import read_operation, write_fault, write_response
from sandbox.ipas.values import read_fields
from sandbox.record import Record, utc_now

__all__ = ["PATH", "Installation", "make_app"]

PATH = "/IpasServices/IpasServices"

#: Bytes of one request; the content of documents comes as base64 inside it.
_LARGEST = 512 * 1024 * 1024

_OPERATION = web.RequestKey("operation", str)
_ELEMENT = web.RequestKey("element", etree._Element)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One IPAS: its state, what it did, and how it behaves."""

    desk: Desk
    record: Record
    hostility: Hostility
    manners: Manners

    @classmethod
    def start(
        cls,
        settings: Settings,
        *,
        hostility: Hostility | None = None,
        manners: Manners | None = None,
        state: Path | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> Installation:
        """Make one from its settings; `state` is the file that keeps it over a restart."""
        record = Record(now)
        today = now().astimezone(settings.zone).date()
        register = Register.start(settings, state, today)
        return cls(
            desk=Desk(settings=settings, register=register, record=record, now=now),
            record=record,
            hostility=hostility or Hostility(),
            manners=manners or Manners(),
        )

    def operations(self) -> dict[str, Callable[[Values], Any]]:
        """What answers which operation."""
        desk, archive = self.desk, Archive(desk=self.desk)
        return {
            "UserdocReceive": desk.receive,
            "UserdocRead": desk.read_userdoc,
            "UserdocCheckIntegrityForNewDocId": desk.check_new,
            "DailyLogRead": desk.read_log,
            "DailyLogOpen": desk.open_log,
            "DailyLogClose": desk.close_log,
            "DailyLogUndoClose": desk.undo_close,
            "OutputFieldWriteDocument": archive.write_document,
            "OutputFieldReadDocument": archive.read_document,
            "OutputFieldGetFolderContent": archive.list_folder,
            "CommonServicesEnvironmentGetList": archive.list_environments,
            "PatentGetList": archive.list_patents,
            "PatentCount": archive.count_patents,
            "FileRead": archive.read_file,
        }

    async def answer(self, request: web.Request) -> web.Response:
        """One SOAP call whose operation is known by now."""
        name = request[_OPERATION]
        try:
            self.manners.burst(name, after=False)
            arguments = read_fields(request[_ELEMENT], OPERATIONS[name].arguments)
            value = self._bend(name, self.operations()[name](arguments))
            self.manners.burst(name, after=True)
        except (IpasFault, ClientFault, ServerFault) as fault:
            return _fault(fault)
        odd = self.hostility.strikes(Switch.ODD_IDS, name) is not None
        return _xml(200, write_response(name, value, odd=odd, nil=self.manners.nil_items))

    def _bend(self, name: str, value: Any) -> Any:
        if isinstance(value, list):
            return self.hostility.order(value, name)
        if name == "OutputFieldReadDocument" and self.hostility.strikes(Switch.WRONG_SIZE, name):
            return value | {"content": value["content"][:-1]}
        return value

    @web.middleware
    async def recognise(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Read the message and find its operation, so that the rest knows what is called."""
        if request.path != PATH or request.method != "POST":
            return await handler(request)
        if request.content_type != "text/xml":
            return web.Response(status=415)
        try:
            if request.headers.get("SOAPAction") != '""':
                raise ClientFault("The SOAPAction is not the empty text in quotation marks")
            element = read_operation(await request.read())
            name = etree.QName(element).localname
            if name not in OPERATIONS:
                forbidden = name.startswith("Sql") or "Delete" in name
                self.record.append("forbidden" if forbidden else "unknown-operation", operation=name)
                raise ClientFault(f"Cannot find dispatch method for {element.tag}")
        except ClientFault as fault:
            return _fault(fault)
        request[_OPERATION], request[_ELEMENT] = name, element
        return await handler(request)

    async def show_record(self, request: web.Request) -> web.Response:
        """What was done so far: `?kind=` narrows it."""
        return web.json_response(self.record.view(request.query.get("kind")))

    async def show_hostility(self, _: web.Request) -> web.Response:
        """The behaviours in force."""
        return web.json_response({**self.hostility.view(), **self.manners.view()})

    async def change_hostility(self, request: web.Request) -> web.Response:
        """Switch behaviours on or off; see `manners.obey`."""
        try:
            obey(json.loads(await request.read()), self.hostility, self.manners)
        except (ValueError, TypeError, KeyError, AttributeError):
            return web.Response(status=400, text="not a behaviour; see sandbox.ipas.manners.obey\n")
        return await self.show_hostility(request)


def make_app(installation: Installation) -> web.Application:
    """The aiohttp application of one installation."""
    app = web.Application(
        client_max_size=_LARGEST,
        middlewares=[
            installation.recognise,
            hostile_middleware(installation.hostility, lambda request: request.get(_OPERATION)),
        ],
    )
    app.router.add_post(PATH, installation.answer)
    app.router.add_get("/_sandbox/record", installation.show_record)
    app.router.add_get("/_sandbox/hostility", installation.show_hostility)
    app.router.add_post("/_sandbox/hostility", installation.change_hostility)
    return app


def _fault(fault: Exception) -> web.Response:
    return _xml(500, write_fault(fault))


def _xml(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="text/xml", charset="utf-8")
