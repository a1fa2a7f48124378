"""The ops door: whether the process lives, whether it is ready for work, and its metrics. For the operator's network.

Rules: no request here changes anything or costs more than a look; answers hold words of ours and no values.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from aiohttp import web

from gateway.core.reason import Deferred
from gateway.endpoints.middleware import SECURITY_HEADERS
from monitoring.log import logger
from monitoring.scrape import CONTENT_TYPE

__all__ = ["OpsDoor", "Probe", "make_ops_door"]

#: Looks at one thing that must be in order; gives what is wrong in a few words, or None. It may raise Deferred.
Probe = Callable[[], Awaitable[str | None]]

#: Seconds that a probe may take.
_PATIENCE: Final = 5.0
_FINE: Final = "ok"

_log = logger("ops")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpsDoor:
    """`probes` by name (database, disk, clock, worker); `metrics` gives the page, and may read files."""

    probes: Mapping[str, Probe]
    metrics: Callable[[], bytes]


def make_ops_door(door: OpsDoor) -> web.Application:
    """Make the application of the ops port."""
    app = web.Application(client_max_size=1)

    async def healthz(request: web.Request) -> web.StreamResponse:
        return _answer({"alive": True})

    async def readyz(request: web.Request) -> web.StreamResponse:
        found = await asyncio.gather(*(_look(name, probe) for name, probe in door.probes.items()))
        ready = all(word == _FINE for word in found)
        told = {"ready": ready, "probes": dict(zip(door.probes, found, strict=True))}
        return _answer(told, status=200 if ready else 503)

    async def metrics(request: web.Request) -> web.StreamResponse:
        page = await asyncio.to_thread(door.metrics)
        return web.Response(body=page, headers={**SECURITY_HEADERS, "Content-Type": CONTENT_TYPE})

    for path, handler in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics)):
        app.router.add_get(path, handler)
    return app


async def _look(name: str, probe: Probe) -> str:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await probe() or _FINE
    except TimeoutError:
        return "no answer"
    except Deferred as error:
        return error.reason.text
    except Exception as bug:
        _log.error("a probe failed", probe=name, exc_info=bug)
        return "failed"


def _answer(told: Mapping[str, object], *, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(told), headers={**SECURITY_HEADERS, "Content-Type": "application/json"}
    )
