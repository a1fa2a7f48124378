"""The daily export: each day what is new of each log goes into a folder of files that are written once.

Rules:
- `pouch ledger verify --dir FOLDER/xa` takes the folder as it stands, also while it is written.
- A log that does not contain what was exported before is not exported and told of: nothing is overwritten by a restored
  database's log. One that was begun anew, under another name, gets a folder of its own.
- A full or unwritable disk is counted and tried again; traffic goes on.
"""

import asyncio
import errno
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Final

from gateway.app.opening import Gateway
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred
from gateway.store.duties import Duty
from gateway.store.export_folder import ExportFolder, said_by
from gateway.store.ledger_read import LedgerDamaged, PostgresLedger, SignedHead
from gateway.store.stamps import PostgresStamps
from gateway.wire.tlog_checkpoint import Checkpoint
from gateway.wire.tlog_tiles import ENTRIES, bundles_of, tiles_of
from monitoring.log import logger

__all__ = ["DailyExport", "NotContinued", "export_day", "exported_head", "log_folder"]

_log = logger("daily-export")

#: Seconds between two looks, and while a log has no checkpoint yet; between two tries after one that failed.
_LOOK: Final = 60.0
_SOON: Final = 2.0
_PAUSE: Final = timedelta(minutes=15)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class NotContinued(Exception):
    """The log does not contain what was exported before; `cause` is "shorter" or "forked"."""

    def __init__(self, cause: str, explanation: str) -> None:
        super().__init__(explanation)
        self.cause = cause


def exported_head(folder: Path, hosted: OfficeCode, origin: str | None = None) -> tuple[int, bytes] | None:
    """Size and root of the greatest checkpoint exported of an office's log, None if none was.

    `folder` is ledger.export.folder; without `origin` it is the log that was begun last. The signature is not
    verified: whoever may write there is believed, which can stop the signing and never forge it. LedgerDamaged if it
    cannot be read. Waits for the disk.
    """
    newest = None
    for place in _log_folders(folder, hosted):
        head = ExportFolder(place).newest()
        if head is not None and origin in (None, head.origin):
            newest = (head.size, head.root)
    return newest


def log_folder(folder: Path, hosted: OfficeCode, origin: str) -> Path:
    """Where the log of this name goes: FOLDER/xa, or FOLDER/xa-2 and so on once it was begun anew. LedgerDamaged."""
    free = folder / hosted.lower()
    for number, place in enumerate(_log_folders(folder, hosted), 2):
        head = ExportFolder(place).newest()
        if head is None or head.origin == origin:
            return place
        free = folder / f"{hosted.lower()}-{number}"
    return free


def _log_folders(folder: Path, hosted: OfficeCode) -> list[Path]:
    found = []
    place = folder / hosted.lower()
    while place.is_dir():
        found.append(place)
        place = folder / f"{hosted.lower()}-{len(found) + 1}"
    return found


