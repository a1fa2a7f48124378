"""The log outlives kills at each step of the sequencer, and a database that was put back is not signed on.

A real `pouch serve` with its own database, and a witness of another party over TLS: written from the C2SP texts alone,
it checks every consistency proof itself. The whole gateway is killed (SIGKILL) when entries got their places, when a
checkpoint was signed, when it was remembered beside the database, when the witness was shown it, and when the witness
had answered; each time it is started again and has to go on. In the end all that was ever signed is compared with a
tree computed from the entries alone.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
import pytest
from aiohttp import web
from ledger_filling import fill
from witness_words import RefereeWitness, b64, root

from gateway.client import CallFailed, OfficeClient, Outbound, load_profile
from gateway.demo.programs import free_ports
from gateway.founding import Founding, Neighbours, found_gateway, introduce
from gateway.founding.writing import write_tls
from gateway.store.embedded import EmbeddedPostgres
from sandbox.serving import listen

ROOT = Path(__file__).parents[2]
ORIGIN = "xa.pouch.example/ledger"
PATIENCE = 60.0

NOTIFY = """
CREATE FUNCTION tell_step() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('step', TG_TABLE_NAME); RETURN NULL; END $$;
CREATE TRIGGER tell_step AFTER INSERT ON ledger_position FOR EACH STATEMENT EXECUTE FUNCTION tell_step();
CREATE TRIGGER tell_step AFTER INSERT ON ledger_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION tell_step();
"""


class Office:
    """A gateway as a process, and its witness."""

    def __init__(self, folder, founded, ops, witness):
        self.folder, self.founded, self.ops, self.witness = folder, founded, ops, witness
        self.storage = folder / "xa" / "storage"
        self.process = None
        self.mortal = None  # the step that kills, once
        self.shown = set()  # (size, root) of every checkpoint that anybody outside could see

    async def start(self):
        with (self.folder / "gateway.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gateway", "serve", "--workers", "1", "-c", str(self.founded.main),
                cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    async def stop(self):
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    def strike(self, step):
        """Kill the whole gateway if this is the step; whether it was."""
        if step != self.mortal:
            return False
        self.mortal = None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return True

    def database(self):
        return EmbeddedPostgres(self.storage / "postgres")

    @property
    def memory(self):
        return self.storage / "ledger" / "XA.checkpoint"

    def see(self, note):
        origin, size, digest = note.decode().splitlines()[:3]
        if origin == ORIGIN:
            self.shown.add((int(size), digest))

    async def pouch(self, *words, typed=""):
        """Run a command; gives its exit code and what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", *words, cwd=ROOT, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        told, _ = await process.communicate(typed.encode())
        return process.returncode, told.decode()

    def metric(self, name):
        with urllib.request.urlopen(f"http://{self.ops}/metrics", timeout=10) as page:
            lines = page.read().decode().splitlines()
        return [float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + "{")]


async def until(true, office=None):
    deadline = time.monotonic() + PATIENCE
    while not (found := await true()):
        assert time.monotonic() < deadline, (office.folder / "gateway.log").read_text()[-2000:] if office else ""
        await asyncio.sleep(0.02)
    return found


@pytest.fixture
async def office(tmp_path):
    front, ops, there = (f"127.0.0.1:{port}" for port in free_ports(3))
    founded = found_gateway(
        Founding(
            folder=tmp_path / "xa", office="XA", name="XA", front=front, ops=ops, neighbours=Neighbours(issuer="office")
        )
    )
    witness = RefereeWitness()
    office = Office(tmp_path, founded, ops, witness)
    keys = tmp_path / "xa" / "keys"
    write_tls(keys, "witness-tls", "Witness", there, founded.ca, datetime.now(UTC))
    settings = tomllib.loads(founded.main.read_text())
    settings["ledger"] |= {
        "checkpoint_seconds": 0.1,
        "witness_seconds": 0.1,
        "witness": [{"url": f"https://{there}/w", "vkey": witness.vkey, "ca": "keys/ca.pem"}],
    }
    founded.main.write_bytes(msgspec.toml.encode(settings))

    async def add(request):
        body = await request.read()
        office.see(body.partition(b"\n\n")[2])
        if office.strike("shown"):
            return web.Response(status=500)
        status, kind, answer = witness.answer(body, int(time.time()))
        if status == 200:
            office.strike("cosigned")
        return web.Response(status=status, body=answer, headers={"Content-Type": kind})

    app = web.Application(client_max_size=1 << 20)
    app.router.add_post("/w/add-checkpoint", add)
    host, _, port = there.rpartition(":")
    runner, _ = await listen(
        app, host=host, port=int(port), certificate=keys / "witness-tls.pem", key=keys / "witness-tls.key"
    )
    yield office
    await office.stop()
    await runner.cleanup()


