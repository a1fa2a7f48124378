"""The ledger's self-check: random tiles each minute, the whole tree each night, and both on demand.

Rules: a mismatch is counted and logged, and stops nothing: traffic goes on, a person looks at it.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.app.known_heads import known_heads
from gateway.app.log_keys import hosted_of, load_log_keys, named, origin_of
from gateway.app.log_memory import LogMemory
from gateway.app.opening import CannotOpen, Gateway, open_database
from gateway.core.merkle import EMPTY_ROOT
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred
from gateway.settings import Settings
from gateway.store.ledger_check import CheckNote, LedgerCheck
from gateway.store.ledger_edge import levels
from gateway.store.ledger_read import LedgerDamaged, PostgresLedger
from gateway.store.named_queries import load_queries
from gateway.store.pool import DatabaseUnavailable, open_pool
from gateway.wire.tlog_checkpoint import parse_checkpoint
from gateway.wire.tlog_tiles import TILE_HEIGHT, MalformedLog
from monitoring.log import logger
from pki.note_keys import MalformedNote, NoteKey, NoteVerifier, UnverifiedNote
from pki.notes import verify_note

__all__ = ["CheckedLog", "SelfCheck", "check_database", "check_known", "note_check", "verifiers_of_all_names"]

_log = logger("self-check")

#: Seconds between two rounds, tiles of one round, and the hour (UTC) after which the whole tree is checked.
_PAUSE: Final = 60.0
_TILES: Final = 8
_HOUR: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedLog:
    """One log after a whole check: its name, size and root, and where and how it is not what was written, if it is not.

    `signed` entries are vouched for by checkpoints whose signatures were verified; none if `ledger.keys` names no key.
    """

    origin: str
    size: int
    root: bytes = EMPTY_ROOT
    signed: int = 0
    place: str | None = None
    explanation: str | None = None


class SelfCheck:
    """Checks the logs of an open gateway as long as it runs."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._pick = random.Random()  # noqa: S311  which tiles are looked at is no secret
        self._nights: dict[OfficeCode, date] = {}

    async def run(self) -> None:
        """Check until cancelled."""
        while True:
            for hosted in self._gateway.log_keys:
                await self.look(hosted)
            await asyncio.sleep(_PAUSE)

    async def look(self, hosted: OfficeCode) -> bool:
        """Check some tiles, and once a night everything; False if something is not what was written or signed."""
        now = self._gateway.line.clock.now()
        try:
            await self._some(hosted)
            if self._nights.setdefault(hosted, now.date()) != now.date() and now.hour >= _HOUR:
                self._nights[hosted] = now.date()
                await self.whole(hosted)
        except LedgerDamaged as damage:
            self._gateway.meter.ledger_mismatch(hosted)
            _log.error("the ledger is not what was written", hosted=hosted, place=damage.place, how=damage.explanation)
            return False
        except Deferred as error:
            _log.warning("the ledger could not be looked at", hosted=hosted, reason=error.reason.code)
        return True

    async def whole(self, hosted: OfficeCode) -> None:
        """Check everything; LedgerDamaged."""
        before = 0
        gateway, keys = self._gateway, self._gateway.log_keys[hosted]
        known = await verifiers_of_all_names(gateway.ledger, gateway.settings, hosted, keys)
        async for size in self._check(hosted).whole(note_check(known)):
            self._gateway.meter.ledger_checked(hosted, size - before)
            before = size

    async def _some(self, hosted: OfficeCode) -> None:
        size = await self._gateway.ledger.size(hosted)
        for _ in range(_TILES):
            level = self._pick.randrange(levels(size)) if size else 0
            if full := size >> TILE_HEIGHT * (level + 1):
                checked = await self._check(hosted).tile(level, self._pick.randrange(full))
                self._gateway.meter.ledger_checked(hosted, checked)

    def _check(self, hosted: OfficeCode) -> LedgerCheck:
        return LedgerCheck(self._gateway.pool, self._gateway.queries, hosted)


