"""Delivering: the worker of one process, woken by the database."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from gateway.app.opening import Gateway
from gateway.core.reason import Deferred
from gateway.core.secret import Secret
from gateway.core.transmission import Transmission
from gateway.pipeline import Counterparts, dispatch
from gateway.store.guard import guarded
from gateway.store.pool import DatabaseUnavailable, connect
from gateway.worker import Worker
from monitoring.log import logger

__all__ = ["make_worker", "wake_by_database"]

#: Seconds between two tries to listen again; the worker looks by itself meanwhile.
_LISTEN_AGAIN = 5.0


def make_worker(gateway: Gateway, counterparts: Counterparts | None = None) -> Worker:
    """Make the worker of this process; `counterparts` are the gateway's own, or these, which watch them."""
    work = gateway.settings.work
    codes = {item.code for item in gateway.settings.counterpart}

    async def carry(transmission: Transmission) -> str:
        return await dispatch(transmission, counterparts or gateway.counterparts, gateway.line)

    return Worker(
        outbox=gateway.outbox,
        dispatch=carry,
        log=logger("worker"),
        # a place for everybody, however slow all others are at once, and one more for routing
        at_once=max(work.at_once, work.per_counterpart * len(codes) + 1),
        per_counterpart=work.per_counterpart,
        lease=timedelta(seconds=work.lease_seconds),
        look=timedelta(seconds=work.look_seconds),
    )


async def wake_by_database(worker: Worker, dsn: Secret) -> None:
    """Listen on a connection of its own and wake the worker; connect again for as long as it takes."""
    lost = asyncio.Event()

    def notified(*_: Any) -> None:
        worker.wake()

    while True:
        with suppress(DatabaseUnavailable, Deferred, OSError), guarded():
            connection = await connect(dsn, application="pouch listen")
            lost.clear()
            connection.add_termination_listener(lambda _: lost.set())
            try:
                await connection.add_listener("transmission", notified)
                worker.wake()
                await lost.wait()
            finally:
                await connection.close(timeout=2)
        await asyncio.sleep(_LISTEN_AGAIN)