async def cosigned(office, connection, size):
    """Wait until a checkpoint of at least so many entries is cosigned and its line kept."""

    async def look():
        query = (
            "SELECT max(c.size) FROM ledger_checkpoint c JOIN ledger_cosignature s"
            " ON s.hosted = c.hosted AND s.checkpoint = c.number WHERE c.hosted = 'XA'"
        )
        return (await connection.fetchval(query) or 0) >= size

    await until(look, office)


async def watch_memory(office):
    """Strike when the memory file changes."""
    before = office.memory.stat().st_mtime_ns
    while not (office.memory.stat().st_mtime_ns != before and office.strike("kept")):
        await asyncio.sleep(0.001)


async def test_killed_at_each_step_of_the_sequencer_the_log_goes_on_and_never_forks(office):
    await office.start()
    async with office.database() as dsns:
        connection = await asyncpg.connect(dsns.superuser.reveal())
        try:
            count = 5
            await until(lambda: connection.fetchval("SELECT to_regclass('ledger_standing') IS NOT NULL"), office)
            await connection.execute(NOTIFY)
            names = {"ledger_position": "placed", "ledger_checkpoint": "signed"}
            await connection.add_listener("step", lambda *told: office.strike(names[told[-1]]))
            await fill(dsns.owner, count)
            await cosigned(office, connection, count)
            for step in ("placed", "signed", "kept", "shown", "cosigned"):
                office.mortal = step
                watching = asyncio.create_task(watch_memory(office)) if step == "kept" else None
                await fill(dsns.owner, 7, start=count)
                count += 7
                assert await asyncio.wait_for(office.process.wait(), PATIENCE) == -signal.SIGKILL, step
                if watching is not None:
                    await watching
                office.see(office.memory.read_bytes())
                await office.start()
                await cosigned(office, connection, count)
            rows = await connection.fetch("SELECT note FROM ledger_checkpoint WHERE hosted = 'XA' ORDER BY number")
            for row in rows:
                office.see(row["note"])
            placed = await connection.fetch("SELECT seq, leaf_hash FROM ledger_position ORDER BY seq")
        finally:
            await connection.close()
        await office.stop()
        code, told = await office.pouch("ledger", "verify", "--db", "-c", str(office.founded.main), "--json")
    leaves = [row["leaf_hash"] for row in placed]
    assert [row["seq"] for row in placed] == list(range(len(leaves))) and len(leaves) >= count
    assert len(office.shown) >= 6
    for size, digest in office.shown:
        assert b64(root(leaves[:size])) == digest, "what was shown is no beginning of the log"
    assert office.witness.seen[ORIGIN] == (len(leaves), root(leaves))
    assert office.witness.refused == 0
    told = json.loads(told)
    wrong = "has other columns beside it than its leaf says"  # these entries were made up by the test
    assert code == 0 or told["explanation"] == wrong, told


async def deposit(office, number):
    """Hand a document in; gives the answer."""
    paper = office.folder / f"{number}.pdf"
    paper.write_bytes(b"%PDF-1.4\n" + str(number).encode())
    certification = {"certifiedBy": "XA", "form": "sealed", "certifiedOn": "2026-03-03", "filingDateCertified": True}
    copy = Outbound(
        content_id="copy", path=paper, role="certified-copy", media_type="application/pdf", certification=certification
    )
    application = {"officeCode": "XA", "right": "patent", "number": f"2026/{number}", "filingDate": "2026-03-02"}
    registration = {"hosting": "office", "codeIssuer": "office"}
    async with OfficeClient(load_profile(office.founded.client)) as client:
        return await client.deposit(application, [copy], registration=registration, message_id=f"m-{number}")


