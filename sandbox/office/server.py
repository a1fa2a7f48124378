"""The foreign office put together behind one aiohttp application."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.hostility import Hostility, hostile_middleware
from sandbox.office import endpoint, window
from sandbox.office.config import Settings
from sandbox.office.foreign import OFFICE, ForeignOffice
from sandbox.record import utc_now

__all__ = ["build"]

_TIMEOUT = aiohttp.ClientTimeout(total=300, connect=30, sock_read=60)
_LARGEST_BODY = 65_536


def build(
    settings: Settings,
    *,
    hostility: Hostility | None = None,
    outgoing: ssl.SSLContext | None = None,
    now: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
) -> tuple[web.Application, ForeignOffice]:
    """The application and its office; call `office.listens(origin)` once the socket is open.

    Reads the private key; raises ValueError or OSError if it cannot be used.
    """
    office = ForeignOffice(settings, hostility=hostility or Hostility(), now=now, sleep=sleep)
    app = web.Application(
        middlewares=[hostile_middleware(office.hostility, endpoint.operation_of), endpoint.authenticating],
        client_max_size=_LARGEST_BODY,
    )
    app[OFFICE] = office
    app.add_routes(endpoint.routes() + window.routes())
    app.cleanup_ctx.append(_outgoing_calls(outgoing))
    return app, office


def _outgoing_calls(context: ssl.SSLContext | None) -> Callable[[web.Application], AsyncIterator[None]]:
    async def running(app: web.Application) -> AsyncIterator[None]:
        office = app[OFFICE]
        connector = aiohttp.TCPConnector(ssl=True if context is None else context)
        async with aiohttp.ClientSession(
            timeout=_TIMEOUT, connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            office.http = session
            yield
            await office.close()
            office.http = None

    return running
