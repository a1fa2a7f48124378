"""Declaring: what is in force is told to the ledger at the start and whenever it has changed, by name and digest.

Rules: one process does it for all, and where several gateways share a database, the number of a change is taken by the
one that is first; what cannot be written now is written later, and nothing waits for it.
"""

import asyncio
from importlib.metadata import version
from typing import Final

from gateway.app.in_force import InForce, front_certificate, in_force
from gateway.app.opening import Gateway
from gateway.core.in_force import SALT_BYTES, STEPS, Kind, compare
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred
from gateway.store.changes import PostgresChanges
from monitoring.log import logger

__all__ = ["Declarer"]

_log = logger("declaring")

#: Seconds between two looks by itself: the front door takes a new certificate without being told to.
_LOOK: Final = 60.0
_AGAIN: Final = 2.0
#: Tries to be first; somebody else's being first is no error.
_TRIES: Final = 5


class Declarer:
    """Compares what is in force with what the ledger was told last. `wake` it after a reload."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._changes = PostgresChanges(gateway.pool, gateway.queries)
        self._woken = asyncio.Event()
        self._known: tuple[str | None, dict[OfficeCode, InForce]] | None = None

    def wake(self) -> None:
        """Look at once, and at everything: something was loaded."""
        self._known = None
        self._woken.set()

    async def run(self) -> None:
        """Declare until cancelled."""
        while True:
            pause = _LOOK
            try:
                await self.declare()
            except Deferred as error:
                _log.warning("what is in force could not be told yet", reason=error.reason.code)
                pause = _AGAIN
            except Exception as error:
                _log.error("what is in force could not be told", exc_info=error)
            try:
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()

    async def declare(self) -> int:
        """Write one entry for each kind that is another than told last, for each hosted office; gives how many."""
        front = await asyncio.to_thread(front_certificate, self._gateway.settings)
        if self._known is None or self._known[0] != front:
            self._known = (front, await self._look(front))
        return sum([await self._tell(hosted, now) for hosted, now in self._known[1].items()])

    async def _look(self, front: str | None) -> dict[OfficeCode, InForce]:
        gateway, schema = self._gateway, await self._changes.schema()
        return {
            hosted: await asyncio.to_thread(
                in_force,
                gateway.settings,
                hosted,
                gateway.log_keys,
                schema=schema,
                software=version("pouch"),
                front=front,
            )
            for hosted in gateway.log_keys
        }

    async def _tell(self, hosted: OfficeCode, now: InForce) -> int:
        told = 0
        for kind in Kind:
            for _ in range(_TRIES):
                written = await self._tell_kind(hosted, kind, now)
                if written is not None:
                    told += written
                    break
        return told

    async def _tell_kind(self, hosted: OfficeCode, kind: Kind, now: InForce) -> int | None:
        """Give how many entries were written; None if somebody else wrote meanwhile."""
        line = self._gateway.line
        number, former = (await self._changes.newest(hosted)).get(kind, (0, None))
        change = compare(kind, former, now[kind], line.randomness.take(SALT_BYTES))
        if change is None:
            return 0
        content = change.content(line.clock.now(), version("pouch"))
        entry = line.entry(
            hosted=hosted, exchange_id=None, step=STEPS[kind], actor="gateway", digests=change.digests(content)
        )
        if not await self._changes.add(entry, kind, number + 1, content, change.after):
            return None
        _log.info(
            "what is in force has changed" if former else "what is in force is told for the first time",
            hosted=hosted,
            kind=kind.value,
            added=len(change.added),
            removed=len(change.removed),
            altered=len(change.altered),
        )
        return 1
