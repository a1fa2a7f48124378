"""The kit put together: what lasts for a counterpart, and what one transmission gets of it.

Rules: the hosts that may be called are those of the URLs the operator wrote down, and the further ones he named.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gateway.core.document import Role
from gateway.core.identifiers import RANDOM_BYTES, new_id
from gateway.kit.http import CounterpartHttp, authority
from gateway.ports import (
    AdapterKit,
    AdapterLog,
    AdapterMeter,
    Clock,
    Counters,
    Documents,
    Progress,
    Randomness,
    Signer,
    Spool,
    TokenSource,
)

__all__ = ["CounterpartKit", "authorities"]


def authorities(settings: Any, hosts: Iterable[str] = ()) -> frozenset[str]:
    """Give `host:port` of every URL in an operator's settings, however deep, and of `hosts` (443 without a port)."""
    found = {host.lower() if ":" in host else f"{host.lower()}:443" for host in hosts}
    if isinstance(settings, str):
        with suppress(ValueError):
            found.add(authority(settings))
    elif isinstance(settings, Mapping):
        found.update(*(authorities(value) for value in settings.values()))
    elif isinstance(settings, list | tuple):
        found.update(*(authorities(value) for value in settings))
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterpartKit:
    """What lasts for one hosted office's connection to one counterpart."""

    http: CounterpartHttp
    tokens: TokenSource
    clock: Clock
    randomness: Randomness
    signer: Signer
    counters: Counters
    documents: Documents
    meter: AdapterMeter

    def for_transmission(self, *, progress: Progress, log: AdapterLog) -> AdapterKit:
        """Give the kit of one transmission; its `spool` takes name, role, media_type and limit (bytes)."""
        return AdapterKit(
            http=self.http,
            clock=self.clock,
            signer=self.signer,
            tokens=self.tokens,
            counters=self.counters,
            progress=progress,
            log=log,
            meter=self.meter,
            spool=self._spool,
        )

    async def close(self) -> None:
        """End the connections."""
        await self.http.close()

    def _spool(self, *, name: str, role: Role, media_type: str, limit: int) -> Spool:
        document_id = new_id(self.clock.now(), self.randomness.take(RANDOM_BYTES))
        return self.documents.spool(document_id=document_id, name=name, role=role, media_type=media_type, limit=limit)
