"""The self-check finds what somebody with all rights has changed, and names where."""

import asyncio
import json
from contextlib import asynccontextmanager

import asyncpg
import pytest
from click.testing import CliRunner
from ledger_filling import fill

from gateway.__main__ import main
from gateway.app.ledger_check import SelfCheck, check_database, note_check
from gateway.app.ledger_export import NotExported, export_log
from gateway.evidence.sources import FolderSource
from gateway.evidence.verifying import verify_log
from gateway.store.ledger_check import LedgerCheck
from gateway.store.ledger_read import LedgerDamaged
from gateway.store.ledger_rows import RowCheck
from gateway.wire.tlog_tiles import tiles_of
from pki.note_keys import parse_vkey

SIZE = 600


@asynccontextmanager
async def tampering(dsn):
    """A superuser who has switched all triggers off."""
    connection = await asyncpg.connect(dsn.reveal())
    try:
        await connection.execute("SET session_replication_role = replica")
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def filled(house):
    """A log of 600 entries with checkpoints at 300 and 600."""
    await fill(house.dsn, 300)
    await house.order()
    await fill(house.dsn, 300, start=300)
    await house.order()
    return house


async def check(house, hosted="XA"):
    gateway = house.gateway
    verifiers = [key.verifier for key in gateway.log_keys[hosted]]
    return [size async for size in LedgerCheck(gateway.pool, gateway.queries, hosted).whole(note_check(verifiers))]


FLIP = "set_byte({0}, 5, get_byte({0}, 5) # 1)"
OF_ENTRY = "WHERE entry_id = (SELECT entry_id FROM ledger_position WHERE seq = 400)"
MOVE = "UPDATE ledger_position SET seq = seq + 1000 WHERE seq = {0}"

TAMPERINGS = {
    "an entry's content": ("UPDATE ledger_entry SET leaf = " + FLIP.format("leaf") + OF_ENTRY, "entry 400"),
    "an entry's content and hash": (
        "UPDATE ledger_entry SET leaf = '\\x01', leaf_hash = sha256('\\x0001') " + OF_ENTRY,
        "entry 400",
    ),
    "an entry with its hash at its place": (
        "WITH e AS (UPDATE ledger_entry SET leaf = '\\x01' " + OF_ENTRY + ")"
        "UPDATE ledger_position SET leaf_hash = sha256('\\x0001') WHERE seq = 400",
        "entry 400",
    ),
    "an entry after the last full tile, with its hash": (
        "WITH e AS (UPDATE ledger_entry SET leaf = '\\x01', leaf_hash = sha256('\\x0001') WHERE entry_id ="
        " (SELECT entry_id FROM ledger_position WHERE seq = 599))"
        "UPDATE ledger_position SET leaf_hash = sha256('\\x0001') WHERE seq = 599",
        "the tree of size 600",
    ),
    "a deleted entry": ("DELETE FROM ledger_entry " + OF_ENTRY, "entry 400"),
    "a deleted place": ("DELETE FROM ledger_position WHERE seq = 400", "entry 400"),
    "a log cut short": ("DELETE FROM ledger_position WHERE seq >= 512", "entry 512"),
    "a log cut to a signed size": ("DELETE FROM ledger_position WHERE seq >= 300", "entry 300"),
    "a changed tile": ("UPDATE ledger_tile SET hashes = " + FLIP.format("hashes") + " WHERE index = 1", "entry 256"),
    "a changed root of a tile": ("UPDATE ledger_tile SET root = sha256(root) WHERE index = 1", "tile/0/001"),
    "a missing tile": ("DELETE FROM ledger_tile WHERE index = 1", "tile/0/001"),
    "a changed root of a checkpoint": (
        "UPDATE ledger_checkpoint SET root = sha256(root) WHERE size = 300",
        "the tree of size 300",
    ),
    "a changed signature": (
        "UPDATE ledger_checkpoint SET note = set_byte(note, length(note) - 9, get_byte(note, length(note) - 9) # 1)"
        " WHERE size = 600",
        "the checkpoint of size 600",
    ),
    "a note under another size": (
        "UPDATE ledger_checkpoint SET note = (SELECT note FROM ledger_checkpoint WHERE size = 300 AND hosted = 'XA')"
        " WHERE size = 600",
        "the checkpoint of size 600",
    ),
}


