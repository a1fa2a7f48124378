"""Sequencing: one leader among all processes gives ledger entries their places and signs the log's checkpoints.

Rules:
- Traffic never waits for it and never fails by it: whatever happens here, entries wait and are placed later.
- A checkpoint is signed only over what is committed, at most once in `ledger.checkpoint_seconds` while the log grows
  and at least once a minute; a log that is not what was signed before is neither continued nor signed.
"""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Final

from gateway.app.log_keys import LogKeys
from gateway.app.log_memory import LogMemory
from gateway.app.opening import Gateway
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred
from gateway.core.secret import Secret
from gateway.ports import Clock
from gateway.store.ledger_read import LedgerDamaged, SignedHead
from gateway.store.ledger_write import LedgerWriter, open_writer
from gateway.store.pool import DatabaseUnavailable
from gateway.wire.tlog_checkpoint import Checkpoint, render_checkpoint
from monitoring.log import logger
from monitoring.meter import Meter
from pki.note_keys import NoteKey
from pki.notes import sign_note

__all__ = ["Sequencer", "sequence"]

_log = logger("sequencer")

#: Seconds between two looks for waiting entries, between two tries for the lead, and between two equal checkpoints.
_LOOK: Final = 0.2
_CANDIDACY: Final = 1.0
_REPEAT: Final = 60.0
#: Entries placed in one transaction.
_MOST: Final = 4096
_PATIENCE: Final = timedelta(seconds=5)


async def sequence(gateway: Gateway, dsn: Secret) -> None:
    """Be a candidate and, as long as the session lasts, the leader; until cancelled."""
    keys = gateway.log_keys
    if not all(keys.values()):
        _log.warning("ledger.keys names no key: entries get their places, and no checkpoint is signed")
    memory = LogMemory(gateway.settings.gateway.storage)
    while True:
        try:
            writer = await open_writer(dsn, gateway.queries, patience=_PATIENCE)
        except (DatabaseUnavailable, Deferred) as error:
            _log.warning("the sequencer has no database", error=type(error).__name__)
            await asyncio.sleep(_CANDIDACY)
            continue
        sequencer = Sequencer(writer, keys, memory, gateway.line.clock, gateway.meter)
        try:
            await sequencer.run(gateway.settings.ledger.checkpoint_seconds)
        except Deferred as error:
            _log.warning("the sequencer begins again", reason=error.reason.code)
        except Exception as bug:
            _log.error("the sequencer begins again", exc_info=bug)
        finally:
            await writer.close()
        await asyncio.sleep(_CANDIDACY)


class Sequencer:
    """One writer's way from candidate to leader."""

    def __init__(self, writer: LedgerWriter, keys: LogKeys, memory: LogMemory, clock: Clock, meter: Meter) -> None:
        self._writer = writer
        self._keys = keys
        self._memory = memory
        self._clock = clock
        self._meter = meter
        self._signed: dict[OfficeCode, tuple[int, float]] = {}

    async def run(self, pause: float) -> None:
        """Wait for the lead, then place and sign until the session ends: Deferred(DATABASE_UNAVAILABLE)."""
        while not await self._writer.lead():  # noqa: ASYNC110  what is waited for is in another process
            await asyncio.sleep(_CANDIDACY)
        await self.take_up()
        _log.info("this process orders the ledger")
        while True:
            started = time.monotonic()
            placed = await self._writer.place(_MOST)
            for hosted in self._signed:
                if self._is_due(hosted, pause):
                    await self.sign(hosted)
            if placed < _MOST:
                await asyncio.sleep(max(0.0, _LOOK - (time.monotonic() - started)))

    async def take_up(self) -> None:
        """Go on with every log that is whole; what is damaged is told and left alone."""
        for hosted in self._keys:
            try:
                known = await asyncio.to_thread(self._memory.recall, hosted)
                newest = await self._writer.take_up(hosted, (known.size, known.root) if known else None)
            except LedgerDamaged as damage:
                self._meter.ledger_mismatch(hosted)
                _log.error("the ledger is damaged: nothing is placed or signed", hosted=hosted, place=str(damage))
                continue
            self._signed[hosted] = (newest.size if newest else -1, float("-inf"))

    def _is_due(self, hosted: OfficeCode, pause: float) -> bool:
        size, at = self._signed[hosted]
        waited = time.monotonic() - at
        return bool(self._keys[hosted]) and waited >= (pause if size != self._writer.size(hosted) else _REPEAT)

    async def sign(self, hosted: OfficeCode) -> SignedHead:
        """Sign an office's log as it stands, and keep the checkpoint."""
        size, root = self._writer.size(hosted), self._writer.root(hosted)
        head = _signed(self._keys[hosted], size, root, self._clock.now())
        await self._writer.add_checkpoint(hosted, head)
        self._signed[hosted] = (size, time.monotonic())
        try:
            await asyncio.to_thread(self._memory.keep, hosted, head.note)
        except OSError as error:
            _log.warning("a checkpoint could not be remembered beside the database", error=error.strerror)
        return head


def _signed(keys: tuple[NoteKey, ...], size: int, root: bytes, at: datetime) -> SignedHead:
    text = render_checkpoint(Checkpoint(origin=keys[0].name, size=size, root=root))
    return SignedHead(size=size, root=root, note=sign_note(text, keys), created_at=at)
