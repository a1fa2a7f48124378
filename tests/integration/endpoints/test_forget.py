"""`pouch forget`: nothing of persons and no key is left in the database, and every proof still holds."""

import asyncio
import json
from datetime import timedelta

import asyncpg
import pytest
from click.testing import CliRunner
from real_door import PDF, rest_deposit

from gateway.__main__ import main
from gateway.app.ledger_check import check_database
from gateway.app.ledger_export import export_log
from gateway.app.log_memory import LogMemory
from gateway.app.sequencing import Sequencer
from gateway.client import CallFailed, Outbound
from gateway.evidence.sources import FolderSource
from gateway.evidence.verifying import verify_log
from gateway.store.disclosures import PostgresDisclosures
from gateway.store.ledger_write import open_writer
from pki.note_keys import parse_vkey

EMAIL, CLERK, FORM, WHY = "a.miller@example.org", "M. Clerk", "form 12 of Miller", "mixed up with Miller's other one"
BASIS = "retention rule 7.2"


async def order(door):
    """Give all entries their places and sign, as the leader does all the time."""
    gateway = door.gateway
    writer = await open_writer(door.dsn, gateway.queries, patience=timedelta(seconds=10))
    try:
        memory = LogMemory(gateway.settings.gateway.storage)
        sequencer = Sequencer(writer, gateway.log_keys, memory, gateway.line.clock, gateway.meter)
        await sequencer.take_up()
        while await writer.place(4096):
            pass
        for hosted in gateway.log_keys:
            await sequencer.sign(hosted)
    finally:
        await writer.close()


async def everything(database) -> str:
    """All rows of all tables as text; what is binary also as the text it may be."""
    connection = await asyncpg.connect(database.superuser.reveal())
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        rows = [row for (name,) in tables for row in await connection.fetch(f"SELECT * FROM {name}")]
    finally:
        await connection.close()
    return "\n".join(
        value.decode("latin-1") + value.hex() if isinstance(value, bytes) else str(value)
        for row in rows
        for value in row.values()
    )


@pytest.fixture
def typed(door, monkeypatch):
    """Type `pouch` with words, with a line typed into it; gives the result."""
    monkeypatch.setenv("POUCH_DATABASE_DSN", door.dsn.reveal())

    async def run(*words, line=""):
        return await asyncio.to_thread(CliRunner().invoke, main, [*map(str, words)], line)

    return run


@pytest.fixture
async def withdrawn(door):
    """A deposit with an address, released by a clerk, corrected and withdrawn with explanations."""
    application = {"officeCode": "XA", "right": "patent", "number": "2026/000123", "filingDate": "2026-10-01"}
    path = door.folder / "copy.pdf"
    path.write_bytes(PDF)
    certification = rest_deposit(door)["documents"][0]["certification"]
    copy = Outbound(
        content_id="copy", path=path, role="certified-copy", media_type="application/pdf", certification=certification
    )
    registration = {"hosting": "bureau", "codeIssuer": "bureau", "applicantEmail": EMAIL}
    decision = {"outcome": "given", "by": CLERK, "basis": FORM, "decidedAt": "2026-11-02T09:00:00Z"}
    async with door.client() as client:
        deposited = await client.deposit(application, [copy], registration=registration)
        exchange = deposited.body["exchangeId"]
        await client.release(exchange, [{"condition": "fee", **decision}, {"condition": "secrecy", **decision}])
        await client.correct(exchange, "2026-10-02", WHY)
        await client.withdraw(exchange, "wrong-document", WHY)
    await order(door)
    return exchange


