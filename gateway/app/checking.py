"""Checking: loads, opens and probes everything a gateway needs, one thing after the other, and says how each is.

Rules: what may take a moment is announced before it begins; counterparts are asked at the same time, each for a few
seconds at most, so that one that is stopped holds up nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from types import MappingProxyType
from typing import Final

from gateway.app.checking_anchors import check_anchors
from gateway.app.checking_machine import check_key_files, check_ports
from gateway.app.checking_witnesses import check_witnesses
from gateway.app.finding import Finding, Looking
from gateway.app.opening import CannotOpen, Gateway, open_database, open_gateway, pending_migrations
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Refused
from gateway.endpoints.tls import TlsFiles, describe_fault
from gateway.ports import OfficeAdapter
from gateway.settings import Settings, SettingsError

__all__ = ["check_everything"]

#: Seconds that a counterpart may take to answer.
_PATIENCE: Final = 10.0


class _NoProgress:
    """A probe commits nothing (ports.Progress)."""

    known: Mapping[str, str] = MappingProxyType({})

    async def commit(self, **values: str | None) -> None:
        """Keep nothing."""


async def check_everything(settings: Settings, *, patience: float = _PATIENCE) -> AsyncIterator[Looking | Finding]:
    """Look at ports, database, schema, keys, certificates, disk, counterparts; ends where nothing more can be seen.

    `patience` is the seconds that each counterpart gets.
    """
    yield Finding(name="settings", good=True, text="read")
    for finding in check_key_files(settings):
        yield finding
    yield _tls(settings)
    yield Looking(name="ports", text="are tried")
    for finding in await check_ports(settings):
        yield finding
    async with AsyncExitStack() as stack:
        embedded = settings.database.dsn is None
        yield Looking(name="database", text="is started and brought up to date" if embedded else "is asked")
        try:
            dsn = await stack.enter_async_context(open_database(settings))
            yield Finding(name="database", good=True, text="embedded" if embedded else "answers")
            waiting = await pending_migrations(dsn)
            if waiting:
                text = f"{len(waiting)} migrations to run: pouch migrate"
                yield Finding(name="schema", good=False, text=text)
                return
            yield Finding(name="schema", good=True, text="up to date")
            gateway = await stack.enter_async_context(open_gateway(settings, dsn))
        except (CannotOpen, SettingsError) as error:
            yield Finding(name="opening", good=False, text=str(error))
            return
        yield Finding(name="keys", good=True, text=f"{len(gateway.signing_keys)} signing, wrapping key loaded")
        yield _disk(gateway, settings)
        yield _agreements(gateway)
        async for anchor in check_anchors(gateway, patience):
            yield anchor
        async for witness in check_witnesses(gateway, patience):
            yield witness
        async for seen in _counterparts(gateway, patience):
            yield seen


def _tls(settings: Settings) -> Finding:
    front = settings.front_door
    if not front.tls_certificate or not front.tls_key:
        return Finding(name="tls", good=False, text="none: serve behind a TLS proxy only", fatal=False)
    try:
        TlsFiles(front.tls_certificate, front.tls_key)
    except OSError as error:
        fault = describe_fault(front.tls_certificate, front.tls_key, error)
        return Finding(name="tls", good=False, text=f"front_door.tls_certificate, tls_key: {fault}")
    return Finding(name="tls", good=True, text="certificate and key fit")


def _disk(gateway: Gateway, settings: Settings) -> Finding:
    free = gateway.documents.free_bytes()
    text = f"{free >> 20} MiB free, {settings.gateway.reserve_bytes >> 20} MiB kept in reserve"
    return Finding(name="disk", good=gateway.documents.has_room(), text=text)


def _agreements(gateway: Gateway) -> Finding:
    count = len(gateway.offices.now.agreements)
    text = f"{count} in force" if count else "none: every deposit and retrieval is refused; see offices.toml"
    return Finding(name="agreements", good=count > 0, text=text, fatal=False)


async def _counterparts(gateway: Gateway, patience: float) -> AsyncIterator[Looking | Finding]:
    """A counterpart that is away delays deliveries and stops nothing else."""
    asking = []
    for (hosted, code, name), adapter in gateway.counterparts.adapters.items():
        place = f"{hosted} to {code} by {name}"
        yield Looking(name=place, text=f"is asked, for {patience:g} s at most")
        probe = _probe(gateway, (hosted, code, name), adapter, place, patience)
        asking.append(asyncio.create_task(probe))
    try:
        for answered in asyncio.as_completed(asking):
            yield await answered
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


async def _probe(
    gateway: Gateway, key: tuple[OfficeCode, OfficeCode, str], adapter: OfficeAdapter, place: str, patience: float
) -> Finding:
    kit = gateway.counterparts.probe_kit(key, _NoProgress())
    try:
        async with asyncio.timeout(patience):
            return Finding(name=place, good=True, text=await adapter.probe(kit), fatal=False)
    except TimeoutError:
        return Finding(name=place, good=False, text=f"has not answered within {patience:g} s", fatal=False)
    except (Refused, Deferred) as error:
        text = f"{error.reason.code} {error.reason.text} {error.reason.remedy}"
        return Finding(name=place, good=False, text=text, fatal=False)
