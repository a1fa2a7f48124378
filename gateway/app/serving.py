"""Serving: one worker process of the gateway: its front door, its delivery and its housekeeping, until told to stop.

Rules: the end is orderly: claim nothing more, let those inside finish, then close; a second process serves meanwhile.
"""

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from gateway.app.anchoring import Anchoring
from gateway.app.attendance import Attendance
from gateway.app.declaring import Declarer
from gateway.app.delivering import make_worker, wake_by_database
from gateway.app.housekeeping import keep_house
from gateway.app.ledger_check import SelfCheck
from gateway.app.opening import Gateway, open_gateway
from gateway.app.parent import watch_parent
from gateway.app.reconciling import make_reconciling
from gateway.app.sequencing import sequence
from gateway.app.watched_links import WatchedLinks
from gateway.app.witness import make_witness
from gateway.core.office import OfficeCode
from gateway.core.secret import Secret
from gateway.endpoints.door import Door, Limits
from gateway.endpoints.front import make_front_door
from gateway.endpoints.ledger.log import LogReading
from gateway.endpoints.presence import Presence
from gateway.endpoints.server import listen, open_socket
from gateway.endpoints.tls import TlsFiles, describe_fault
from gateway.endpoints.unreadable import make_unreadable
from gateway.settings import Settings, SettingsError
from monitoring.log import logger

__all__ = ["deliver_only", "make_door", "serve"]

_log = logger("serving")

#: What a process does beside the traffic, until cancelled.
_Duty = Callable[[], Coroutine[Any, Any, None]]


async def serve(
    settings: Settings, dsn: Secret, *, metrics: Path | None, slot: int, listens: Callable[[str], None]
) -> None:
    """Open the front door on the shared port and deliver, until SIGTERM or until the supervisor is gone.

    `listens` is told the address when the door is open.
    """
    async with open_gateway(settings, dsn, metrics=metrics, slot=slot) as gateway, AsyncExitStack() as stack:
        _settle_collector()
        front = settings.front_door
        anchoring = Anchoring(gateway)
        door, presence = make_door(gateway), Presence(_limits(settings))
        tls = _load_tls(settings)
        try:
            bound = open_socket(front.listen, shared=True)
        except OSError as error:
            raise SettingsError(f"front_door.listen: {front.listen} cannot be opened: {error.strerror}") from None
        listening = await listen(
            make_front_door(door, presence),
            bound,
            idle=front.idle_seconds,
            tls=tls,
            presence=presence,
            unreadable=make_unreadable(door, presence),
        )
        stack.push_async_callback(listening.stop)
        declarer = Declarer(gateway)
        links = WatchedLinks(gateway.counterparts, gateway.line.clock)
        attendance = Attendance(gateway, dsn, links, door=True)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _reload, gateway, tls, declarer)
        listens(listening.url)
        beside = (attendance.run, declarer.run, anchoring.run) if slot == 0 else (attendance.run,)
        await _work(gateway, dsn, links, leading=slot == 0, beside=beside)
        await attendance.farewell()
        _log.info("stopping", slot=slot)


async def deliver_only(settings: Settings, dsn: Secret) -> None:
    """Deliver without a front door (`pouch work`)."""
    async with open_gateway(settings, dsn) as gateway:
        links = WatchedLinks(gateway.counterparts, gateway.line.clock)
        attendance = Attendance(gateway, dsn, links, door=False)
        await _work(gateway, dsn, links, leading=False, beside=(attendance.run,))


async def _work(gateway: Gateway, dsn: Secret, links: WatchedLinks, *, leading: bool, beside: Sequence[_Duty]) -> None:
    worker = make_worker(gateway, links)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    background = [
        asyncio.create_task(wake_by_database(worker, dsn)),
        asyncio.create_task(keep_house(gateway, leading=leading)),
        asyncio.create_task(gateway.standings.keep_reading()),
        *(asyncio.create_task(duty()) for duty in beside),
    ]
    if gateway.settings.ledger.sequencing:
        background.append(asyncio.create_task(sequence(gateway, dsn)))
    if leading:
        background.append(asyncio.create_task(SelfCheck(gateway).run()))
    running = asyncio.create_task(worker.run())
    watch_parent(stopping)
    await asyncio.wait({running, asyncio.create_task(stopping.wait())}, return_when=asyncio.FIRST_COMPLETED)
    worker.stop()
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
    await running


def _settle_collector() -> None:
    """What is loaded stays for ever and need not be looked at again; messages leave few cycles behind."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _limits(settings: Settings) -> Limits:
    front = settings.front_door
    return Limits(
        inline=front.inline_limit,
        body=front.body_limit,
        messages_per_second=front.messages_per_second,
        burst=front.burst,
        idle=front.idle_seconds,
    )


def _load_tls(settings: Settings) -> TlsFiles | None:
    certificate, key = settings.front_door.tls_certificate, settings.front_door.tls_key
    if certificate is None or key is None:
        return None
    try:
        return TlsFiles(certificate, key)
    except OSError as error:
        fault = describe_fault(certificate, key, error)
        raise SettingsError(f"front_door.tls_certificate, tls_key: {fault}") from None


def make_door(gateway: Gateway) -> Door:
    """Give the front door what it needs of an open gateway."""
    return Door(
        line=gateway.line,
        crowd=gateway.crowd,
        limits=_limits(gateway.settings),
        public_url=gateway.settings.front_door.public_url,
        tokens=gateway.desk,
        assertions=gateway.assertions,
        ledger=LogReading(
            log=gateway.ledger,
            readers=frozenset(map(OfficeCode, gateway.settings.ledger.readers)),
            witness=make_witness(gateway),
        ),
        reconciling=make_reconciling(gateway),
    )


def _reload(gateway: Gateway, tls: TlsFiles | None, declarer: Declarer) -> None:
    """SIGHUP: take offices file and certificate as they are now; what cannot be used changes nothing."""
    try:
        gateway.reload()
        _log.info("the offices file is loaded")
    except SettingsError as error:
        _log.error("the offices file cannot be used, the former one stays", place=str(error))
    if tls is not None:
        tls.reload()
    declarer.wake()
