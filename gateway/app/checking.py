"""Checking: loads, opens and probes everything a gateway needs, one thing after the other, and says how each is."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import MappingProxyType

from gateway.app.opening import CannotOpen, Gateway, open_database, open_gateway, pending_migrations
from gateway.core.reason import Deferred, Refused
from gateway.settings import Settings, SettingsError

__all__ = ["Finding", "check_everything"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `fatal` False: the gateway can serve without it."""

    name: str
    good: bool
    text: str
    fatal: bool = True


class _NoProgress:
    """A probe commits nothing (ports.Progress)."""

    known: Mapping[str, str] = MappingProxyType({})

    async def commit(self, **values: str | None) -> None:
        """Keep nothing."""


async def check_everything(settings: Settings) -> AsyncIterator[Finding]:
    """Look at database, schema, keys, certificates, disk, counterparts; ends where nothing more can be seen."""
    yield Finding(name="settings", good=True, text="read")
    yield _tls(settings)
    async with AsyncExitStack() as stack:
        try:
            dsn = await stack.enter_async_context(open_database(settings))
            yield Finding(name="database", good=True, text="embedded" if settings.database.dsn is None else "answers")
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
        async for finding in _counterparts(gateway):
            yield finding


def _tls(settings: Settings) -> Finding:
    front = settings.front_door
    if not front.tls_certificate or not front.tls_key:
        return Finding(name="tls", good=False, text="none: serve behind a TLS proxy only", fatal=False)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(front.tls_certificate, front.tls_key)
    except OSError as error:
        return Finding(name="tls", good=False, text=f"front_door.tls_certificate, tls_key: {type(error).__name__}")
    return Finding(name="tls", good=True, text="certificate and key fit")


def _disk(gateway: Gateway, settings: Settings) -> Finding:
    free = gateway.documents.free_bytes()
    text = f"{free >> 20} MiB free, {settings.gateway.reserve_bytes >> 20} MiB kept in reserve"
    return Finding(name="disk", good=gateway.documents.has_room(), text=text)


def _agreements(gateway: Gateway) -> Finding:
    count = len(gateway.offices.now.agreements)
    text = f"{count} in force" if count else "none: every deposit and retrieval is refused; see offices.toml"
    return Finding(name="agreements", good=count > 0, text=text, fatal=False)


async def _counterparts(gateway: Gateway) -> AsyncIterator[Finding]:
    """A counterpart that is away delays deliveries and stops nothing else."""
    for (hosted, code, name), adapter in gateway.counterparts.adapters.items():
        place = f"{hosted} to {code} by {name}"
        kit = gateway.counterparts.probe_kit((hosted, code, name), _NoProgress())
        try:
            yield Finding(name=place, good=True, text=await adapter.probe(kit), fatal=False)
        except (Refused, Deferred) as error:
            text = f"{error.reason.code} {error.reason.text} {error.reason.remedy}"
            yield Finding(name=place, good=False, text=text, fatal=False)
