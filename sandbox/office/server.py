"""The foreign office put together behind one aiohttp application."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.hostility import Hostility, hostile_middleware
from sandbox.office import endpoint, window
from sandbox.office.config import Settings
from sandbox.office.foreign import OFFICE, ForeignOffice
from sandbox.record import utc_now
from sandbox.serving import calling_out

__all__ = ["build"]

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
    app.cleanup_ctx.append(calling_out(office, outgoing))
    return app, office
