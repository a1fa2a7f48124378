"""Attendance: this process says that it lives, and tells what it saw of the counterparts' links.

Rules:
- A connection of its own and a tick of its own: neither busy traffic nor a slow chore makes anybody seem away.
- Whoever sees that nobody had given a sign of life for too long tells the outage, once for all processes.
- What cannot be told now is told later; nothing waits for it.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.app.opening import Gateway
from gateway.app.outage_events import OutageWriter, window_members
from gateway.app.system import boot_seconds
from gateway.app.watched_links import WatchedLinks
from gateway.core.link import LinkTally
from gateway.core.office import OfficeCode
from gateway.core.outage import Beat, Event, OwnWatch, Subject, Window, find_silence
from gateway.core.reason import Deferred
from gateway.core.secret import Secret
from gateway.store.outages import LifeLine, LinkRow, NewEvent, open_life_line
from gateway.store.pool import DatabaseUnavailable
from monitoring.log import logger

__all__ = ["Attendance"]

_log = logger("attendance")

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
#: Seconds in which the database takes a sign of life, or is away.
_PATIENCE: Final = 10.0
_FAREWELL: Final = 2.0
_TICK: Final = 1.0


def _boot() -> str:
    """The name of the machine's running time; without one, each process has its own and clocks are compared."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return f"process {time.time_ns()}"


class Attendance:
    """One process's signs of life (where it has a front door) and what it saw of links."""

    def __init__(
        self,
        gateway: Gateway,
        dsn: Secret,
        links: WatchedLinks,
        *,
        door: bool,
        seconds: Callable[[], float] = boot_seconds,
    ) -> None:
        self._gateway = gateway
        self._dsn = dsn
        self._links = links
        self._writer = OutageWriter(gateway.line.clock, gateway.line.randomness)
        self._door = door
        self._boot = _boot()
        self._seconds = seconds
        self._line: LifeLine | None = None
        self._opened = self._seconds()
        self._good: float | None = None
        self._failed: float | None = None
        self._ticked = self._opened
        self._frozen = 0.0

    async def run(self) -> None:
        """Give signs of life until cancelled."""
        ticking = asyncio.create_task(self._keep_ticking())
        try:
            while True:
                await self.beat()
                await asyncio.sleep(self._gateway.settings.outages.beat_seconds)
        finally:
            ticking.cancel()
            self.close()

    async def beat(self, *, orderly: bool = False) -> bool:
        """Give one sign of life and tell of the links; False if the database did not take it."""
        try:
            async with asyncio.timeout(_FAREWELL if orderly else _PATIENCE):
                if self._line is None:
                    self._line = await open_life_line(self._dsn, self._gateway.queries)
                if self._door:
                    await self._line.beat(
                        tuple(self._gateway.log_keys), lambda at: self._sign(at, orderly), self._tell_silence
                    )
                await self._tell_links(self._line)
        except (Deferred, DatabaseUnavailable, TimeoutError):
            self._failed = self._seconds() if self._failed is None else self._failed
            self.close()
            return False
        except Exception as error:
            _log.error("a sign of life failed inside", exc_info=error)
            self.close()
            return False
        self._good, self._failed, self._frozen = self._seconds(), None, 0.0
        return True

    async def farewell(self) -> None:
        """The last sign of life of a process that ends in order: from here on the door is closed."""
        await self.beat(orderly=True)
        self.close()

    def close(self) -> None:
        """End the connection at once; a further beat opens another."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def tick(self) -> None:
        """Notice when this process did nothing at all for a while: stopped, or on a machine that slept."""
        now = self._seconds()
        self._frozen = max(self._frozen, now - self._ticked)
        self._ticked = now

    async def _keep_ticking(self) -> None:
        while True:
            self.tick()
            await asyncio.sleep(_TICK)

    def _sign(self, at: datetime, orderly: bool) -> Beat:
        return Beat(at=at, boot=self._boot, seconds=self._seconds(), orderly=orderly)

    def _tell_silence(self, hosted: OfficeCode, last: Beat | None, now: Beat) -> Sequence[NewEvent]:
        settings = self._gateway.settings.outages
        own = None
        if self._good is not None:
            own = OwnWatch(
                since=now.seconds - self._good,
                failed=None if self._failed is None else now.seconds - self._failed,
                frozen=max(self._frozen, now.seconds - self._ticked),
            )
        finding = find_silence(
            last,
            now,
            own,
            limit=settings.door_seconds,
            beat=settings.beat_seconds,
            opened=now.seconds - self._opened,
        )
        if finding is None:
            return ()
        _log.error(
            "an outage was found", hosted=hosted, subject=finding.subject.value, began=str(finding.began.not_after)
        )
        return self._writer.events_of(hosted, finding)

    async def _tell_links(self, line: LifeLine) -> None:
        for key, tally in self._links.take(self._seconds()).items():
            hosted, counterpart, adapter = key

            def merge(former: LinkRow, tally: LinkTally, key: tuple[OfficeCode, OfficeCode, str] = key) -> _Merged:
                return self._merge(key, former, tally)

            try:
                goods = await line.merge(hosted, counterpart, adapter, tally, merge)
            except BaseException:
                self._links.give_back(key, tally)
                raise
            self._links.merged(key, goods, self._seconds())

    def _merge(self, key: tuple[OfficeCode, OfficeCode, str], former: LinkRow, tally: LinkTally) -> "_Merged":
        """The row after what was seen, and the begin or end of an outage, if it is one."""
        events: list[NewEvent] = []
        state = former
        if tally.good_first is not None:
            if former.outage_id is not None:
                window = Window(not_before=former.failed_at, not_after=tally.good_first)
                events.append(self._event(key, former.outage_id, Event.ENDED, window))
            state = LinkRow(
                goods=former.goods + 1,
                good_at=tally.good_last,
                failing_since=None,
                failed_at=None,
                failures=0,
                reasons={},
                outage_id=None,
            )
        if tally.failures:
            state = replace(
                state,
                failing_since=state.failing_since or tally.failing_since,
                failed_at=tally.failed_at,
                failures=state.failures + tally.failures,
                reasons={
                    code: state.reasons.get(code, 0) + tally.reasons.get(code, 0)
                    for code in {*state.reasons, *tally.reasons}
                },
            )
        limits = self._gateway.settings.outages
        enough = state.failures >= limits.link_failures and tally.lasting >= limits.link_seconds
        if state.outage_id is None and enough and state.failing_since is not None:
            outage_id = self._writer.new_id()
            window = Window(not_before=state.good_at, not_after=state.failing_since)
            events.append(self._event(key, outage_id, Event.BEGAN, window, state.failures, state.reasons))
            state = replace(state, outage_id=outage_id)
        return state, events

    def _event(
        self,
        key: tuple[OfficeCode, OfficeCode, str],
        outage_id: str,
        event: Event,
        window: Window,
        failures: int | None = None,
        reasons: Mapping[str, int] | None = None,
    ) -> NewEvent:
        hosted, counterpart, adapter = key
        members: dict[str, object] = {
            "adapter": adapter,
            "counterpart": counterpart,
            "measuredBy": "attempts",
            "subject": Subject.LINK.value,
            **window_members(window),
        }
        if failures is not None:
            members |= {"failures": failures, "reasons": dict(reasons or {})}
        _log.warning("a link's outage", hosted=hosted, counterpart=counterpart, adapter=adapter, outage=event.value)
        return self._writer.event(hosted, outage_id, event, members)


_Merged = tuple[LinkRow, Sequence[NewEvent]]
