"""Ledger: how many entries a second are committed, placed and signed, and how long a signature is waited for.

Rules: the database is the embedded one with synchronous commit; an entry counts when a signed checkpoint covers it, so
that the end of the measurement is the checkpoint over the last one.
"""

import asyncio
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from gateway.app.opening import CannotOpen, Gateway, open_database, open_gateway
from gateway.app.sequencing import sequence
from gateway.bench.ground import prepare_ground
from gateway.bench.plan import OFFICE, BenchFailed
from gateway.core.entry import make_entry
from gateway.core.exchange import Step
from gateway.core.office import OfficeCode
from gateway.ports import Append
from gateway.settings import SettingsError, load_settings

__all__ = ["LedgerFigures", "run_ledger", "waits"]

_HOSTED: Final = OfficeCode(OFFICE)
#: Appends at once: as many as the front doors of a busy gateway have.
_AT_ONCE: Final = 128
_LOOK_SECONDS: Final = 0.05
_END_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFigures:
    """One measurement. `seconds` from the first append to the checkpoint over the last entry; waits in seconds."""

    entries: int
    seconds: float
    checkpoints: int
    waits: list[float]

    def as_json(self) -> dict[str, Any]:
        """The figures by name."""
        ordered = sorted(self.waits)
        return {
            "bench": "ledger",
            "entries": self.entries,
            "seconds": round(self.seconds, 3),
            "entries_per_second": round(self.entries / self.seconds, 2),
            "checkpoints": self.checkpoints,
            "commit_to_checkpoint_p50_seconds": round(ordered[len(ordered) // 2], 3),
            "commit_to_checkpoint_p99_seconds": round(ordered[len(ordered) * 99 // 100], 3),
            "synchronous_commit": "on",
        }


async def run_ledger(seconds: float) -> LedgerFigures:
    """Found a gateway in a temporary folder, fill its ledger for `seconds`, and wait for the last checkpoint."""
    with tempfile.TemporaryDirectory(prefix="pouch-bench-") as folder:
        ground = prepare_ground(Path(folder), tls=False)
        try:
            settings = load_settings(ground.config, {})
            async with open_database(settings) as dsn, open_gateway(settings, dsn) as gateway:
                sequencer = asyncio.create_task(sequence(gateway, dsn))
                try:
                    return await _measure(gateway, seconds)
                finally:
                    sequencer.cancel()
                    with suppress(asyncio.CancelledError):
                        await sequencer
        except (CannotOpen, SettingsError) as error:
            raise BenchFailed(str(error)) from None


async def _measure(gateway: Gateway, seconds: float) -> LedgerFigures:
    committed: list[float] = []
    signed: list[tuple[int, float]] = [(0, 0.0)]
    started = time.monotonic()
    watcher = asyncio.create_task(_watch(gateway, signed))
    try:
        await asyncio.gather(*(_fill(gateway, started + seconds, committed) for _ in range(_AT_ONCE)))
        until = time.monotonic() + _END_SECONDS
        while signed[-1][0] < len(committed):
            if time.monotonic() > until or watcher.done():
                raise BenchFailed("the sequencer did not come to an end; is the machine overloaded?")
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        watcher.cancel()
    return LedgerFigures(
        entries=len(committed),
        seconds=signed[-1][1] - started,
        checkpoints=len(signed) - 1,
        waits=waits(committed, signed),
    )


async def _fill(gateway: Gateway, until: float, committed: list[float]) -> None:
    line = gateway.line
    while time.monotonic() < until:
        entry = make_entry(
            entry_id=line.new_id(),
            hosted=_HOSTED,
            exchange_id=None,
            step=Step.REFUSED,
            at=line.clock.now(),
            salt=line.randomness.take(16),
            actor=OFFICE,
            outcome="3012 DOCUMENT_SIZE",
            digests={"message": "ab" * 32},
        )
        await line.journal.append(Append(hosted=_HOSTED, entry=entry))
        committed.append(time.monotonic())


async def _watch(gateway: Gateway, signed: list[tuple[int, float]]) -> None:
    """Note when each checkpoint is first seen."""
    while True:
        head = await gateway.ledger.newest(_HOSTED)
        if head is not None and head.size > signed[-1][0]:
            signed.append((head.size, time.monotonic()))
        await asyncio.sleep(_LOOK_SECONDS)


def waits(committed: list[float], signed: list[tuple[int, float]]) -> list[float]:
    """How long each entry waited for the checkpoint that covers it, in the order of commits."""
    return [max(0.0, at - commit) for (done, _), (size, at) in pairwise(signed) for commit in committed[done:size]]
