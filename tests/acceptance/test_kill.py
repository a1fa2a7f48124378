"""Killing the gateway with SIGKILL between any two steps changes nothing: same end, no second effect anywhere.

Two documents travel at once, one kept by the Bureau and one in the office's own library: deposited, released,
registered, asked for, taken, handed over, confirmed. First undisturbed. Then the serving processes are killed, and
started again,
- at each kind of effect at a counterpart, at the very moment it is noted there and before it is answered; every third
  time the database server is killed with them;
- at each kind of ledger entry, at the moment of its commit.
The office's own system does what is asked of it: it sends the same message again until it is answered.

What happened at the counterparts is told by their own records; they live in this process, the gateway does not.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import asyncpg
import msgspec
import pytest

from gateway.client import CallFailed, OfficeClient, Outbound, load_profile
from gateway.demo.programs import free_ports
from gateway.founding import Founding, Neighbours, found_bureau, found_gateway, found_ipas
from gateway.store.embedded import EmbeddedPostgres
from sandbox.ib.config import load as load_bureau
from sandbox.ib.server import build as build_bureau
from sandbox.ipas.config import load as load_ipas
from sandbox.ipas.server import Installation, make_app
from sandbox.serving import listen, trust

ROOT = Path(__file__).parents[2]
#: Seconds for one state to come, gateways dying meanwhile; and how often the story is played until all have killed.
PATIENCE = 90.0
MOST_PLAYS = 6

#: What may happen again where nobody knows whether it has happened: it only reads, tells what is known, prepares what
#: is then not used, or is refused and so without effect (an upload address serves once).
HARMLESS = {"token-issued", "upload-url-made", "certificate-made", "download-served", "notification-sent",
            "notification-failed", "notification-received", "refusal"}  # fmt: skip
#: The daily log, which two hand-overs may share: as often closed as opened.
OPENED, CLOSED = {"log-opened", "log-reopened"}, {"log-closed"}

NOTIFY = """
CREATE FUNCTION tell_entry() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('entry', NEW.step); RETURN NULL; END $$;
CREATE TRIGGER tell_entry AFTER INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION tell_entry();
"""

#: What a start or an absence brings about is of no exchange, and no play repeats it.
OF_EXCHANGES = "SELECT DISTINCT step FROM ledger_entry WHERE exchange_id IS NOT NULL"


class World:
    """The gateway as a process that can be killed, and its counterparts."""

    def __init__(self, folder, founded, records):
        self.folder, self.founded, self.records = folder, founded, records
        self.process = None
        self.alive = False
        self.surprise = ""  # last words of a gateway that ended by itself
        self.mortal = set()  # kinds of effects and entries that still kill
        self.killed_at = []
        self.with_database = False
        for record in records:
            record.append = self._watched(record.append)

    def _watched(self, append):
        def noted(kind, **detail):
            effect = append(kind, **detail)
            self.strike(kind)
            return effect

        return noted

    def strike(self, kind):
        """Kill the gateway if this kind has not killed yet, and if there is somebody to kill."""
        if kind not in self.mortal or not self.alive:
            return
        self.alive = False
        self.mortal.discard(kind)
        self.killed_at.append(kind)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.with_database and len(self.killed_at) % 3 == 0:
            self._kill_database()

    def _kill_database(self):
        note = self.folder / "xa" / "storage" / "postgres" / "cluster" / "postmaster.pid"
        with suppress(OSError, ValueError):
            os.killpg(os.getpgid(int(note.read_text().split()[0])), signal.SIGKILL)

    async def keep_alive(self):
        """Start the gateway whenever it is not there."""
        while True:
            with (self.folder / "gateway.log").open("ab") as log:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "gateway", "serve", "-c", str(self.founded.main),
                    cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
            self.alive = True
            if await self.process.wait() != -signal.SIGKILL:
                self.surprise = (self.folder / "gateway.log").read_text()[-1000:]

    async def end(self):
        """Let the gateway end in peace."""
        self.alive = False
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    def counts(self):
        """How often each kind of effect has happened."""
        return sum((Counter(effect.kind for effect in record.effects()) for record in self.records), Counter())


@pytest.fixture(scope="module")
async def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kill")
    ports = iter(free_ports(4))
    front, ops, at_bureau, at_ipas = (f"127.0.0.1:{next(ports)}" for _ in range(4))
    neighbours = Neighbours(
        bureau=at_bureau,
        ipas=at_ipas,
        issuer="office",
        das={"poll_seconds": 0.1, "settle_seconds": 1.0, "recheck_seconds": 3600.0},
    )
    founding = Founding(
        folder=folder / "xa",
        office="XA",
        name="XA",
        front=front,
        ops=ops,
        neighbours=neighbours,
        settings={"work": {"lease_seconds": 2.0, "look_seconds": 0.2}},
    )
    founded = found_gateway(founding)
    found_bureau(folder / "bureau", [founding], founded.ca)
    found_ipas(folder / "ipas", founding, founded.ca)
    settings = load_bureau(folder / "bureau" / "ib.toml")
    patient = msgspec.structs.replace(settings, timings=msgspec.structs.replace(settings.timings, retries=400))
    app, bureau = build_bureau(patient, outgoing=trust(folder / "bureau" / "keys" / "ca.pem"), sleep=sleep_briefly)
    ipas = Installation.start(load_ipas(folder / "ipas" / "ipas.toml"))
    runners = []
    for each, address, name in ((app, at_bureau, "bureau/keys/ib"), (make_app(ipas), at_ipas, "ipas/keys/ipas")):
        host, _, port = address.rpartition(":")
        pair = [folder / f"{name}.{end}" for end in ("pem", "key")]
        runner, origin = await listen(each, host=host, port=int(port), certificate=pair[0], key=pair[1])
        runners.append(runner)
        if each is app:
            bureau.listens(origin)
    world = World(folder, founded, [bureau.record, ipas.record])
    keeping = asyncio.create_task(world.keep_alive())
    yield world
    keeping.cancel()
    await world.end()
    for runner in runners:
        await runner.cleanup()


async def sleep_briefly(seconds):
    """The Bureau's own pauses, not doubled without end: it is to outlast many deaths of the gateway."""
    await asyncio.sleep(min(seconds, 0.3))