class DailyExport:
    """Exports the logs of an open gateway as long as it runs."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._folder = gateway.settings.ledger.export.folder
        self._duty = Duty(gateway.pool, gateway.queries, "daily-export")
        #: When the last whole export was finished, and until when to wait after one that failed.
        self._finished: dict[OfficeCode, datetime] = {}
        self._not_before: dict[OfficeCode, datetime] = {}

    async def run(self) -> None:
        """Export until cancelled; ends at once without a folder."""
        while self._folder is not None:
            pause = _LOOK if await self.look(self._folder) else _SOON
            await asyncio.sleep(pause)

    async def look(self, folder: Path) -> bool:
        """Export what is due, if it is this process's duty, and measure how old the exports are.

        False while a log that could be signed has no checkpoint yet.
        """
        try:
            if await self._duty.take():
                looked = [await self._export(folder, hosted) for hosted, keys in self._gateway.log_keys.items() if keys]
                return all(looked)
        except Deferred as error:
            _log.warning("the daily export is put off", reason=error.reason.code)
        except Exception as bug:
            _log.error("the daily export failed and goes on", exc_info=bug)
        return True

    async def _export(self, folder: Path, hosted: OfficeCode) -> bool:
        gateway, now = self._gateway, self._gateway.line.clock.now()
        stamps = PostgresStamps(gateway.pool, gateway.queries)
        if (head := await gateway.ledger.newest(hosted)) is None:
            return False
        try:
            place = ExportFolder(await asyncio.to_thread(log_folder, folder, hosted, said_by(head.note).origin))
            if (last := await asyncio.to_thread(place.last_day)) is not None:
                self._finished[hosted] = last[1]
            if self._is_due(hosted, now):
                size = await export_day(gateway.ledger, stamps, hosted, place, now)
                self._finished[hosted] = now
                self._not_before.pop(hosted, None)
                _log.info("exported", hosted=hosted, size=size)
        except (OSError, LedgerDamaged, NotContinued) as error:
            self._not_before[hosted] = now + _PAUSE
            cause, how = _told(error)
            gateway.meter.export_failed(hosted, cause)
            _log.error("the log was not exported", hosted=hosted, cause=cause, how=how)
        if (since := self._finished.get(hosted) or await stamps.first_signed(hosted)) is not None:
            gateway.meter.export_age(hosted, (now - since).total_seconds())
        return True

    def _is_due(self, hosted: OfficeCode, now: datetime) -> bool:
        """After the hour of each day, at once where nothing was exported ever; not at once after a failure."""
        if (pause := self._not_before.get(hosted)) is not None and now < pause <= now + _PAUSE:
            return False
        if (finished := self._finished.get(hosted)) is None:
            return True
        return finished.date() < now.astimezone(UTC).date() and now.hour >= self._gateway.settings.ledger.export.hour


async def export_day(
    ledger: PostgresLedger, stamps: PostgresStamps, hosted: OfficeCode, place: ExportFolder, at: datetime
) -> int:
    """Write what is new up to the newest checkpoint, then that the day is whole; gives the log's size.

    Raises OSError, LedgerDamaged, NotContinued, Deferred(DATABASE_UNAVAILABLE).
    """
    head = await ledger.newest(hosted)
    if head is None:
        return 0
    begun = await asyncio.to_thread(place.begun)
    for former in (await asyncio.to_thread(place.newest), said_by(begun) if begun else None):
        await _check_continued(ledger, hosted, former, head)
    if begun is not None and said_by(begun).size != head.size:  # a process died over it
        await _write_log(ledger, hosted, place, said_by(begun).size)
        await asyncio.to_thread(place.finish, begun)
    await asyncio.to_thread(place.begin, head.note)
    await _write_log(ledger, hosted, place, head.size)
    for number, authority in await stamps.kept(hosted):
        stem = f"stamps/{number}-{authority}"
        if not await asyncio.to_thread(place.has, f"{stem}.tst"):
            token, note = await stamps.pair(hosted, number, authority)
            await asyncio.to_thread(place.write, f"{stem}.note", note)
            await asyncio.to_thread(place.write, f"{stem}.tst", token)
    await asyncio.to_thread(place.finish_day, head.note, at)
    return head.size


async def _write_log(ledger: PostgresLedger, hosted: OfficeCode, place: ExportFolder, size: int) -> None:
    for tile in chain(tiles_of(size), bundles_of(size)):
        if not await asyncio.to_thread(place.has, tile.path):
            content = await (ledger.bundle if tile.level == ENTRIES else ledger.tile)(hosted, tile)
            await asyncio.to_thread(place.write, tile.path, content)


async def _check_continued(
    ledger: PostgresLedger, hosted: OfficeCode, former: Checkpoint | None, head: SignedHead
) -> None:
    if former is None:
        return
    if former.size > head.size:
        raise NotContinued("shorter", f"{former.size} entries were exported, {head.size} are signed")
    if await ledger.root(hosted, former.size) != former.root:
        raise NotContinued("forked", f"the first {former.size} entries are not those that were exported")


def _told(error: OSError | LedgerDamaged | NotContinued) -> tuple[str, str]:
    """(cause as it is counted, explanation)."""
    if isinstance(error, NotContinued):
        return error.cause, str(error)
    if isinstance(error, LedgerDamaged):
        return "damaged", str(error)
    return ("no-room" if error.errno in _FULL else "unwritable"), error.strerror or type(error).__name__
