"""Rows for two offices' books: documents that went from one to the other, but for one lost and one altered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.app.opening import Gateway, open_database, open_gateway
from gateway.app.tidying import tidy_tables
from gateway.bench.ground import Ground
from gateway.core.exchange import Party, State
from gateway.core.transmission import Task
from gateway.settings import load_settings

__all__ = ["ACCESSING", "DEPOSITING", "Side", "fill", "ranges_without"]

#: Numbers written in one statement: it stays far below the time a statement may take.
_AT_ONCE: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one office's rows are: its party, its partner, and the task by which documents went over."""

    office: str
    partner: str
    party: Party
    state: State
    task: Task
    facts: bool


DEPOSITING: Final = Side(
    office="XA", partner="XB", party=Party.DEPOSITING, state=State.PLACED, task=Task.ANSWER, facts=True
)
ACCESSING: Final = Side(
    office="XB", partner="XA", party=Party.ACCESSING, state=State.RECEIVED, task=Task.OBTAIN, facts=False
)


async def fill(
    ground: Ground,
    side: Side,
    count: int,
    at: datetime,
    tell: Callable[[int], None],
    *,
    lost: int | None = None,
    altered: int | None = None,
) -> None:
    """Write documents 1 to `count`, without number `lost` and with other bytes as number `altered`; `at` long ago.

    The tables are then as they are in an office: rows that came long ago are vacuumed and analysed.
    """
    settings = load_settings(ground.config, {})
    async with open_database(settings) as dsn, open_gateway(settings, dsn) as gateway:
        for first in range(1, count + 1, _AT_ONCE):
            last = min(first + _AT_ONCE - 1, count)
            for start, end in ranges_without(lost, first, last):
                await _write(gateway, side, start, end, at, altered)
            tell(last)
    await tidy_tables(settings)


def ranges_without(lost: int | None, first: int, last: int) -> list[tuple[int, int]]:
    """The ranges that remain of [first, last] without one number."""
    if lost is None or not first <= lost <= last:
        return [(first, last)]
    return [(start, end) for start, end in ((first, lost - 1), (lost + 1, last)) if start <= end]


async def _write(gateway: Gateway, side: Side, start: int, end: int, at: datetime, altered: int | None) -> None:
    pool, queries = gateway.pool, gateway.queries
    of = DEPOSITING.office
    await pool.execute(queries["bench_exchanges"], side.office, side.party.value, of, side.state.value, at, start, end)
    those = (side.office, _normal(of, start), _normal(of, end))
    await pool.execute(queries["bench_documents"], *those, _normal(of, altered) if altered is not None else "")
    await pool.execute(queries["bench_transmissions"], *those, side.partner, side.task.value)
    if side.facts:
        await pool.execute(queries["bench_facts"], *those, side.partner)


def _normal(office: str, number: int) -> str:
    return f"{office}2026{number:08d}"
