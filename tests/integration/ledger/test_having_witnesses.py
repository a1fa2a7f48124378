"""With witnesses: they cosign what is signed, their lines are handed on, and none of their tempers stops us."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import asyncpg
import pytest
from aiohttp import web
from ledger_filling import fill
from log_house import ORIGIN, open_house
from witness_house import answers, as_witness, sequencing, until, witness_served
from witness_words import RefereeWitness, cosigned_at

from gateway.app import sequencing as sequencing_module
from gateway.core.merkle import leaf_hash
from gateway.endpoints.server import open_socket
from gateway.evidence.proofs import verify_proof
from gateway.wire.tlog_checkpoint import parse_checkpoint
from pki.note_keys import NoteKey, NoteKind, generate_note_key, parse_vkey, write_note_key


@asynccontextmanager
async def house_with(database, folder, witness, **ledger):
    """XA's gateway, whose log this witness cosigns."""
    async with witness_served(witness) as url:
        table = {"witness": [as_witness(witness.vkey, url)], "witness_seconds": 0.05, "checkpoint_seconds": 0.05}
        async with open_house(folder / "xa", database.app, ledger=table | ledger) as house:
            yield house


@pytest.fixture
def witness():
    return RefereeWitness()


async def newest(house, hosted="XA"):
    return await house.gateway.ledger.newest(hosted)


async def until_signed(house, size, hosted="XA"):
    return await until(lambda: _at(house, size, hosted))


async def _at(house, size, hosted):
    head = await newest(house, hosted)
    return head if head is not None and head.size >= size else None


async def until_cosigned(house, size):
    async def look():
        return await house.gateway.ledger.newest_cosigned("XA", size)

    return await until(look)


async def rows(database, query):
    connection = await asyncpg.connect(database.superuser.reveal())
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def standing_of(database):
    [row] = await rows(database, "SELECT suspended, cause, size FROM ledger_standing WHERE hosted = 'XA'")
    return tuple(row)


async def test_a_growing_log_is_cosigned_and_its_lines_are_handed_on(database, tmp_path, witness):
    async with house_with(database, tmp_path, witness) as house, sequencing(house):
        leaves = await fill(house.dsn, 300)
        await until_cosigned(house, 300)
        leaves += await fill(house.dsn, 20, start=300)
        head = await until_cosigned(house, 320)
        token = await house.token()
        _, _, note = await house.get("/ledger/witnessed/checkpoint", token)
        text, lines = note.decode().split("\n\n")
        assert parse_checkpoint(f"{text}\n").root == head.root
        own, cosignature = lines.splitlines(keepends=True)
        assert own.startswith(f"\u2014 {ORIGIN} ")
        assert abs(cosigned_at(witness.vkey, f"{text}\n", cosignature.encode()) - time.time()) < 60
        assert witness.seen[ORIGIN] == (320, head.root)
        assert (await house.get("/ledger/witnessed/tile/0/000", token))[0] == 200
        newest_note = (await house.get("/ledger/checkpoint", token))[2].decode()
        assert newest_note.startswith(f"{text}\n\n{own}")
        _, _, proof = await house.get("/ledger/proof/7.tlog-proof", token)
        assert cosignature.encode() in proof
        vkey = parse_vkey((house.folder / "keys" / "ledger.vkey").read_text())
        assert verify_proof(proof, verifiers=[vkey, parse_vkey(witness.vkey)], leaf_hash=leaf_hash(leaves[7])).holds
    assert answers(house, "cosigned") >= 2


async def test_a_proof_is_given_before_any_witness_has_spoken(house):
    await fill(house.dsn, 5)
    await house.order()
    token = await house.token()
    assert (await house.get("/ledger/proof/4.tlog-proof", token))[0] == 200
    status, _, body = await house.get("/ledger/witnessed/checkpoint", token)
    assert (status, json.loads(body)["code"]) == (404, "4014")


