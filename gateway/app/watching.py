"""Watching: the ops port of a gateway, served by its supervisor so that it answers while workers come and go."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from socket import socket
from typing import Final

from gateway.app.opening import meter_for
from gateway.app.system import SystemClock
from gateway.endpoints.ops import OpsDoor, make_ops_door
from gateway.endpoints.server import Listening, listen, open_socket
from gateway.settings import Settings, SettingsError
from gateway.store.guard import guarded
from gateway.store.pool import Pool
from monitoring.scrape import metrics_text

__all__ = ["bind_watch", "open_watch"]

#: Seconds: beyond this the machine's clock and the database's disagree about what is expired.
_CLOCK_LIMIT: Final = 60.0


def bind_watch(settings: Settings) -> socket:
    """Take the ops port, which only one supervisor can; SettingsError."""
    try:
        return open_socket(settings.ops.listen)
    except OSError as error:
        raise SettingsError(
            f"ops.listen: {settings.ops.listen} cannot be opened: {error.strerror}; does this gateway run already?"
        ) from None


async def open_watch(
    settings: Settings, bound: socket, pool: Pool, ping: str, metrics: Path, workers: Callable[[], int]
) -> Listening:
    """Serve the ops port that `bind_watch` took. `workers` says how many are alive."""

    async def database() -> str | None:
        with guarded():
            theirs = await pool.fetchval(ping)
        skew = abs((SystemClock().now() - theirs).total_seconds())
        return "the clocks of gateway and database differ" if skew > _CLOCK_LIMIT else None

    async def disk() -> str | None:
        free = shutil.disk_usage(settings.gateway.storage).free
        return None if free >= settings.gateway.reserve_bytes else "too little room: new work is refused"

    async def crew() -> str | None:
        return None if workers() else "no worker is alive"

    async def front() -> str | None:
        host, _, port = settings.front_door.listen.rpartition(":")
        try:
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            return "no worker listens yet"
        writer.close()
        return None

    meter = meter_for(settings)
    door = OpsDoor(
        probes={"database": database, "disk": disk, "worker": crew, "front door": front},
        metrics=lambda: metrics_text(meter, metrics),
    )
    return await listen(make_ops_door(door), bound, idle=settings.front_door.idle_seconds)