async def verifiers_of_all_names(
    ledger: PostgresLedger, settings: Settings, hosted: OfficeCode, keys: Sequence[NoteKey]
) -> list[NoteVerifier]:
    """What verifies the checkpoints of an office's log under all the names it has had; none without keys."""
    if not keys:
        return []
    origins = await ledger.origins(hosted, origin_of(settings, hosted))
    return [key.verifier for origin in origins for key in named(keys, origin)]


def note_check(verifiers: Sequence[NoteVerifier]) -> CheckNote:
    """Tell what is wrong with a checkpoint: not what it should say or, with verifiers, signed by none of them."""

    def check(note: bytes, size: int, root: bytes) -> str | None:
        try:
            text = verify_note(note, verifiers).text if verifiers else note.decode().rpartition("\n\n")[0] + "\n"
            said = parse_checkpoint(text)
        except (MalformedNote, UnverifiedNote, MalformedLog, UnicodeDecodeError):
            return "is not signed by a key of this log"
        return None if (said.size, said.root) == (size, root) else "says something else"

    return check


@asynccontextmanager
async def opened_ledger(settings: Settings, hosted: OfficeCode) -> AsyncIterator[tuple[PostgresLedger, LedgerCheck]]:
    """Open an office's log for a command; CannotOpen."""
    queries = load_queries()
    async with open_database(settings) as dsn:
        try:
            pool = await open_pool(dsn, application="pouch ledger", smallest=1, largest=2)
        except DatabaseUnavailable as error:
            raise CannotOpen(str(error)) from None
        try:
            yield PostgresLedger(pool, queries), LedgerCheck(pool, queries, hosted)
        finally:
            await pool.close()


def _known(
    settings: Settings, hosted: OfficeCode, origin: str, verifiers: Sequence[NoteVerifier]
) -> list[tuple[int, bytes]]:
    found = known_heads(LogMemory(settings.gateway.storage), settings.ledger.export.folder, hosted, origin, verifiers)
    return [(head.checkpoint.size, head.checkpoint.root) for head in found]


async def check_known(
    ledger: PostgresLedger, hosted: OfficeCode, size: int, heads: Iterable[tuple[int, bytes]]
) -> None:
    """LedgerDamaged unless the log of `size` begins with each of these: sizes and roots known beside the database."""
    for known, root in heads:
        if known > size:
            raise LedgerDamaged(f"entry {size}", f"is missing: {known} entries are known to have been signed")
        if await ledger.root(hosted, known) != root:
            raise LedgerDamaged(f"the tree of size {known}", "has not the root that is known to have been signed")


async def check_database(settings: Settings, office: str | None = None) -> CheckedLog:
    """Compute an office's log, the first hosted one's by default, again from the database (`pouch ledger verify --db`).

    Raises SettingsError, CannotOpen, Deferred(DATABASE_UNAVAILABLE).
    """
    hosted = hosted_of(settings, office)
    origin, keys = origin_of(settings, hosted), load_log_keys(settings)[hosted]
    size = 0
    async with opened_ledger(settings, hosted) as (ledger, check):
        origin = (await ledger.origins(hosted, origin))[-1]
        verifiers = await verifiers_of_all_names(ledger, settings, hosted, keys)
        try:
            # read first: what is signed while this check goes on is more than it has seen
            heads = await asyncio.to_thread(_known, settings, hosted, origin, verifiers)
            async for done in check.whole(note_check(verifiers)):
                size = done
            await check_known(ledger, hosted, size, heads)
        except LedgerDamaged as damage:
            return CheckedLog(origin=origin, size=size, place=damage.place, explanation=damage.explanation)
        signed = await check.signed_size() if verifiers else 0
        return CheckedLog(origin=origin, size=size, root=await ledger.root(hosted, size), signed=signed)