async def test_a_witness_that_knows_less_or_more_of_what_we_have_is_caught_up_with(database, tmp_path, witness):
    async with house_with(database, tmp_path, witness) as house:
        await fill(house.dsn, 10)
        early = (await house.order())["XA"]
        await fill(house.dsn, 10, start=10)
        late = (await house.order())["XA"]
        witness.seen[ORIGIN] = (early.size, early.root)
        async with sequencing(house):
            await until_cosigned(house, 20)
        assert (10, 20) in witness.asked
        assert witness.seen[ORIGIN] == (20, late.root)


async def test_two_gateways_witness_each_other_and_come_to_rest(database, other_database, tmp_path):
    sockets = [open_socket("127.0.0.1:0") for _ in range(2)]
    urls = [f"http://127.0.0.1:{bound.getsockname()[1]}/ledger" for bound in sockets]
    origins = [ORIGIN, "xz.pouch.example/ledger"]
    logs = [generate_note_key(origin) for origin in origins]
    keys = [generate_note_key(f"{name}.example/witness", NoteKind.COSIGNATURE) for name in ("xa", "xz")]
    tables = []
    for mine, other in ((0, 1), (1, 0)):
        write_note_key(tmp_path / f"witness-{mine}.key", keys[mine])
        write_note_key(tmp_path / f"ledger-{mine}.key", logs[mine])
        tables.append(
            {
                "keys": [str(tmp_path / f"ledger-{mine}.key")],
                "witness_key": str(tmp_path / f"witness-{mine}.key"),
                "witnessed": [
                    {"vkey": NoteKey(name=name, key=logs[other].key).verifier.vkey}
                    for name in (origins[other], f"{origins[other]}/xb")
                ],
                "witness": [as_witness(keys[other].verifier.vkey, urls[other])],
                "witness_seconds": 0.05,
                "checkpoint_seconds": 0.05,
            }
        )
    first = open_house(tmp_path / "xa", database.app, ledger=tables[0], bound=sockets[0])
    second = open_house(tmp_path / "xz", other_database.app, ledger=tables[1], bound=sockets[1], origin=origins[1])
    async with first as xa, second as xz, sequencing(xa), sequencing(xz):
        await fill(xa.dsn, 300)
        await fill(xz.dsn, 7)
        for house, other in ((xa, keys[1]), (xz, keys[0])):
            head = await until_cosigned(house, 7)
            lines = await house.gateway.ledger.cosignatures("XA", head.size, head.root)
            text = head.note.decode().split("\n\n")[0] + "\n"
            cosigned_at(other.verifier.vkey, text, lines)
        await fill(xa.dsn, 5, start=300)
        await until_cosigned(xa, 305)
        sizes = [await house.gateway.ledger.size("XA") for house in (xa, xz)]
        assert sizes[0] <= 305 + 2 and sizes[1] <= 7 + 2, "an entry a log, not one a cosignature"
        assert answers(xa, "conflict", keys[1].name) == answers(xa, "ahead", keys[1].name) == 0


def size_of(number):
    return lambda witness, body, seconds: (409, "text/x.tlog.size", f"{number}\n".encode())


def forged(witness, body, seconds):
    other = RefereeWitness(witness.name)
    return 200, "text/plain", other.line(witness.read(body)[2], seconds)


def of_another_text(witness, body, seconds):
    return 200, "text/plain", witness.line("example.com/other\n1\nAAAA\n", seconds)


def of_the_far_future(witness, body, seconds):
    return 200, "text/plain", witness.line(witness.read(body)[2], seconds + 10 * 86400)


def slow(witness, body, seconds):
    async def never(request):
        await asyncio.sleep(3600)

    return never


def endless(witness, body, seconds):
    async def pour(request):
        response = web.StreamResponse(headers={"Content-Length": str(1 << 30)})
        await response.prepare(request)
        try:
            for _ in range(1 << 14):
                await response.write(b"\xe2" * (1 << 16))
        except ConnectionError:
            witness.cut = True
        return response

    return pour


def hanging_up(witness, body, seconds):
    async def cut(request):
        request.transport.abort()
        return web.Response()

    return cut


