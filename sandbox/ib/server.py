"""The Bureau put together: its rooms behind one aiohttp application.

Rules: outermost the hostility (nothing we answer escapes it), then refusals, then the bearer, then the call.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.hostility import Hostility, hostile_middleware
from sandbox.ib import (
    auth,
    certificates,
    changes,
    files,
    forwarding,
    introspection,
    registrations,
    retrievals,
    transit,
)
from sandbox.ib.bureau import BUREAU, Bureau
from sandbox.ib.config import Settings, read_client_key
from sandbox.ib.keys import TokenKeys
from sandbox.ib.refusals import operation_of, refusing
from sandbox.ib.state import Memory
from sandbox.ib.timing import Workbench
from sandbox.record import Record, utc_now
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
) -> tuple[web.Application, Bureau]:
    """The application and its Bureau; call `bureau.listens(origin)` once the socket is open.

    Reads the offices' certificates; raises ValueError or OSError for one that cannot be used.
    """
    folder = Path(settings.folder)
    folder.mkdir(parents=True, exist_ok=True)
    bureau = Bureau(
        settings=settings,
        memory=Memory(),
        record=Record(now),
        hostility=hostility or Hostility(),
        keys=TokenKeys(folder),
        client_keys={office.code: read_client_key(Path(office.certificate).read_bytes()) for office in settings.office},
        bench=Workbench(now, sleep),
        now=now,
        sleep=sleep,
    )
    app = web.Application(
        middlewares=[hostile_middleware(bureau.hostility, operation_of), refusing, auth.authenticating],
        client_max_size=_LARGEST_BODY,
    )
    app[BUREAU] = bureau
    app[auth.DESK] = auth.TokenDesk()
    prefix = bureau.prefix
    app.add_routes(auth.routes() + introspection.routes())
    for room in (files, certificates, registrations, changes, retrievals, forwarding, transit):
        app.add_routes(room.routes(prefix))
    app.cleanup_ctx.append(calling_out(bureau, outgoing))
    return app, bureau