class System:
    """The office's own system: it sends the same message until it is answered, and asks until something is so."""

    def __init__(self, client, story, world):
        self.client, self.story, self.world = client, story, world

    def head(self, name):
        return {"messageId": f"{self.story}-{name}", "sender": "XA", "receiver": "XA"}

    async def until_answered(self, call):
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                return (await call()).body
            except CallFailed as failure:
                if failure.code and failure.status < 500:
                    raise
                assert not self.world.surprise, self.world.surprise
                assert asyncio.get_running_loop().time() < deadline, failure
            await asyncio.sleep(0.02)

    async def say(self, name, path, body):
        body = {"header": self.head(name), **body}
        return await self.until_answered(lambda: self.client.call("POST", path, body, signed=True))

    async def until_state(self, exchange_id, *states):
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            status = await self.until_answered(lambda: self.client.status(exchange_id))
            if status["state"] in states:
                return status
            late = asyncio.get_running_loop().time() > deadline
            assert status["state"] != "refused" and not late, status["transmissions"]
            await asyncio.sleep(0.02)


async def travel(system, hosting, number, paper):
    """One document's way; gives the final status of both exchanges."""
    application = {"officeCode": "XA", "right": "patent", "number": number, "filingDate": "2026-03-02"}
    certification = {"certifiedBy": "XA", "form": "sealed", "certifiedOn": "2026-03-03", "filingDateCertified": True}
    copy = Outbound(
        content_id="copy",
        path=paper,
        role="certified-copy",
        media_type="application/pdf",
        certification=certification,
    )
    registration = {"hosting": hosting, "codeIssuer": "office"}
    told = await system.until_answered(
        lambda: system.client.deposit(
            application, [copy], registration=registration, message_id=f"{system.story}-deposit-{hosting}"
        )
    )
    deposit = told["exchangeId"]
    decisions = [
        {"condition": condition, "outcome": "given", "by": "me", "basis": "form", "decidedAt": "2026-03-04T00:00:00Z"}
        for condition in ("applicant-request", "formalities", "secrecy", "fee")
    ]
    await system.say(f"release-{hosting}", f"/api/v1/exchanges/{deposit}/release", {"decisions": decisions})
    await system.until_state(deposit, "placed")
    code = (await system.until_answered(lambda: system.client.package(deposit)))["accessCode"]
    asked = {"application": application, "accessCode": code, "ownApplication": {"number": "XA/P/2026/1"}}
    retrieval = (await system.say(f"retrieve-{hosting}", "/api/v1/retrievals", asked))["exchangeId"]
    await system.until_state(retrieval, "handed-over")
    waiting = (await system.until_answered(lambda: system.client.poll(100)))["notifications"]
    for notice in waiting:
        if notice["exchangeId"] in (deposit, retrieval):
            path = f"/api/v1/notifications/{notice['notificationId']}/confirmation"
            await system.say(f"confirm-{notice['notificationId']}", path, {})
    return {
        "deposit": summary(await system.until_state(deposit, "placed"), waiting),
        "retrieval": summary(await system.until_state(retrieval, "confirmed"), waiting),
    }


