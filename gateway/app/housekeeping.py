"""Housekeeping: what is done every so often beside the traffic: counting, sweeping, forgetting, watching.

Rules: no task of these ends the gateway; what fails is logged and tried again at its next turn.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.app.checking_witnesses import measure_witnesses
from gateway.app.opening import Gateway
from gateway.app.outages import read_listed
from gateway.core.reason import Deferred
from gateway.stages.refuse import tell_crowd
from gateway.store.guard import guarded
from gateway.store.outages import PostgresOutages
from gateway.store.revocation_lists import PostgresRevocationLists
from monitoring.log import logger
from pki.keys import load_certificate

__all__ = ["keep_house"]

_log = logger("housekeeping")

#: Files younger than this may belong to a transaction that is still to be committed.
_SWEEP_AGE: Final = timedelta(days=1)
#: How long an outage that is over is shown to whoever has to decide on a notice.
_RECENT: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chore:
    name: str
    every: float  # seconds
    work: Callable[[Gateway], Awaitable[None]]


async def keep_house(gateway: Gateway, *, leading: bool) -> None:
    """Run the chores until cancelled. Only one process of a gateway is `leading`: it sweeps and measures for all."""
    chores = (_CROWD, *_LEADING) if leading else (_CROWD,)
    try:
        await asyncio.gather(*(_repeat(gateway, chore) for chore in chores))
    finally:
        await tell_crowd(gateway.crowd, gateway.line, everybody=True)


async def _repeat(gateway: Gateway, chore: _Chore) -> None:
    while True:
        try:
            await chore.work(gateway)
        except Deferred as error:
            _log.warning("a chore was put off", chore=chore.name, reason=error.reason.code)
        except Exception as error:
            _log.warning("a chore failed", chore=chore.name, exc_info=error)
        await asyncio.sleep(chore.every)


async def _tell_crowd(gateway: Gateway) -> None:
    await tell_crowd(gateway.crowd, gateway.line)


async def _measure_queue(gateway: Gateway) -> None:
    now = gateway.line.clock.now()
    with guarded():
        rows = await gateway.pool.fetch(gateway.queries["queue_depths"])
        gateway.meter.ledger_entries(int(await gateway.pool.fetchval(gateway.queries["ledger_size"])))
    gateway.meter.queue(
        {(row["counterpart"], row["state"]): (row["depth"], (now - row["oldest"]).total_seconds()) for row in rows}
    )


async def _measure_ledger(gateway: Gateway) -> None:
    now, ledger = gateway.line.clock.now(), gateway.ledger
    waiting = await ledger.waiting()
    for hosted in gateway.log_keys:
        depth, oldest = waiting.get(hosted, (0, now))
        newest = await ledger.newest(hosted)
        gateway.meter.ledger_log(
            hosted,
            size=await ledger.size(hosted),
            waiting=depth,
            lag=(now - oldest).total_seconds(),
            checkpoint_age=(now - newest.created_at).total_seconds() if newest else None,
        )


async def _measure_outages(gateway: Gateway) -> None:
    now = gateway.line.clock.now()
    away = await PostgresOutages(gateway.pool, gateway.queries).links_away()
    gateway.meter.links_away({code: (now - since).total_seconds() for code, since in away.items()})
    for hosted in gateway.log_keys:
        listed, _ = await read_listed(gateway.pool, gateway.queries, hosted, since=now - _RECENT, until=now, at=now)
        unplanned = [each.outage.subject.value for each in listed if not each.is_planned(now)]
        gateway.meter.outages_unplanned(hosted, Counter(unplanned))


async def _watch_revocation(gateway: Gateway) -> None:
    now = gateway.line.clock.now()
    gateway.revocation.watch(now)
    await gateway.revocation.keep(PostgresRevocationLists(gateway.pool, gateway.queries), now)


async def _watch_machine(gateway: Gateway) -> None:
    meter, clock = gateway.meter, gateway.line.clock
    meter.disk_free("storage", gateway.documents.free_bytes())
    with guarded():
        theirs = await gateway.pool.fetchval(gateway.queries["ping"])
    meter.clock_skew((clock.now() - theirs).total_seconds())
    certificates = {str(code): key.certificate for code, key in gateway.signing_keys.items()}
    if path := gateway.settings.front_door.tls_certificate:
        certificates["front-door"] = load_certificate(path)
    for name, certificate in certificates.items():
        left = certificate.not_valid_after_utc - clock.now()
        meter.certificate_days_left(name, left.total_seconds() / 86400)
    meter.database_connections(
        in_use=gateway.pool.get_size() - gateway.pool.get_idle_size(), idle=gateway.pool.get_idle_size()
    )


async def _forget_assertions(gateway: Gateway) -> None:
    with guarded():
        await gateway.pool.execute(gateway.queries["forget_assertions"], gateway.line.clock.now())


async def _sweep(gateway: Gateway) -> None:
    """Remove the files of documents whose commit was lost."""

    async def referenced(addresses: Sequence[str]) -> set[str]:
        with guarded():
            rows = await gateway.pool.fetch(gateway.queries["referenced_addresses"], list(addresses))
        return {row["address"] for row in rows}

    swept = await gateway.documents.sweep(referenced, older_than=gateway.line.clock.now() - _SWEEP_AGE)
    if swept.unreferenced or swept.temporary:
        _log.info("swept", unreferenced=swept.unreferenced, temporary=swept.temporary, size=swept.size)


_CROWD: Final = _Chore(name="tell crowd", every=10.0, work=_tell_crowd)
_LEADING: Final = (
    _Chore(name="measure queue", every=5.0, work=_measure_queue),
    _Chore(name="measure ledger", every=5.0, work=_measure_ledger),
    _Chore(name="measure witnesses", every=5.0, work=measure_witnesses),
    _Chore(name="measure outages", every=15.0, work=_measure_outages),
    _Chore(name="watch revocation", every=15.0, work=_watch_revocation),
    _Chore(name="watch machine", every=15.0, work=_watch_machine),
    _Chore(name="forget assertions", every=600.0, work=_forget_assertions),
    _Chore(name="sweep", every=3600.0, work=_sweep),
)