async def test_an_honest_log_is_found_to_be_one(filled):
    assert await check(filled) == [SIZE]
    assert await check(filled, "XB") == []
    checked = await check_database(filled.gateway.settings)
    assert (checked.origin, checked.size, checked.signed) == ("xa.pouch.example/ledger", SIZE, SIZE)
    assert checked.place is None and checked.root == (await filled.gateway.ledger.newest("XA")).root


@pytest.mark.parametrize("what", TAMPERINGS)
async def test_what_was_changed_is_found_and_named(filled, database, what):
    change, place = TAMPERINGS[what]
    async with tampering(database.superuser) as connection:
        assert not (await connection.execute(change)).endswith(" 0")
    with pytest.raises(LedgerDamaged) as damage:
        await check(filled)
    assert damage.value.place == place
    checked = await check_database(filled.gateway.settings)
    assert (checked.place, checked.explanation) == (place, damage.value.explanation)


async def test_two_entries_that_changed_places_are_found(filled, database):
    async with tampering(database.superuser) as connection:
        for old, new in ((400, 9000), (401, 400), (9000, 401)):
            await connection.execute("UPDATE ledger_position SET seq = $2 WHERE seq = $1", old, new)
    with pytest.raises(LedgerDamaged) as damage:
        await check(filled)
    assert damage.value.place == "entry 400"


async def test_an_entry_taken_off_the_waiting_list_is_found(filled, database):
    await fill(filled.dsn, 1, start=900)
    assert await check(filled) == [SIZE]
    async with tampering(database.superuser) as connection:
        await connection.execute("DELETE FROM ledger_pending")
    with pytest.raises(LedgerDamaged, match="does not wait"):
        await check(filled)


async def test_a_round_finds_a_bad_tile_counts_it_and_goes_on(filled, database):
    selfcheck = SelfCheck(filled.gateway)
    assert await selfcheck.look("XA")
    async with tampering(database.superuser) as connection:
        await connection.execute("UPDATE ledger_tile SET root = sha256(root)")
    assert not await selfcheck.look("XA")
    registry = filled.gateway.meter.registry
    assert registry.get_sample_value("pouch_ledger_mismatches_total", {"office": "XA"}) == 1
    assert registry.get_sample_value("pouch_ledger_mismatches_total", {"office": "XB"}) == 0
    assert registry.get_sample_value("pouch_ledger_checked_entries_total", {"office": "XA"}) > 0


async def test_an_export_verifies_without_us_and_grows(filled, tmp_path):
    folder = tmp_path / "export"
    vkey = parse_vkey((filled.folder / "keys" / "ledger.vkey").read_text())
    assert await export_log(filled.gateway.settings, folder) == SIZE
    verdict = await verify_log(FolderSource(folder), [vkey])
    assert verdict.holds and verdict.size == SIZE
    await fill(filled.dsn, 200, start=SIZE)
    await filled.order()
    assert await export_log(filled.gateway.settings, folder) == SIZE + 200
    grown = await verify_log(FolderSource(folder), [vkey], exact=True)
    assert grown.holds and grown.size == SIZE + 200, "what the former checkpoint alone implied is gone"
    victim = folder / next(tiles_of(SIZE)).path
    victim.write_bytes(b"x" + victim.read_bytes()[1:])
    assert not (await verify_log(FolderSource(folder), [vkey])).holds


