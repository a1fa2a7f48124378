"""After a restore: what is missing is told; it comes back from an export, or a person begins the log anew."""

import asyncio
import json
import shutil

import asyncpg
import pytest
from click.testing import CliRunner
from log_house import ORIGIN, open_house
from witness_house import as_witness, sequencing, until, witness_served
from witness_words import RefereeWitness

from gateway.__main__ import main
from gateway.app.ledger_check import check_database
from gateway.app.ledger_export import export_log
from gateway.app.recovery import open_recovery
from gateway.core.entry import make_entry
from gateway.core.exchange import Step
from gateway.evidence.sources import FolderSource
from gateway.evidence.verifying import verify_log
from gateway.wire.tlog_checkpoint import parse_checkpoint
from pki.note_keys import parse_vkey

KEPT, SIGNED = 300, 700


async def fill(house, count, *, start=0):
    """Entries as the gateway writes them."""
    connection = await asyncpg.connect(house.dsn.reveal())
    line = house.gateway.line
    entries = [
        make_entry(
            entry_id=line.new_id(),
            hosted="XA",
            exchange_id=line.new_id() if number % 2 else None,
            step=Step.KEYS_CHANGED if number == 500 else Step.DEPOSITED,
            at=line.clock.now(),
            salt=line.randomness.take(16),
            actor="XA",
            count=number,
        )
        for number in range(start, start + count)
    ]
    try:
        await connection.execute(
            house.gateway.queries["ledger_restore_entries"],
            "XA",
            [entry.entry_id for entry in entries],
            [entry.exchange_id for entry in entries],
            [entry.step.value for entry in entries],
            [entry.at for entry in entries],
            [entry.leaf for entry in entries],
            [entry.leaf_hash for entry in entries],
        )
    finally:
        await connection.close()


async def sql(database, *statements):
    """Run statements as a superuser whom no trigger stops; gives the rows of the last."""
    connection = await asyncpg.connect(database.superuser.reveal())
    try:
        await connection.execute("SET session_replication_role = replica")
        for statement in statements:
            rows = await connection.fetch(statement)
        return rows
    finally:
        await connection.close()


async def restore(database, size, *, waiting=0):
    """Put the database back to when the log had `size` entries; the next `waiting` ones had no place yet."""
    await sql(
        database,
        f"INSERT INTO ledger_pending SELECT e.hosted, e.entry_id, e.at FROM ledger_entry e JOIN ledger_position p"
        f" USING (hosted, entry_id) WHERE p.seq >= {size} AND p.seq < {size + waiting}",
        f"DELETE FROM ledger_entry WHERE entry_id IN"
        f" (SELECT entry_id FROM ledger_position WHERE seq >= {size + waiting})",
        f"DELETE FROM ledger_position WHERE seq >= {size}",
        f"DELETE FROM ledger_tile WHERE (index + 1) * 256 > {size}",
        f"DELETE FROM ledger_checkpoint WHERE size > {size}",
        "DELETE FROM ledger_head",
        "INSERT INTO ledger_head SELECT DISTINCT ON (hosted) hosted, number, chain FROM ledger_checkpoint"
        " ORDER BY hosted, number DESC",
    )


@pytest.fixture
async def lost(house, database, tmp_path, monkeypatch):
    """A log of 700 entries, exported, and its database put back to 300; five of the lost entries wait there."""
    monkeypatch.setenv("POUCH_DATABASE_DSN", house.dsn.reveal())
    await fill(house, KEPT)
    await house.order()
    await fill(house, SIGNED - KEPT, start=KEPT)
    house.head = (await house.order())["XA"]
    house.export = tmp_path / "export"
    await export_log(house.gateway.settings, house.export)
    await restore(database, KEPT, waiting=5)
    return house


async def recover(house, *words, typed=None):
    """Run the command; gives its exit code and what it told."""
    words = ["ledger", "recover", "-c", str(house.folder / "pouch.toml"), "--json", *words]
    run = await asyncio.to_thread(CliRunner().invoke, main, words, input=typed)
    return run.exit_code, json.loads(run.stdout) if run.stdout.startswith("{") else run.output


async def standing(database):
    [row] = await sql(database, "SELECT origin, suspended, cause, size FROM ledger_standing WHERE hosted = 'XA'")
    return tuple(row)


async def signed(house, size):
    async def look():
        head = await house.gateway.ledger.newest("XA")
        return head if head is not None and head.size >= size else None

    return await until(look)