async def test_what_is_forgotten_is_gone_and_every_proof_holds(door, database, typed, withdrawn, tmp_path):
    settings, exchange = door.gateway.settings, withdrawn
    disclosures = PostgresDisclosures(door.gateway.pool, door.gateway.queries)
    before = {each.entry_id: dict(each.salts) for each in await disclosures.of_exchange("XA", exchange)}
    names = {name for salts in before.values() for name in salts}
    assert {"payload", "applicant-email", "decision.2.by", "decision.1.basis", "explanation"} <= names
    held = await everything(database)
    assert EMAIL in held and CLERK in held and FORM in held
    await export_log(settings, tmp_path / "log")
    earlier = await check_database(settings)
    entries = await door.ledger()

    done = await typed("forget", exchange, "-c", settings.file, "--basis", BASIS, "--yes", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert (told["exchangeId"], told["documents"]) == (exchange, 1)

    left = await everything(database)
    for gone in (EMAIL, CLERK, FORM, WHY, "Miller"):
        assert gone not in left
    salts = [salt.hex() for each in before.values() for salt in each.values()]
    assert salts and not any(salt in left for salt in salts)
    async with door.client() as client:
        status = (await client.status(exchange)).body
        with pytest.raises(CallFailed) as failed:
            await client.package(exchange)
    assert (failed.value.code, failed.value.status) == ("4011", 410)
    [fact] = [each for each in status["facts"] if each["name"] == "forgotten"]
    assert (fact["value"], status["state"]) == (BASIS, "withdrawn")

    leaves = await door.ledger()
    forgetting = next(leaf for leaf in leaves if leaf["kind"] == "forgotten")
    assert [leaf for leaf in leaves if leaf in entries] == entries, "not one of them has changed"
    assert (forgetting["id"], forgetting["exchange"], forgetting["outcome"]) == (told["entryId"], exchange, "done")
    await order(door)
    checked = await check_database(settings)
    assert checked.place is None and checked.size > earlier.size
    await export_log(settings, tmp_path / "log")
    verifier = parse_vkey((door.folder / "keys" / "ledger.vkey").read_text())
    verdict = await verify_log(FolderSource(tmp_path / "log"), [verifier])
    assert verdict.size == checked.size
    verified = await typed("ledger", "verify", "--db", "-c", settings.file)
    assert verified.exit_code == 0, verified.output


async def test_a_dossier_made_afterwards_holds_and_says_what_is_gone(door, typed, withdrawn, tmp_path):
    settings, exchange, file = door.gateway.settings, withdrawn, tmp_path / "after.pouch"
    assert (await typed("forget", exchange, "-c", settings.file, "--basis", BASIS, "--yes")).exit_code == 0
    await order(door)
    made = await typed("dossier", exchange, "-c", settings.file, "-o", file)
    assert made.exit_code == 0, made.output
    vkey, signer = door.folder / "keys" / "ledger.vkey", door.folder / "keys" / "signing.pem"
    verified = await typed("verify", file, "--vkey", vkey, "--trust", signer)
    assert verified.exit_code == 0, verified.output
    assert verified.output.count("it was erased: its key was destroyed") == 4, "one for each message"
    assert "is at 4 of the log" in verified.output, "the forgetting itself"


async def test_it_is_asked_for_and_only_what_has_ended_goes(door, typed, withdrawn):
    settings, exchange = door.gateway.settings, withdrawn
    words = ("forget", exchange, "-c", settings.file, "--basis", BASIS)
    refused = await typed(*words, line="yes\n")
    assert refused.exit_code == 1 and "2026/000123" in refused.output and "withdrawn" in refused.output
    assert "forgotten" not in [leaf["kind"] for leaf in await door.ledger()]
    assert (await typed(*words, line=f"{exchange}\n")).exit_code == 0
    again = await typed(*words, "--yes")
    assert again.exit_code == 1 and "4011" in again.output
    unknown = await typed("forget", "01920000-0000-7000-8000-000000000001", *words[2:], "--yes")
    assert unknown.exit_code == 1 and "4002" in unknown.output
    assert (await typed("forget", "EXCHANGE", *words[2:])).exit_code == 2
    _, _, deposited = await door.call("POST", "/api/v1/deposits", rest_deposit(door))
    held = ("forget", deposited["exchangeId"], *words[2:], "--yes")
    shown = await typed(*held)
    assert shown.exit_code == 1 and "4004" in shown.output and "not ended: held" in shown.output
    assert (await typed(*held, "--force")).exit_code == 0


async def test_the_application_itself_erases_in_no_other_way(door, withdrawn):
    for statement in (
        "UPDATE message SET receipt = ''",
        "UPDATE decision SET by = ''",
        "DELETE FROM ledger_disclosure",
        "UPDATE ledger_entry SET leaf = ''",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await door.gateway.pool.execute(statement)
