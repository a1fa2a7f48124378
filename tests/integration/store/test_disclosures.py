"""Salts are written with their entry, or not at all, and are the application's to add and to read only."""

import sys
from pathlib import Path

import asyncpg
import pytest

sys.path.append(str(Path(__file__).parent))

from both_stores import NOW, an_id, message, shared_stores
from core_values import XA, XB, exchange

from gateway.core.commitment import commit, opens
from gateway.core.entry import make_entry
from gateway.core.exchange import Step
from gateway.ports import Append
from gateway.store.disclosures import PostgresDisclosures
from gateway.store.named_queries import load_queries

SALTS = {"payload": bytes(range(32)), "decision.1.by": bytes(range(32, 64))}
VALUES = {"payload": b"p" * 32, "decision.1.by": "Ü. Clerk".encode()}


@pytest.fixture(scope="module")
async def shared(pg):
    async with shared_stores(pg) as stores:
        yield stores


@pytest.fixture
async def stores(shared):
    yield shared
    await shared.wipe()


def an_entry(about, *names):
    return make_entry(
        entry_id=an_id(),
        hosted=XA,
        exchange_id=about,
        step=Step.DECIDED,
        at=NOW,
        salt=bytes(16),
        actor="XA",
        commitments=[commit(name, VALUES[name], salt=SALTS[name]) for name in names],
    )


async def test_salts_come_with_their_entry_and_open_its_leaf(stores):
    about, other = an_id(), an_id()
    first, plain, last = an_entry(about, *SALTS), an_entry(about), an_entry(about, "payload")
    for entry in (first, plain, last, an_entry(other, "payload")):
        await stores.journal.append(Append(hosted=XA, entry=entry))
    disclosures = PostgresDisclosures(stores.pool, load_queries())
    found = {each.entry_id: each.salts for each in await disclosures.of_exchange(XA, about)}
    assert found == {first.entry_id: SALTS, last.entry_id: {"payload": SALTS["payload"]}}
    leaf = first.leaf.decode(errors="replace")
    for name, salt in SALTS.items():
        commitment = leaf.partition(f'"commitment.{name}":"')[2][:64]
        assert opens(commitment, salt=salt, value=VALUES[name])
    assert await disclosures.of_exchange(XB, about) == (), "another office's"


async def test_what_is_not_written_has_no_salts(stores):
    of = exchange(revision=0)
    for fresh in (True, False):
        entry = an_entry(of.exchange_id, "payload")
        change = Append(hosted=XA, entry=entry, message=message(), exchange=of)
        assert (await stores.journal.append(change)).fresh is fresh
    assert await stores.pool.fetchval("SELECT count(*) FROM ledger_disclosure") == 1


@pytest.mark.parametrize("statement", ["UPDATE {} SET salts = '{{}}'", "DELETE FROM {}", "TRUNCATE {}"])
async def test_the_application_neither_changes_nor_takes_salts(stores, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await stores.pool.execute(statement.format("ledger_disclosure"))
