"""Whatever is changed of the ledger is found: of rows in the database, and of an export's tiles and checkpoint.

POUCH_MUTATIONS says how many are made of each (300 without); POUCH_MUTATIONS_SEED, from which seed. What was made and
found is told at the end of the output of `pytest -s`.
"""

import os
from datetime import timedelta

import asyncpg
import pytest
from mutating_files import FileMutations
from mutating_rows import RowMutations

from gateway.app.declaring import Declarer
from gateway.app.ledger_export import export_log
from gateway.app.outage_events import OutageWriter
from gateway.app.outages import announce_downtime, end_downtime
from gateway.core.entry import make_entry
from gateway.core.exchange import Step
from gateway.core.outage import Finding, Subject, Window
from gateway.ports import Append
from gateway.store.outages import PostgresOutages

COUNT = int(os.environ.get("POUCH_MUTATIONS", "300"))
SEED = int(os.environ.get("POUCH_MUTATIONS_SEED", "20261123"))


async def work(house, count):
    """Entries as the line writes them, one in four of an exchange."""
    line = house.gateway.line
    for number in range(count):
        entry = make_entry(
            entry_id=line.new_id(),
            hosted="XA",
            exchange_id=None if number % 4 else line.new_id(),
            step=Step.REFUSED,
            at=line.clock.now(),
            salt=line.randomness.take(16),
            actor="XB",
            outcome="3012",
            digests={"message": f"{number:064x}"},
        )
        await line.journal.append(Append(hosted="XA", entry=entry))


@pytest.fixture
async def lived(house, tmp_path):
    """A ledger with all that stands in one: changes, an outage, downtime, checkpoints, and entries that wait."""
    gateway = house.gateway
    await Declarer(gateway).declare()
    writer, outages = (
        OutageWriter(gateway.line.clock, gateway.line.randomness),
        PostgresOutages(gateway.pool, gateway.queries),
    )
    now = gateway.line.clock.now()
    window = Window(not_before=now, not_after=now + timedelta(seconds=1))
    finding = Finding(subject=Subject.DOOR, began=window, ended=window, measured_by="machine clock")
    for event in writer.events_of("XA", finding):
        await outages.add(event)
    said = await announce_downtime(
        outages, writer, "XA", counterpart=None, starts=now, ends=window.not_after, reason="x", actor="operator"
    )
    await end_downtime(outages, writer, "XA", said, actor="operator")
    for size in (100, 200, 230, 150):
        await work(house, size)
        await house.order()
        await house.order()
        if size == 200:
            await export_log(gateway.settings, tmp_path / "earlier")
    await export_log(gateway.settings, tmp_path / "export")
    await work(house, 5)
    return house


async def test_every_mutation_of_the_databases_rows_is_found(lived, database):
    connection = await asyncpg.connect(database.superuser.reveal())
    head = await lived.gateway.ledger.newest("XA")
    keys = lived.gateway.log_keys["XA"]
    try:
        mutations = RowMutations(connection, lived.gateway.queries, keys, (head.size, head.root), SEED)
        tally = await mutations.run(COUNT)
    finally:
        await connection.close()
    print(f"\nrows: {dict(tally.made)} made, {dict(tally.found)} found")
    assert tally.missed == []
    assert sum(tally.made.values()) == COUNT


async def test_every_mutation_of_tiles_and_checkpoints_is_found(lived, tmp_path):
    keys = lived.gateway.log_keys["XA"]
    tally = await FileMutations(tmp_path / "export", tmp_path / "earlier", keys, SEED).run(COUNT)
    print(f"\nfiles: {dict(tally.made)} made, {dict(tally.found)} found")
    assert tally.missed == []
    assert sum(tally.made.values()) == COUNT
