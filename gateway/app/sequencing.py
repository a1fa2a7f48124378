"""Sequencing: one leader among all processes gives ledger entries their places and signs the log's checkpoints.

Rules:
- Traffic never waits for it and never fails by it: whatever happens here, entries wait and are placed later.
- A checkpoint is signed only over what is committed, at most once in `ledger.checkpoint_seconds` while the log grows
  and at least once a minute.
- A log that is less than, or not, what is known to have been signed (database, memory, export, witnesses) is neither
  continued nor signed: it is suspended, which every process is told, until it is whole again or a person decides.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.app.known_heads import known_heads
from gateway.app.log_keys import LogKeys, named
from gateway.app.log_memory import LogMemory
from gateway.app.opening import Gateway
from gateway.app.witness_asking import read_witnesses
from gateway.app.witnesses import Claim, Witnesses
from gateway.core.entry import Entry
from gateway.core.exchange import Step
from gateway.core.merkle import EMPTY_ROOT
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred
from gateway.core.secret import Secret
from gateway.core.standing import Cause, LogStanding
from gateway.ports import Clock
from gateway.store.cosignatures import PostgresCosignatures
from gateway.store.ledger_read import LedgerDamaged, SignedHead
from gateway.store.ledger_write import LedgerWriter, open_writer
from gateway.store.pool import DatabaseUnavailable
from gateway.wire.tlog_checkpoint import Checkpoint, render_checkpoint
from monitoring.log import logger
from monitoring.meter import Meter
from pki.note_keys import NoteKey
from pki.notes import sign_note

__all__ = ["Sequencer", "make_witnesses", "sequence", "sign_head"]

_log = logger("sequencer")

#: Seconds between two looks for waiting entries, between two tries for the lead, and between two equal checkpoints.
_LOOK: Final = 0.2
_CANDIDACY: Final = 1.0
_REPEAT: Final = 60.0
#: Seconds that the first words of the witnesses are waited for before a log is taken up.
_FIRST_WORDS: Final = 5.0
#: Entries placed in one transaction.
_MOST: Final = 4096
_PATIENCE: Final = timedelta(seconds=5)


async def sequence(gateway: Gateway, dsn: Secret) -> None:
    """Be a candidate and, as long as the session lasts, the leader; until cancelled. SettingsError at once."""
    keys = gateway.log_keys
    if not all(keys.values()):
        _log.warning("ledger.keys names no key: entries get their places, and no checkpoint is signed")
    memory = LogMemory(gateway.settings.gateway.storage)
    witnesses = make_witnesses(gateway)
    try:
        while True:
            try:
                writer = await open_writer(dsn, gateway.queries, patience=_PATIENCE)
            except (DatabaseUnavailable, Deferred) as error:
                _log.warning("the sequencer has no database", error=type(error).__name__)
                await asyncio.sleep(_CANDIDACY)
                continue
            sequencer = Sequencer(
                writer,
                keys,
                memory,
                gateway.line.clock,
                gateway.meter,
                witnesses=witnesses,
                exports=gateway.settings.ledger.export.folder,
                entry=gateway.line.entry,
            )
            try:
                await sequencer.run(gateway.settings.ledger.checkpoint_seconds)
            except Deferred as error:
                _log.warning("the sequencer begins again", reason=error.reason.code)
            except Exception as bug:
                _log.error("the sequencer begins again", exc_info=bug)
            finally:
                await writer.close()
            await asyncio.sleep(_CANDIDACY)
    finally:
        await witnesses.close()


def make_witnesses(gateway: Gateway) -> Witnesses:
    """Make what talks to the witnesses that the settings name; SettingsError."""
    return Witnesses(
        read_witnesses(gateway.settings),
        ledger=gateway.ledger,
        cosignatures=PostgresCosignatures(gateway.pool, gateway.queries),
        clock=gateway.line.clock,
        meter=gateway.meter,
        pause=gateway.settings.ledger.witness_seconds,
    )


class Sequencer:
    """One writer's way from candidate to leader.

    `witnesses` cosign what is signed; `exports` is the folder in which exported checkpoints are looked for; `entry`
    makes the ledger's own entries, without which a suspension is told to the log of this program only.
    """

    def __init__(
        self,
        writer: LedgerWriter,
        keys: LogKeys,
        memory: LogMemory,
        clock: Clock,
        meter: Meter,
        *,
        witnesses: Witnesses | None = None,
        exports: Path | None = None,
        entry: Callable[..., Entry] | None = None,
    ) -> None:
        self._writer = writer
        self._keys = dict(keys)
        self._memory = memory
        self._clock = clock
        self._meter = meter
        self._witnesses = witnesses
        self._exports = exports
        self._entry = entry
        self._signed: dict[OfficeCode, tuple[int, float]] = {}
        self._heads: dict[OfficeCode, SignedHead] = {}
        self._claims: dict[OfficeCode, Claim] = {}

    async def run(self, pause: float) -> None:
        """Wait for the lead, then place and sign until the session ends: Deferred(DATABASE_UNAVAILABLE)."""
        while not await self._writer.lead():  # noqa: ASYNC110  what is waited for is in another process
            await asyncio.sleep(_CANDIDACY)
        await self.take_up()
        _log.info("this process orders the ledger")
        asking = [asyncio.create_task(self._be_witnessed(hosted)) for hosted in self._signed]
        try:
            while True:
                await self._round(pause)
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    async def _round(self, pause: float) -> None:
        started = time.monotonic()
        for hosted, claim in list(self._claims.items()):
            del self._claims[hosted]
            await self._suspend(hosted, claim.cause, claim.size)
        placed = await self._writer.place(_MOST)
        for hosted in self._signed:
            if self._is_due(hosted, pause):
                await self.sign(hosted)
        if placed < _MOST:
            await asyncio.sleep(max(0.0, _LOOK - (time.monotonic() - started)))

    async def take_up(self) -> None:
        """Go on with every log that is whole; what is damaged or put back is told and left alone."""
        if self._witnesses is not None:
            self._witnesses.begin()
        whole: dict[OfficeCode, SignedHead | None] = {}
        for hosted, keys in list(self._keys.items()):
            if keys:
                origins = await self._writer.origins(hosted, keys[0].name)
                self._keys[hosted] = named(keys, origins[-1])  # a person may have begun it anew since the start
            try:
                whole[hosted] = await self._take_up(hosted)
            except LedgerDamaged as damage:
                self._meter.ledger_mismatch(hosted)
                _log.error("the ledger is damaged: nothing is placed or signed", hosted=hosted, place=str(damage))
                await self._suspend(hosted, damage.cause, damage.size)
        words = await asyncio.gather(*(self._first_words(hosted, newest) for hosted, newest in whole.items()))
        for (hosted, newest), claims in zip(whole.items(), words, strict=True):
            if claims:
                claim = max(claims, key=lambda each: each.size)
                await self._suspend(hosted, claim.cause, claim.size)
            else:
                await self._begin(hosted, newest)

    async def _take_up(self, hosted: OfficeCode) -> SignedHead | None:
        """Take up an office's log as far as this house knows it; gives the newest checkpoint. LedgerDamaged."""
        keys = self._keys[hosted]
        known: list[tuple[int, bytes]] = []
        if keys:
            heads = await asyncio.to_thread(
                known_heads, self._memory, self._exports, hosted, keys[0].name, [key.verifier for key in keys]
            )
            known = [(head.checkpoint.size, head.checkpoint.root) for head in heads]
        return await self._writer.take_up(hosted, known)

    async def _begin(self, hosted: OfficeCode, newest: SignedHead | None) -> None:
        """From now on an office's entries get their places, and its log is signed."""
        keys = self._keys[hosted]
        self._signed[hosted] = (newest.size if newest else -1, float("-inf"))
        if newest is not None and keys and _is_of(newest, keys):
            self._heads[hosted] = newest
        await self._stand(hosted, LogStanding(origin=keys[0].name if keys else ""))

    async def _first_words(self, hosted: OfficeCode, newest: SignedHead | None) -> Sequence[Claim]:
        """Hear the witnesses before anything is signed; a log without a checkpoint shows them the empty one."""
        keys = self._keys[hosted]
        if self._witnesses is None or not keys:
            return ()
        if newest is None or not _is_of(newest, keys):
            newest = sign_head(keys, 0, EMPTY_ROOT, self._clock.now())
        claims = await self._witnesses.first_words(hosted, newest, within=_FIRST_WORDS)
        for claim in claims:
            _log.error(
                "a witness has seen what is not here: nothing is placed or signed",
                hosted=hosted,
                witness=claim.witness,
                cause=claim.cause.value,
                size=claim.size,
            )
        return claims

    async def _be_witnessed(self, hosted: OfficeCode) -> None:
        if self._witnesses is not None and self._keys[hosted]:
            await self._witnesses.keep_asking(
                hosted, lambda: self._heads.get(hosted), lambda claim: self._claims.update({hosted: claim})
            )

    async def _suspend(self, hosted: OfficeCode, cause: Cause, size: int | None) -> None:
        """Place and sign nothing more of an office's log, and tell every process; its entries wait."""
        self._writer.leave(hosted)
        self._signed.pop(hosted, None)
        self._heads.pop(hosted, None)
        keys = self._keys[hosted]
        standing = LogStanding(origin=keys[0].name if keys else "", suspended=True, cause=cause, size=size)
        await self._stand(hosted, standing)

    async def _stand(self, hosted: OfficeCode, standing: LogStanding) -> None:
        self._meter.ledger_suspended(hosted, suspended=standing.suspended)
        is_new = await self._writer.stand(hosted, standing, self._clock.now())
        if not (is_new and standing.suspended and standing.cause):
            return
        _log.error("a log is suspended: pouch ledger recover", hosted=hosted, cause=standing.cause.value)
        if self._entry is not None:
            await self._writer.add_entry(
                self._entry(
                    hosted=hosted,
                    exchange_id=None,
                    step=Step.SUSPENDED,
                    actor="sequencer",
                    outcome=standing.cause.value,
                    count=standing.size,
                )
            )

    def _is_due(self, hosted: OfficeCode, pause: float) -> bool:
        size, at = self._signed[hosted]
        waited = time.monotonic() - at
        return bool(self._keys[hosted]) and waited >= (pause if size != self._writer.size(hosted) else _REPEAT)

    async def sign(self, hosted: OfficeCode) -> SignedHead:
        """Sign an office's log as it stands, and keep the checkpoint."""
        head = sign_head(self._keys[hosted], self._writer.size(hosted), self._writer.root(hosted), self._clock.now())
        await self._writer.add_checkpoint(hosted, head)
        self._signed[hosted] = (head.size, time.monotonic())
        try:
            await asyncio.to_thread(self._memory.keep, hosted, head.note)
        except OSError as error:
            _log.warning("a checkpoint could not be remembered beside the database", error=error.strerror)
        self._heads[hosted] = head
        return head


def _is_of(head: SignedHead, keys: Sequence[NoteKey]) -> bool:
    """Whether a checkpoint is of the log's present name; before a person accepted a loss it had another."""
    return head.note.startswith(f"{keys[0].name}\n".encode())


def sign_head(keys: Sequence[NoteKey], size: int, root: bytes, at: datetime) -> SignedHead:
    """Sign a tree's head with every key of its log, whose name is the origin."""
    text = render_checkpoint(Checkpoint(origin=keys[0].name, size=size, root=root))
    return SignedHead(size=size, root=root, note=sign_note(text, keys), created_at=at)