async def test_looking_says_what_is_missing_and_changes_nothing(lost):
    for _ in range(2):
        code, told = await recover(lost)
        assert (code, told["origin"], told["size"], told["signed"]) == (1, ORIGIN, KEPT, KEPT)
        assert told["heads"] == [{"source": "memory", "size": SIGNED, "state": "missing"}]
        assert "memory" in told["wrong"]
    assert await lost.gateway.ledger.size("XA") == KEPT


async def test_a_log_that_is_whole_may_be_signed(house, monkeypatch):
    monkeypatch.setenv("POUCH_DATABASE_DSN", house.dsn.reveal())
    await fill(house, 5)
    await house.order()
    code, told = await recover(house)
    assert (code, told["wrong"], told["heads"]) == (0, None, [{"source": "memory", "size": 5, "state": "here"}])
    code, told = await recover(house, "--accept-loss", "--reason", "none", typed=f"{ORIGIN}\n")
    assert code == 1 and "nothing is missing" in told


async def test_entries_come_back_from_an_export_while_the_gateway_runs(lost, database):
    async with sequencing(lost, count=2):

        async def suspended():
            return bool(await sql(database, "SELECT FROM ledger_standing WHERE suspended"))

        await until(suspended)
        assert await standing(database) == (ORIGIN, True, "shorter", SIGNED)
        await fill(lost, 20, start=5000)
        code, told = await recover(lost, "--from", str(lost.export))
        assert (code, told["put_back"], told["size"], told["wrong"]) == (0, SIGNED - KEPT, SIGNED, None)
        # with twenty that waited, and two of the ledger's own: suspended, put back
        head = await signed(lost, SIGNED + 22)
    assert await standing(database) == (ORIGIN, False, None, None)
    assert await lost.gateway.ledger.root("XA", SIGNED) == lost.head.root
    assert (await lost.gateway.ledger.signed("XA", SIGNED)).note == lost.head.note
    checked = await check_database(lost.gateway.settings)
    assert (checked.explanation, checked.place, checked.size, checked.signed) == (None, None, head.size, head.size)
    assert await sql(database, "SELECT FROM ledger_pending") == []
    [row] = await sql(
        database,
        "SELECT exchange_id, step FROM ledger_entry JOIN ledger_position USING (hosted, entry_id) WHERE seq = 401",
    )
    assert row["exchange_id"] is not None and row["step"] == "deposited"


async def test_the_daily_export_is_taken_too(lost, tmp_path):
    folder = tmp_path / "daily" / "xa"
    folder.parent.mkdir()
    shutil.copytree(lost.export, folder)
    (folder / "checkpoint").rename(folder / f"checkpoint.{SIGNED}")
    (folder / "checkpoint.9999").write_text("nonsense")
    code, told = await recover(lost, "--from", str(folder.parent))
    assert (code, told["put_back"]) == (0, SIGNED - KEPT)


async def test_an_export_that_ends_too_early_brings_the_log_nearer(lost, database, tmp_path):
    early = tmp_path / "early"
    code, _ = await recover(lost, "--from", str(lost.export))
    assert code == 0
    await restore(database, 600)
    await sql(database, "DELETE FROM ledger_pending")
    note = (await sql(database, "SELECT note FROM ledger_checkpoint ORDER BY number LIMIT 1"))[0]["note"]
    shutil.copytree(lost.export, early)
    (early / "checkpoint").write_bytes(note)
    await restore(database, 100)
    code, told = await recover(lost, "--from", str(early))
    assert (code, told["put_back"], told["size"]) == (1, 200, 300)
    assert told["heads"] == [{"source": "memory", "size": SIGNED, "state": "missing"}]


def flip(path):
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)


async def test_an_export_that_does_not_give_the_signed_root_is_refused_and_nothing_is_written(lost, tmp_path):
    bundle = lost.export / "tile" / "entries" / "001"
    good = bundle.read_bytes()
    for spoil, says in (
        (lambda: flip(bundle), "has not the root"),
        (lambda: bundle.write_bytes(good[:-1]), "cannot be read"),
        (bundle.unlink, "is missing"),
        (lambda: bundle.write_bytes(good.replace(b'"office":"XA"', b'"office":"XB"')), "none of"),
    ):
        spoil()
        code, told = await recover(lost, "--from", str(lost.export))
        assert code == 1 and says in told
        bundle.write_bytes(good)
    (lost.export / "checkpoint").write_bytes(lost.head.note.replace(b"700", b"800"))
    code, told = await recover(lost, "--from", str(lost.export))
    assert code == 1 and "holds no checkpoint" in told
    (lost.export / "checkpoint").write_bytes((await lost.gateway.ledger.newest("XA")).note)
    code, told = await recover(lost, "--from", str(lost.export))
    assert code == 1 and "ends at 300" in told
    assert await lost.gateway.ledger.size("XA") == KEPT