async def test_the_commands_say_so(filled, database, monkeypatch, tmp_path):
    monkeypatch.setenv("POUCH_DATABASE_DSN", filled.dsn.reveal())
    config = str(filled.folder / "pouch.toml")

    async def pouch(*words):
        run = await asyncio.to_thread(CliRunner().invoke, main, ["ledger", *words, "--json"])
        return run.exit_code, json.loads(run.stdout)

    code, told = await pouch("verify", "--db", "-c", config)
    assert (code, told["size"], told["origin"]) == (0, SIZE, "xa.pouch.example/ledger")
    folder = str(tmp_path / "export")
    assert await pouch("export", "-c", config, "-o", folder) == (0, {"size": SIZE, "folder": folder})
    vkey = str(filled.folder / "keys" / "ledger.vkey")
    assert (await pouch("verify", "--dir", folder, "--vkey", vkey))[0] == 0
    async with tampering(database.superuser) as connection:
        await connection.execute(TAMPERINGS["an entry's content"][0])
    code, told = await pouch("verify", "--db", "-c", config)
    assert (code, told["place"]) == (1, "entry 400")
    monkeypatch.setenv("POUCH_DATABASE_DSN", "postgresql://nobody@127.0.0.1:9/none")
    (filled.folder / "keys" / "ledger.key").unlink()
    assert (await pouch("verify", "--db", "-c", config))[0] == 3


async def test_a_log_that_is_less_than_is_remembered_beside_the_database_is_found(filled, database):
    """All that came after the first checkpoint is gone without a trace, as after a restore."""
    async with tampering(database.superuser) as connection:
        for change in (
            "DELETE FROM ledger_position WHERE seq >= 300",
            "DELETE FROM ledger_tile WHERE index > 0",
            "DELETE FROM ledger_checkpoint WHERE size > 300",
            "DELETE FROM ledger_entry e WHERE NOT EXISTS (SELECT FROM ledger_position p WHERE p.entry_id = e.entry_id)",
            "UPDATE ledger_head h SET (number, chain) = (SELECT c.number, c.chain FROM ledger_checkpoint c"
            " WHERE c.hosted = h.hosted ORDER BY number DESC LIMIT 1)",
        ):
            await connection.execute(change)
    assert await check(filled) == [300]
    checked = await check_database(filled.gateway.settings)
    assert (checked.place, checked.size) == ("entry 300", 300)


ROWS = {
    "a checkpoint in the middle": "DELETE FROM ledger_checkpoint WHERE size = 300",
    "the newest checkpoint": "DELETE FROM ledger_checkpoint WHERE size = 600",
    "a checkpoint's time": "UPDATE ledger_checkpoint SET created_at = created_at + interval '1 us' WHERE size = 300",
    "the row that names the newest": "DELETE FROM ledger_head WHERE hosted = 'XA'",
    "a hash beside an entry": "UPDATE ledger_entry SET leaf_hash = sha256(leaf_hash) " + OF_ENTRY,
}


@pytest.mark.parametrize("piece", [2, 3, 4, 5])
async def test_the_chain_is_held_over_pieces_too(filled, database, monkeypatch, piece):
    for _ in range(4):
        await filled.order()
    monkeypatch.setattr("gateway.store.ledger_rows._PIECE", piece)
    assert await check(filled) == [SIZE]
    numbers = "SELECT number FROM ledger_checkpoint WHERE hosted = 'XA' ORDER BY number"
    async with tampering(database.superuser) as connection:
        for row in (await connection.fetch(numbers))[:-1]:
            taken = connection.transaction()
            await taken.start()
            await connection.execute("DELETE FROM ledger_checkpoint WHERE number = $1", row["number"])
            with pytest.raises(LedgerDamaged, match="does not follow"):
                await RowCheck(connection, filled.gateway.queries, "XA").check(())
            await taken.rollback()


@pytest.mark.parametrize("what", ROWS)
async def test_what_no_tree_covers_is_found_too(filled, database, what):
    async with tampering(database.superuser) as connection:
        assert not (await connection.execute(ROWS[what])).endswith(" 0")
    with pytest.raises(LedgerDamaged):
        await check(filled)


async def test_nothing_is_exported_before_it_is_signed(house, tmp_path):
    with pytest.raises(NotExported):
        await export_log(house.gateway.settings, tmp_path / "export")
