"""The authority as an HTTP server: requests to `/`, its root certificate at `/root.pem`, `/_sandbox/` for who watches.

Source: RFC 3161, 3.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.hostility import Hostility, hostile_middleware
from sandbox.record import Record, utc_now
from sandbox.tsa.authority import Authority
from sandbox.tsa.manners import Manners, obey
from sandbox.tsa.stamping import Manner, answer, is_request

__all__ = ["Desk", "make_app"]

#: Bytes of a request: a digest, a nonce and a few words.
_LARGEST = 16 * 1024
#: Bytes of an answer that no client should read to its end.
_HUGE = 8 * 1024 * 1024
_REPLY = "application/timestamp-reply"


@dataclass(slots=True, kw_only=True)
class Desk:
    """One authority: its keys, what it did and how it behaves."""

    authority: Authority
    now: Callable[[], datetime] = utc_now
    hostility: Hostility = field(default_factory=Hostility)
    manners: Manners = field(default_factory=Manners)
    record: Record = field(default_factory=Record)
    serial: int = 0

    def __post_init__(self) -> None:
        self.serial = int(self.now().timestamp() * 1000)  # never one that was given before a restart

    async def stamp(self, request: web.Request) -> web.StreamResponse:
        """Answer one time-stamp request."""
        body = await request.read()
        if request.content_type != "application/timestamp-query" or not is_request(body):
            return web.Response(status=400, text="not a time-stamp request over SHA-256\n")
        manner = self.manners.next()
        self.serial += 1
        self.record.append("stamped", manner=manner.value, serial=self.serial)
        if manner is Manner.REDIRECT:
            return web.Response(status=307, headers={"Location": str(request.url.with_path("/elsewhere"))})
        if manner is Manner.HUGE:
            return web.Response(body=bytes(_HUGE), content_type=_REPLY)
        made = answer(self.authority, body, serial=self.serial, at=self.now(), manner=manner)
        return web.Response(body=made, content_type=_REPLY)

    async def elsewhere(self, request: web.Request) -> web.Response:
        """Where the redirection leads: who comes here followed it."""
        self.record.append("followed")
        return web.Response(status=404)

    async def show_root(self, _: web.Request) -> web.Response:
        """The certificate to trust."""
        pem = self.authority.root.public_bytes(Encoding.PEM)
        return web.Response(body=pem, content_type="application/x-pem-file")

    async def show_record(self, request: web.Request) -> web.Response:
        """What was done so far: `?kind=` narrows it."""
        return web.json_response(self.record.view(request.query.get("kind")))

    async def show_hostility(self, _: web.Request) -> web.Response:
        """The behaviours in force."""
        return web.json_response({**self.hostility.view(), **self.manners.view()})

    async def change_hostility(self, request: web.Request) -> web.Response:
        """Switch behaviours on or off; see `manners.obey`."""
        try:
            obey(await request.read(), self.hostility, self.manners)
        except msgspec.MsgspecError:
            return web.Response(status=400, text="not a behaviour; see sandbox.tsa.manners.obey\n")
        return await self.show_hostility(request)


def make_app(desk: Desk) -> web.Application:
    """The aiohttp application of one authority."""

    def operation_of(request: web.Request) -> str | None:
        return "stamp" if request.method == "POST" and request.path == "/" else None

    app = web.Application(client_max_size=_LARGEST, middlewares=[hostile_middleware(desk.hostility, operation_of)])
    app.router.add_post("/", desk.stamp)
    app.router.add_post("/elsewhere", desk.elsewhere)
    app.router.add_get("/elsewhere", desk.elsewhere)
    app.router.add_get("/root.pem", desk.show_root)
    app.router.add_get("/_sandbox/record", desk.show_record)
    app.router.add_get("/_sandbox/hostility", desk.show_hostility)
    app.router.add_post("/_sandbox/hostility", desk.change_hostility)
    return app
