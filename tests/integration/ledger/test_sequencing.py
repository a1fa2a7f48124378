"""The sequencer at work: places and signs by itself, hands over, keeps its hands off a log that is not its own."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
import pytest
from ledger_filling import fill
from log_house import open_house

from gateway.app.log_keys import load_log_keys
from gateway.app.sequencing import sequence
from gateway.settings import SettingsError, load_settings
from gateway.wire.tlog_checkpoint import parse_checkpoint
from pki.note_keys import generate_note_key, load_note_key, write_note_key
from pki.notes import verify_note


@asynccontextmanager
async def sequencing(house, count=1):
    tasks = [asyncio.create_task(sequence(house.gateway, house.dsn)) for _ in range(count)]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def signed_size(house, wanted, hosted="XA"):
    """Wait until a checkpoint of this size is signed."""
    async with asyncio.timeout(30):
        while True:
            head = await house.gateway.ledger.newest(hosted)
            if head is not None and head.size == wanted:
                return head
            await asyncio.sleep(0.05)


async def test_entries_are_placed_and_signed_by_themselves(house):
    async with sequencing(house, count=2):
        await fill(house.dsn, 5)
        await fill(house.dsn, 2, hosted="XB")
        head = await signed_size(house, 5)
        assert parse_checkpoint(house.verified(head.note).text).root == head.root
        await fill(house.dsn, 3, start=5)
        await signed_size(house, 8)
        await signed_size(house, 2, "XB")
    assert await house.gateway.ledger.consistency("XA", 5, 8)


async def test_another_takes_over_when_the_session_of_the_leader_ends(house, database):
    async with sequencing(house):
        await fill(house.dsn, 5)
        await signed_size(house, 5)
        connection = await asyncpg.connect(database.superuser.reveal())
        try:
            ended = await connection.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'pouch sequencer'"
            )
        finally:
            await connection.close()
        assert len(ended) == 1
        await fill(house.dsn, 5, start=5)
        await signed_size(house, 10)


async def test_a_log_shorter_than_what_was_signed_is_left_alone_and_counted(house, database):
    await fill(house.dsn, 5)
    await house.order()
    connection = await asyncpg.connect(database.superuser.reveal())
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("DELETE FROM ledger_position WHERE seq = 4")
    finally:
        await connection.close()
    async with sequencing(house):
        await fill(house.dsn, 2, start=5)
        await fill(house.dsn, 2, hosted="XB")
        await signed_size(house, 2, "XB")
    assert await house.gateway.ledger.size("XA") == 4
    registry = house.gateway.meter.registry
    assert registry.get_sample_value("pouch_ledger_mismatches_total", {"office": "XA"}) == 1


async def put_back(database, size):
    """Put the database back to when the log had `size` entries, all others and their checkpoints unknown to it."""
    connection = await asyncpg.connect(database.superuser.reveal())
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("DELETE FROM ledger_checkpoint WHERE size > $1", size)
        await connection.execute("DELETE FROM ledger_position WHERE seq >= $1", size)
    finally:
        await connection.close()


async def test_a_database_that_was_put_back_is_noticed_until_a_person_decides(house, database):
    await fill(house.dsn, 5)
    await house.order()
    await fill(house.dsn, 5, start=5)
    assert (await house.order())["XA"].size == 10
    await put_back(database, 5)
    async with sequencing(house):
        await fill(house.dsn, 7, start=10)
        await fill(house.dsn, 2, hosted="XB")
        await signed_size(house, 2, "XB")
    assert (await house.gateway.ledger.newest("XA")).size == 5
    assert house.gateway.meter.registry.get_sample_value("pouch_ledger_mismatches_total", {"office": "XA"}) == 1
    (house.gateway.settings.gateway.storage / "ledger" / "XA.checkpoint").unlink()
    async with sequencing(house):
        await signed_size(house, 13)  # with the entry that it was suspended


async def test_a_memory_that_cannot_be_read_is_a_persons_matter(house):
    await fill(house.dsn, 5)
    await house.order()
    (house.gateway.settings.gateway.storage / "ledger" / "XA.checkpoint").write_text("nonsense")
    await fill(house.dsn, 5, start=5)
    async with sequencing(house):
        await fill(house.dsn, 2, hosted="XB")
        await signed_size(house, 2, "XB")
    assert (await house.gateway.ledger.newest("XA")).size == 5


async def test_two_keys_sign_while_they_roll_over(database, tmp_path):
    async with open_house(tmp_path / "xa", database.app, roll_over=True) as house:
        note = (await house.order())["XA"].note
        for name in ("ledger.key", "former.key"):
            assert verify_note(note, [load_note_key(house.folder / "keys" / name).verifier]).text
        assert note.count("— xa.pouch.example/ledger ".encode()) == 2


async def test_without_a_key_entries_are_placed_and_nothing_is_signed(house):
    house.gateway.log_keys = dict.fromkeys(house.gateway.log_keys, ())
    async with sequencing(house):
        await fill(house.dsn, 5)
        async with asyncio.timeout(30):
            while await house.gateway.ledger.size("XA") < 5:
                await asyncio.sleep(0.05)
    assert await house.gateway.ledger.newest("XA") is None


@pytest.mark.parametrize("seconds", [0, -1, 61])
async def test_how_often_is_signed_has_bounds(house, seconds):
    main = house.folder / "pouch.toml"
    main.write_text(main.read_text().replace("[ledger]", f"[ledger]\ncheckpoint_seconds = {seconds}"))
    with pytest.raises(SettingsError, match=r"ledger\.checkpoint_seconds"):
        load_settings(main)


async def test_a_key_of_another_log_is_refused(house):
    (house.folder / "keys" / "ledger.key").unlink()
    write_note_key(house.folder / "keys" / "ledger.key", generate_note_key("other.example/ledger"))
    with pytest.raises(SettingsError, match=r"ledger\.keys\[0\]"):
        load_log_keys(load_settings(house.folder / "pouch.toml"))