MISCHIEFS = {
    "names a size that we do not have": (size_of(10**9), "ahead"),
    "names the size that it was told": (
        lambda w, body, _: (409, "text/x.tlog.size", b"%d\n" % w.read(body)[0]),
        "conflict",
    ),
    "finds our proofs wrong": (lambda *_: (422, "text/plain", b"no\n"), "conflict"),
    "does not know our log": (lambda *_: (404, "text/plain", b""), "refused"),
    "does not know our key": (lambda *_: (403, "text/plain", b""), "refused"),
    "sends us elsewhere": (lambda *_: (302, "text/plain", b""), "refused"),
    "fails": (lambda *_: (500, "text/html", b"<h1>no"), "refused"),
    "says 409 and not why": (lambda *_: (409, "text/plain", b"5\n"), "refused"),
    "names no number": (lambda *_: (409, "text/x.tlog.size", b"many\n"), "malformed"),
    "says nothing": (lambda *_: (200, "text/plain", b""), "malformed"),
    "says nonsense": (lambda *_: (200, "text/plain", b"\xff\x00"), "malformed"),
    "signs with another key": (forged, "malformed"),
    "signs another text": (of_another_text, "malformed"),
    "signs in the far future": (of_the_far_future, "malformed"),
    "sends a gigabyte": (endless, "malformed"),
    "hangs up": (hanging_up, "unreachable"),
}


@pytest.mark.parametrize("what", MISCHIEFS)
async def test_a_witness_of_any_temper_is_counted_and_stops_nothing(database, tmp_path, witness, what):
    witness.mischief, verdict = MISCHIEFS[what]
    mischief, witness.mischief = witness.mischief, None
    async with house_with(database, tmp_path, witness) as house, sequencing(house):
        await fill(house.dsn, 5)
        await until_cosigned(house, 5)
        witness.mischief = mischief
        await fill(house.dsn, 5, start=5)
        await until_signed(house, 10)

        async def counted():
            return answers(house, verdict)

        await until(counted)
        await fill(house.dsn, 5, start=10)
        await until_signed(house, 15)
        assert (await house.gateway.ledger.newest_cosigned("XA", 0)).size == 5
        assert await standing_of(database) == (False, None, None)


async def test_a_witness_that_goes_back_is_told_and_cosigns_again(database, tmp_path, witness):
    async with house_with(database, tmp_path, witness) as house, sequencing(house):
        await fill(house.dsn, 5)
        await until_cosigned(house, 5)
        witness.seen.clear()
        await fill(house.dsn, 5, start=5)
        await until_cosigned(house, 10)
        assert answers(house, "rolled-back") == 1


async def test_a_slow_witness_is_not_waited_for(database, tmp_path, witness, monkeypatch):
    monkeypatch.setattr(sequencing_module, "_FIRST_WORDS", 0.1)
    witness.mischief = slow
    async with house_with(database, tmp_path, witness) as house, sequencing(house):
        await fill(house.dsn, 5)
        await until_signed(house, 5)
        assert await standing_of(database) == (False, None, None)


async def test_a_dead_witness_is_not_waited_for(database, tmp_path, witness):
    ledger = {"witness": [as_witness(witness.vkey, "http://127.0.0.1:9/w")], "checkpoint_seconds": 0.05}
    async with open_house(tmp_path / "xa", database.app, ledger=ledger) as house, sequencing(house):
        await fill(house.dsn, 5)
        await until_signed(house, 5)

        async def counted():
            return answers(house, "unreachable")

        await until(counted)


async def put_back(database, size):
    """Put the database back to when the log had `size` entries: all others, and what was signed of them, are gone."""
    connection = await asyncpg.connect(database.superuser.reveal())
    try:
        await connection.execute("SET session_replication_role = replica")
        late = "(SELECT number FROM ledger_checkpoint WHERE size > $1)"
        await connection.execute(f"DELETE FROM ledger_cosignature WHERE checkpoint IN {late}", size)
        await connection.execute("DELETE FROM ledger_checkpoint WHERE size > $1", size)
        await connection.execute(
            "DELETE FROM ledger_entry WHERE entry_id IN (SELECT entry_id FROM ledger_position WHERE seq >= $1)", size
        )
        await connection.execute("DELETE FROM ledger_position WHERE seq >= $1", size)
    finally:
        await connection.close()


