"""Serving an application on a socket: HTTP limits, TLS, several processes on one port, and an orderly end.

Rules:
- What is not HTTP is answered by `unreadable`, or with an empty 400: the library's own text quotes what came.
- A request's head must be complete within the idle time (aiohttp's keep-alive timer runs from the first moment).
- The end: no new connections, then those inside finish, then the rest is cut.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from gateway.endpoints.presence import Presence
from gateway.endpoints.tls import TlsFiles

__all__ = ["Listening", "Unreadable", "listen", "open_socket"]

#: Bytes of a request line and of one header; how many headers.
_LONGEST: Final = 8190
_MOST_HEADERS: Final = 64
#: Seconds: for a TLS handshake, and for reading on what a caller still sends after it was refused.
_HANDSHAKE: Final = 15.0
_LINGERING: Final = 5.0
#: Seconds that what is still inside after its grace gets to take notice.
_CUT: Final = 0.1
_BACKLOG: Final = 1024


def open_socket(address: str, *, shared: bool = False) -> socket.socket:
    """Bind to `host:port` (IPv6 in brackets); `shared` lets other processes listen there too. OSError."""
    host, _, port = address.rpartition(":")
    found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, where = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(where)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


#: Answers what the library ended with this status and cause, before a handler saw it or behind its back.
Unreadable = Callable[[web.BaseRequest, int, BaseException | None], web.Response]


class _Connection(RequestHandler):
    """One connection; says nothing of what it could not read."""

    __slots__ = ("_unreadable",)

    def __init__(self, *arguments: Any, unreadable: Unreadable, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._unreadable = unreadable

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what never reached a handler, or left it as a lost connection."""
        if request.writer.output_size > 0:
            raise ConnectionError
        response = self._unreadable(request, status, exc)
        response.force_close()
        return response


def _say_nothing(request: web.BaseRequest, status: int, cause: BaseException | None) -> web.Response:
    return web.Response(status=status, headers={"Server": "pouch", "Cache-Control": "no-store"})


class _Site(web.BaseSite):
    """A socket whose connections are ours."""

    __slots__ = ("_options", "_socket")

    def __init__(
        self, runner: web.BaseRunner, bound: socket.socket, tls: TlsFiles | None, options: dict[str, Any]
    ) -> None:
        super().__init__(runner, ssl_context=tls.context if tls else None, backlog=_BACKLOG)
        self._socket = bound
        self._options = options

    @property
    def name(self) -> str:
        host, port = self._socket.getsockname()[:2]
        return f"{'https' if self._ssl_context else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"

    async def start(self) -> None:
        await super().start()
        loop = asyncio.get_running_loop()
        server = self._runner.server
        self._server = await loop.create_server(
            lambda: _Connection(server, loop=loop, **self._options),  # set up before
            sock=self._socket,
            ssl=self._ssl_context,
            backlog=_BACKLOG,
            ssl_handshake_timeout=_HANDSHAKE if self._ssl_context else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """An open door. `url` is where it listens, with the port it got."""

    url: str
    _site: _Site
    _runner: web.AppRunner
    _presence: Presence | None
    _watching: "asyncio.Task[None] | None"

    async def stop(self, grace: float = 20.0) -> None:
        """Close the door: those inside have `grace` seconds to finish, uploads included."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        await self._site.stop()
        if self._presence is not None:
            await self._presence.leave(grace)
        await self._runner.cleanup()


async def listen(
    app: web.Application,
    bound: socket.socket,
    *,
    idle: float,
    tls: TlsFiles | None = None,
    presence: Presence | None = None,
    unreadable: Unreadable = _say_nothing,
) -> Listening:
    """Serve `app` on a bound socket, plain or with TLS, whose files are watched; `idle` in seconds."""
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=_CUT)
    await runner.setup()
    options = {
        "access_log": None,
        "keepalive_timeout": idle,
        "max_line_size": _LONGEST,
        "max_field_size": _LONGEST,
        "max_headers": _MOST_HEADERS,
        "lingering_time": _LINGERING,
        "auto_decompress": False,
        "unreadable": unreadable,
    }
    site = _Site(runner, bound, tls, options)
    try:
        await site.start()
    except BaseException:
        await runner.cleanup()
        raise
    watching = asyncio.create_task(tls.watch()) if tls else None
    return Listening(url=site.name, _site=site, _runner=runner, _presence=presence, _watching=watching)
