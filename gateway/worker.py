"""The worker: claims due transmissions, dispatches them, repeats.

Rules:
- Leases are renewed while an attempt runs; one that cannot be renewed is given up, another worker goes on.
- A counterpart has a number of places: one that is slow fills its own and delays nobody else. Routing takes none.
- Woken by the database, and looking by itself as well: a lost wake costs a moment, not a document.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Reason
from gateway.core.transmission import Task, Transmission
from gateway.ports import AdapterLog, Outbox

__all__ = ["Worker"]


class Worker:
    """One process's delivery. `run` goes on until `stop`; then running attempts are given `grace` to end."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        dispatch: Callable[[Transmission], Awaitable[str]],
        log: AdapterLog,
        at_once: int,
        per_counterpart: int,
        lease: timedelta,
        look: timedelta,
        grace: timedelta = timedelta(seconds=20),
    ) -> None:
        self._outbox = outbox
        self._dispatch = dispatch
        self._log = log
        self._at_once = at_once
        self._per_counterpart = per_counterpart
        self._lease = lease
        self._look = look
        self._grace = grace
        self._running: dict[asyncio.Task[None], Transmission] = {}
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self.looks = 0

    def wake(self) -> None:
        """Look at once: something may be due."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Claim and dispatch until stopped."""
        while not self._stopping.is_set():
            self._wake.clear()
            claimed = await self._claim_one()
            self.looks += 1
            if not claimed:
                await self._rest()
        await self._finish()

    async def _claim_one(self) -> bool:
        if len(self._running) >= self._at_once:
            return False
        try:
            transmission = await self._outbox.claim(busy=self._busy(), lease=self._lease)
        except Deferred as error:
            self._log.warning("claim failed", reason=error.reason.code)
            return False
        except Exception as error:
            # a row that cannot be read must not end the worker: its lease hides it, and others come first
            self._log.warning(
                "claim failed inside", reason=Reason.INTERNAL.code, fault=type(error).__name__, exc_info=True
            )
            return False
        if transmission is None:
            return False
        task = asyncio.create_task(self._carry(transmission))
        self._running[task] = transmission
        task.add_done_callback(self._ended)
        return True

    def _busy(self) -> frozenset[OfficeCode]:
        """The counterparts whose places are taken."""
        legs = [transmission.leg for transmission in self._running.values()]
        taken = Counter(leg.counterpart for leg in legs if leg.task is not Task.ROUTE)
        return frozenset(code for code, count in taken.items() if count >= self._per_counterpart)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._wake.set()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._look.total_seconds()):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _carry(self, transmission: Transmission) -> None:
        attempt = asyncio.ensure_future(self._dispatch(transmission))
        keeper = asyncio.create_task(self._keep(transmission, attempt))
        leg = transmission.leg
        try:
            outcome = await attempt
            self._log.info(
                "dispatched",
                exchange_id=transmission.exchange_id,
                counterpart=leg.counterpart,
                task=leg.task.value,
                outcome=outcome,
            )
        except Deferred as error:
            self._log.warning(
                "attempt given up", exchange_id=transmission.exchange_id, task=leg.task.value, reason=error.reason.code
            )
        except asyncio.CancelledError:
            reason = Reason.SHUTTING_DOWN if self._stopping.is_set() else Reason.LEASE_LOST
            self._log.warning(
                "attempt given up", exchange_id=transmission.exchange_id, task=leg.task.value, reason=reason.code
            )
            if reason is Reason.SHUTTING_DOWN:
                with suppress(Deferred):  # then the lease runs out by itself
                    await self._outbox.postpone(transmission, until=leg.due_at)
        except Exception as error:
            # a bug must not end the worker: the lease runs out, and the attempt is made again
            self._log.warning(
                "attempt failed inside",
                exchange_id=transmission.exchange_id,
                task=leg.task.value,
                reason=Reason.INTERNAL.code,
                fault=type(error).__name__,
                exc_info=True,
            )
        finally:
            keeper.cancel()

    async def _keep(self, transmission: Transmission, attempt: "asyncio.Future[str]") -> None:
        """Renew the lease at a third of its life; give the attempt up when it is lost."""
        pause = self._lease.total_seconds() / 3
        while True:
            await asyncio.sleep(pause)
            try:
                kept = await self._outbox.renew(transmission, lease=self._lease)
            except Exception as error:  # the database is away: the fence decides when it is back
                self._log.warning("lease not renewed", exchange_id=transmission.exchange_id, fault=type(error).__name__)
                continue
            if not kept:
                attempt.cancel()
                return

    async def _finish(self) -> None:
        if self._running:
            _, left = await asyncio.wait(set(self._running), timeout=self._grace.total_seconds())
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
