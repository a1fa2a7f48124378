"""Progress, counters and spool of the store keep to the contract that the adapters' tests rely on."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

sys.path.append(str(Path(__file__).parents[2] / "contract"))

from ports_contract import counters_contract, progress_contract, spool_contract

from gateway.core.document import Role
from gateway.core.office import OfficeCode
from gateway.core.transmission import Leg, Task, Transmission
from gateway.store.documents import SealedDocuments
from gateway.store.named_queries import load_queries
from gateway.store.outbox import PostgresCounters, PostgresOutbox

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ID = "01935000-0000-7000-8000-000000000001"


@pytest.fixture
async def ports_pool(database):
    async with asyncpg.create_pool(database.app.reveal(), min_size=1, max_size=2) as pool:
        yield pool


async def test_progress_is_written_under_the_fence(ports_pool):
    await ports_pool.execute(
        "INSERT INTO transmission (hosted, transmission_id, exchange_id, counterpart, adapter, task, version,"
        " agreement, state, due_at, fence, created_at)"
        " VALUES ('XA', $1, $1, 'IB', 'das', 'place', 1, 'a', 'ready', $2, 7, $2)",
        ID,
        NOW,
    )
    leg = Leg(counterpart=OfficeCode("IB"), adapter="das", task=Task.PLACE, version=1, agreement="a", due_at=NOW)
    transmission = Transmission(
        transmission_id=ID,
        hosted=OfficeCode("XA"),
        exchange_id=ID,
        leg=leg,
        attempts=0,
        fence=7,
        created_at=NOW,
    )

    async def lose_lease():
        await ports_pool.execute("UPDATE transmission SET fence = fence + 1")

    outbox = PostgresOutbox(ports_pool, load_queries(), clock=None)
    await progress_contract(outbox.progress(transmission), lose_lease)


async def test_counters_give_each_number_once(ports_pool):
    await counters_contract(PostgresCounters(ports_pool, load_queries(), OfficeCode("XA")))


class PlainWrapping:
    """A wrapping that wraps nothing: the spool's contract is not about keys."""

    def wrap(self, key):
        return key


async def test_a_spool_takes_a_document(tmp_path):
    documents = SealedDocuments(tmp_path, wrapping=PlainWrapping(), reserve_bytes=0)
    names = {"document_id": ID, "name": "a.pdf", "role": Role.CERTIFIED_COPY, "media_type": "application/pdf"}
    await spool_contract(lambda limit: documents.spool(**names, limit=limit))