async def listening(office):
    async def look():
        with suppress(OSError):
            return await asyncio.to_thread(office.metric, "pouch_ledger_size") or None

    await until(look, office)


async def test_a_day_old_database_is_not_signed_on_and_messages_are_still_taken(office):
    await office.start()
    await listening(office)
    first = (await until(lambda: answered(office, 1), office)).body
    assert first.get("ledgerStanding") is None

    async def seen(more=0):
        return office.witness.seen.get(ORIGIN, (0, b""))[0] > more

    await until(seen, office)
    await office.stop()
    backup = office.folder / "backup"
    copy_tree(office.storage, backup)
    known = office.witness.seen[ORIGIN][0]
    await office.start()
    await until(lambda: answered(office, 2), office)
    await until(lambda: seen(known), office)
    await office.stop()
    lost = office.witness.seen[ORIGIN]
    shutil.rmtree(office.storage)
    copy_tree(backup, office.storage)  # database and memory: only the witness knows

    await office.start()

    async def unwitnessed():
        told = await answered(office, 3 + len(list(office.folder.glob("*.pdf"))))
        return told if told and told.body.get("ledgerStanding") == "unwitnessed" else None

    assert (await until(unwitnessed, office)).body["receipt"]
    assert office.metric("pouch_ledger_suspended") == [1.0]
    config = ["-c", str(office.founded.main), "--json"]
    code, told = await office.pouch("ledger", "recover", *config)
    told = json.loads(told)
    assert (code, [claim["size"] for claim in told["claims"]]) == (1, [lost[0]])
    assert told["signed"] < lost[0] and office.witness.seen[ORIGIN] == lost
    words = ["ledger", "recover", *config, "--accept-loss", "--reason", "the night's backup"]
    code, told = await office.pouch(*words, typed=f"{ORIGIN}\n")
    assert (code, json.loads(told)["begun"]) == (0, f"{ORIGIN}/2")

    async def goes_on():
        return office.witness.seen.get(f"{ORIGIN}/2", (0, b""))[0] > 0

    await until(goes_on, office)
    assert office.witness.seen[ORIGIN] == lost, "nothing more was signed under the former name"

    async def well():
        told = await answered(office, 3 + len(list(office.folder.glob("*.pdf"))))
        return told is not None and told.body.get("ledgerStanding") is None

    await until(well, office)


def copy_tree(source, target):
    """With owners and rights: the database's files are not ours where the tests run as root."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


async def answered(office, number):
    """The answer to a deposit, None while nobody answers."""
    try:
        return await deposit(office, number)
    except CallFailed as failure:
        assert not failure.code or failure.status >= 500, failure
        return None


async def test_two_gateways_that_were_introduced_cosign_each_other_over_tls(tmp_path):
    ports = free_ports(4)
    offices = []
    for code, front, ops in (("XA", *ports[:2]), ("XB", *ports[2:])):
        founding = Founding(
            folder=tmp_path / code / code.lower(),
            office=code,
            name=code,
            front=f"127.0.0.1:{front}",
            ops=f"127.0.0.1:{ops}",
            settings={"ledger": {"checkpoint_seconds": 0.1, "witness_seconds": 0.1}},
        )
        founded = found_gateway(founding)
        offices.append(Office(tmp_path / code, founded, founding.ops, None))
        offices[-1].storage = founding.folder / "storage"
    introduce(*(office.founded for office in offices))
    try:
        for office in offices:
            await office.start()
        for office in offices:
            await listening(office)

            async def age(office=office):
                return await asyncio.to_thread(office.metric, "pouch_witness_cosigned_age_seconds")

            assert len(await until(age, office)) == 1
            assert sum(office.metric("pouch_witnessed_requests_total")) > 0
            assert office.metric("pouch_ledger_suspended") == [0.0]
    finally:
        for office in offices:
            await office.stop()