async def test_what_only_a_witness_still_knows_stops_the_signing_and_not_the_traffic(database, tmp_path, witness):
    async with house_with(database, tmp_path, witness) as house:
        async with sequencing(house):
            await fill(house.dsn, 5)
            await until_cosigned(house, 5)
            memory = house.gateway.settings.gateway.storage / "ledger" / "XA.checkpoint"
            old_memory = memory.read_bytes()
            await fill(house.dsn, 5, start=5)
            await until_cosigned(house, 10)
        await put_back(database, 5)
        memory.write_bytes(old_memory)
        async with sequencing(house):
            await fill(house.dsn, 9, start=20)
            await fill(house.dsn, 3, hosted="XB")
            await until_signed(house, 3, "XB")
            assert await standing_of(database) == (True, "witness-ahead", 10)
        assert (await newest(house)).size == 5 and await house.gateway.ledger.size("XA") == 5
        [entry] = await rows(database, "SELECT leaf FROM ledger_entry WHERE step = 'suspended'")
        told = json.loads(entry["leaf"][1:])
        assert (told["outcome"], told["count"], told["actor"]) == ("witness-ahead", 10, "sequencer")
        number = house.gateway.meter.registry.get_sample_value("pouch_ledger_suspended", {"office": "XA"})
        assert number == 1
        async with sequencing(house):  # another leader comes to the same, and writes it once
            await fill(house.dsn, 1, start=3, hosted="XB")
            await until_signed(house, 4, "XB")
        assert len(await rows(database, "SELECT FROM ledger_entry WHERE step = 'suspended'")) == 1


async def test_a_log_that_grew_again_after_it_was_put_back_is_found_out_by_the_witness(database, tmp_path, witness):
    async with house_with(database, tmp_path, witness) as house:
        async with sequencing(house):
            await fill(house.dsn, 5)
            await until_cosigned(house, 5)
        head = await newest(house)
        witness.seen[ORIGIN] = (8, b"x" * 32)  # of the log as it went on, elsewhere
        assert head.size == 5
        await fill(house.dsn, 10, start=50)
        await house.order()
        async with sequencing(house):

            async def suspended():
                return (await standing_of(database))[0]

            await until(suspended)
            assert await standing_of(database) == (True, "witness-disagrees", 8)


async def test_a_witness_that_answers_late_can_still_stop_a_log_that_was_put_back(
    database, tmp_path, witness, monkeypatch
):
    monkeypatch.setattr(sequencing_module, "_FIRST_WORDS", 0.05)
    witness.mischief = lambda *_: (503, "text/plain", b"")
    witness.seen[ORIGIN] = (100, b"x" * 32)
    async with house_with(database, tmp_path, witness) as house, sequencing(house):
        await fill(house.dsn, 5)
        await until_signed(house, 5)
        witness.mischief = None

        async def suspended():
            return (await standing_of(database))[0]

        await until(suspended)
        assert await standing_of(database) == (True, "witness-ahead", 100)


async def test_an_export_knows_what_database_and_memory_have_lost(database, tmp_path):
    exports = tmp_path / "exports"
    async with open_house(tmp_path / "xa", database.app, ledger={"export": {"folder": str(exports)}}) as house:
        await fill(house.dsn, 5)
        await house.order()
        memory = house.gateway.settings.gateway.storage / "ledger" / "XA.checkpoint"
        old_memory = memory.read_bytes()
        await fill(house.dsn, 5, start=5)
        head = (await house.order())["XA"]
        (exports / "XA").mkdir(parents=True)
        (exports / "XA" / "checkpoint").write_bytes(head.note)
        (exports / "checkpoint").write_bytes(b"not a note")
        await put_back(database, 5)
        memory.write_bytes(old_memory)
        async with sequencing(house):

            async def suspended():
                found = await rows(database, "SELECT FROM ledger_standing WHERE suspended")
                return bool(found)

            await until(suspended)
            assert await standing_of(database) == (True, "shorter", 10)