def summary(status, waiting):
    """What an exchange has come to, without times and ids.

    Left out is how often the Bureau asked and took at our library: it does so again when it got no answer, and then
    refuses the second answer to what it has been answered.
    """
    told = sorted(notice["event"] for notice in waiting if notice["exchangeId"] == status["exchangeId"])
    errands = sorted((each["task"], each["state"]) for each in status["transmissions"])
    return {
        "state": status["state"],
        "version": status["version"],
        "decisions": [decision["condition"] for decision in status["releaseDecisions"]],
        "facts": sorted({fact["name"] for fact in status["facts"]}),
        "documents": sorted((document["role"], document["version"]) for document in status["documents"]),
        "errands": [each for each in errands if each[0] != "answer"],
        "answers": {each for each in errands if each[0] == "answer"} - {("answer", "refused")},
        "told": sorted({event for event in told if event == "taken"}) + [event for event in told if event != "taken"],
    }


async def play(world, story):
    """Both documents at once; gives what came of them, and the effects at the counterparts."""
    before = world.counts()
    paper = world.folder / f"{story}.pdf"
    paper.write_bytes(b"%PDF-1.4\n" + story.encode())
    async with OfficeClient(load_profile(world.founded.client)) as client:
        system = System(client, story, world)
        ended = await asyncio.gather(
            travel(system, "bureau", f"2026/{story}1", paper), travel(system, "office", f"2026/{story}2", paper)
        )
    happened = world.counts() - before
    assert sum(happened[kind] for kind in OPENED) == sum(happened[kind] for kind in CLOSED) > 0
    lasting = {kind: count for kind, count in happened.items() if kind not in HARMLESS | OPENED | CLOSED}
    return ended, lasting, set(happened)


@pytest.fixture(scope="module")
async def undisturbed(world):
    """The story as it is when nothing happens."""
    await play(world, "70")  # tokens, the daily log: what the first of a day does and no other
    return await play(world, "71")


async def play_until_all_have_killed(world, story, undisturbed):
    """Play with everything mortal, again for what happened only while nobody was alive; each ends as undisturbed."""
    ended, effects, _ = undisturbed
    for again in range(MOST_PLAYS):
        killed_ended, killed_effects, _ = await play(world, f"{story}{again}")
        assert killed_effects == effects
        assert killed_ended == ended
        if not world.mortal:
            return
    pytest.fail(f"never struck while the gateway was alive: {sorted(world.mortal)}")


async def test_killed_at_each_effect_of_a_counterpart(world, undisturbed):
    _, _, kinds = undisturbed
    assert len(kinds) >= 14
    world.mortal, world.killed_at, world.with_database = kinds | {"token-issued"}, [], True
    await play_until_all_have_killed(world, "72", undisturbed)
    assert set(world.killed_at) == kinds | {"token-issued"}


async def test_killed_at_each_entry_of_the_ledger(world, undisturbed):
    async with EmbeddedPostgres(world.folder / "xa" / "storage" / "postgres") as dsns:
        connection = await asyncpg.connect(dsns.superuser.reveal())
        try:
            await connection.execute(NOTIFY)
            rows = await connection.fetch(OF_EXCHANGES)
            steps = {row[0] for row in rows} - {
                "refused"
            }  # only a death makes one: nobody waits for the answer any more
            assert len(steps) >= 10
            await connection.add_listener("entry", lambda *told: world.strike(told[-1]))
            world.mortal, world.killed_at, world.with_database = set(steps), [], False
            await play_until_all_have_killed(world, "73", undisturbed)
        finally:
            await connection.close()
    assert set(world.killed_at) == steps
