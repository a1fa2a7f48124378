"""The line on a real database: the bench of the line's tests over PostgreSQL and a disk, and its fixtures.

The counterparts are in memory (tests/unit/stages/line_in_memory.py); documents are sealed on a real disk.
"""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
sys.path += [str(ROOT / "store"), *(str(ROOT.parent / "unit" / folder) for folder in ("stages", "core"))]

from both_stores import shared_stores  # noqa: E402
from core_values import XA, XB, head  # noqa: E402
from line_in_memory import Bench, make_bench  # noqa: E402

from gateway.core.request import Read, ReadKind  # noqa: E402
from gateway.pipeline import dispatch  # noqa: E402
from gateway.stages.tell import poll_notifications  # noqa: E402
from gateway.store.documents import SealedDocuments  # noqa: E402
from gateway.store.wrapping import WrappingKeys  # noqa: E402

LEASE = timedelta(minutes=1)


class RealBench(Bench):
    """The bench over PostgreSQL and a disk. Its clock is its own: leases are the database's, and long."""

    async def dispatch_one(self, **changes):
        transmission = await self.line.outbox.claim(**{"busy": frozenset(), "lease": LEASE} | changes)
        return None if transmission is None else await dispatch(transmission, self, self.line)

    def kit(self, transmission):
        return replace(super().kit(transmission), progress=self.line.outbox.progress(transmission))

    async def view(self, exchange_id):
        for hosted in (XA, XB):
            if view := await self.line.records.view(hosted, exchange_id):
                return view
        return None

    async def read(self, document):
        return b"".join([chunk async for chunk in self.line.documents.read(document)])

    async def told(self, office):
        asked = Read(head=head(sender=office, hosted=office), kind=ReadKind.POLL)
        return await poll_notifications(asked, self.line)

    async def count(self, table):
        return await self.pool.fetchval(f"SELECT count(*) FROM {table}")


@pytest.fixture(scope="module")
async def shared(pg):
    async with shared_stores(pg) as stores:
        yield stores


@pytest.fixture
async def bench(shared, tmp_path):
    """A line on the database and the disk."""
    documents = SealedDocuments(tmp_path / "documents", wrapping=WrappingKeys([bytes(32)]), reserve_bytes=0)
    memory = make_bench(
        journal=shared.journal,
        records=shared.records,
        outbox=shared.outbox,
        guesses=shared.guesses,
        documents=documents,
    )
    real = RealBench(**{name: getattr(memory, name) for name in memory.__dataclass_fields__})
    real.pool = shared.pool
    real.clock = shared.clock
    real.line = replace(memory.line, clock=shared.clock)
    yield real
    documents.close()
    await shared.wipe()