async def test_entries_that_took_other_places_meanwhile_are_not_overwritten(lost, database):
    memory = lost.gateway.settings.gateway.storage / "ledger" / "XA.checkpoint"
    remembered = memory.read_bytes()
    memory.unlink()
    await fill(lost, 10, start=9000)
    await lost.order()
    memory.write_bytes(remembered)
    code, told = await recover(lost, "--from", str(lost.export))
    assert code == 1 and "has not the root" in told


async def test_a_person_accepts_the_loss_and_the_log_goes_on_under_another_name(lost, database, tmp_path):
    reason = "backup of the night before; no export"
    code, told = await recover(lost, "--accept-loss", "--reason", reason, typed="yes\n")
    assert code == 1 and "nothing was changed" in told
    assert await lost.gateway.ledger.origins("XA", ORIGIN) == (ORIGIN,)
    async with sequencing(lost):
        code, told = await recover(lost, "--accept-loss", "--reason", reason, typed=f"{ORIGIN}\n")
        assert (code, told["begun"], told["size"], told["wrong"]) == (0, f"{ORIGIN}/2", KEPT + 1, None)
        head = await signed(lost, KEPT + 6)
    [vkey] = told["vkeys"]
    assert parse_checkpoint(head.note.decode().split("\n\n")[0] + "\n").origin == f"{ORIGIN}/2"
    folder = tmp_path / "new"
    await export_log(lost.gateway.settings, folder)
    verdict = await verify_log(FolderSource(folder), [parse_vkey(vkey)])
    assert verdict.holds and verdict.size == head.size
    [row] = await sql(
        database, f"SELECT e.leaf FROM ledger_entry e JOIN ledger_position USING (hosted, entry_id) WHERE seq = {KEPT}"
    )
    entry = json.loads(row["leaf"][1:])
    assert (entry["kind"], entry["count"]) == ("begun-anew", SIGNED)
    assert set(entry["digests"]) == {"checkpoint", "reason"}
    [era] = await sql(database, "SELECT size, lost, note, reason FROM ledger_era")
    assert tuple(era) == (KEPT, SIGNED, lost.head.note, reason)
    aside = lost.gateway.settings.gateway.storage / "ledger" / "XA.checkpoint.1"
    assert aside.read_bytes() == lost.head.note
    checked = await check_database(lost.gateway.settings)
    assert (checked.origin, checked.place, checked.signed) == (f"{ORIGIN}/2", None, head.size)
    assert await standing(database) == (f"{ORIGIN}/2", False, None, None)
    await lost.gateway.standings.read()
    assert lost.gateway.line.log_of("XA").origin == f"{ORIGIN}/2"
    async with open_recovery(lost.gateway.settings, None) as recovery:
        assert (await recovery.look()).wrong is None


async def test_what_only_a_witness_claims_can_be_accepted_as_lost(database, tmp_path, monkeypatch):
    monkeypatch.setenv("POUCH_DATABASE_DSN", database.app.reveal())
    witness = RefereeWitness()
    witness.seen[ORIGIN] = (900, b"x" * 32)
    async with witness_served(witness) as url:
        ledger = {"witness": [as_witness(witness.vkey, url)]}
        async with open_house(tmp_path / "xa", database.app, ledger=ledger) as house:
            await fill(house, 5)
            await house.order()
            code, told = await recover(house)
            assert (code, told["claims"]) == (1, [{"witness": witness.name, "size": 900}])
            code, told = await recover(house, "--accept-loss", "--reason", "gone", typed=f"{ORIGIN}\n")
            assert (code, told["wrong"]) == (0, None)
            [era] = await sql(database, "SELECT size, lost FROM ledger_era")
            assert tuple(era) == (5, 900)


async def test_usage(house):
    for words in (
        ["--accept-loss"],
        ["--accept-loss", "--reason", " "],
        ["--accept-loss", "--from", str(house.folder)],
    ):
        assert (await recover(house, *words))[0] == 2
