"""As a witness: what follows is cosigned, what does not is not, and nothing is ever gone back on."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import asyncpg
import pytest
from log_house import open_house
from witness_words import RefereeLog, b64, cosigned_at, root

from pki.note_keys import NoteKind, generate_note_key, write_note_key

ORIGIN = "partner.example/log"


@asynccontextmanager
async def witness_of(database, folder, *logs):
    """A house that witnesses these logs."""
    folder.mkdir()
    key = generate_note_key("xa.pouch.example/witness", NoteKind.COSIGNATURE)
    write_note_key(folder / "witness.key", key)
    ledger = {"witness_key": str(folder / "witness.key"), "witnessed": [{"vkey": log.vkey} for log in logs]}
    async with open_house(folder / "xa", database.app, ledger=ledger) as house:
        house.vkey = key.verifier.vkey
        yield house


@pytest.fixture
def log():
    return RefereeLog(ORIGIN).grow(7)


@pytest.fixture
async def house(database, tmp_path, log):
    async with witness_of(database, tmp_path / "witness", log) as opened:
        yield opened


async def ask(house, body, path="/ledger/add-checkpoint"):
    async with house.http.post(path, data=body) as response:
        return response.status, response.headers["Content-Type"], await response.read()


async def rows(database, query):
    connection = await asyncpg.connect(database.superuser.reveal())
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def witnessed(database):
    return [(row["origin"], row["size"]) for row in await rows(database, "SELECT origin, size FROM witnessed_log")]


def leaves_of(found):
    return [json.loads(row["leaf"][1:]) for row in found]


async def test_a_growing_log_is_cosigned_step_by_step(house, database, log):
    old = 0
    for size in (1, 7, 7, 8, 300, 301, 1000):
        log.grow(max(0, size - len(log.leaves)))
        status, kind, lines = await ask(house, log.request(old, size))
        assert (status, kind) == (200, "text/plain; charset=utf-8")
        assert abs(cosigned_at(house.vkey, log.text(size), lines) - time.time()) < 60
        old = size
    assert await witnessed(database) == [(ORIGIN, 1000)]
    entries = leaves_of(await rows(database, "SELECT leaf FROM ledger_entry WHERE step = 'cosigned'"))
    assert [(entry["actor"], entry["count"]) for entry in entries] == [(f"log {ORIGIN}", 1)]
    number = house.gateway.meter.registry.get_sample_value("pouch_witnessed_requests_total", {"verdict": "cosigned"})
    assert number == 7


async def test_an_empty_log_can_be_cosigned(house, log):
    assert (await ask(house, log.request(0, 0)))[0] == 200
    assert (await ask(house, log.request(0, 7)))[0] == 200


async def test_who_names_another_old_size_is_told_the_right_one(house, log):
    assert await ask(house, log.request(3, 7)) == (409, "text/x.tlog.size", b"0\n")
    assert (await ask(house, log.request(0, 5)))[0] == 200
    for old, size in ((0, 7), (4, 7), (0, 5), (0, 3), (3, 4)):
        assert await ask(house, log.request(old, size)) == (409, "text/x.tlog.size", b"5\n")
    assert (await ask(house, log.request(5, 7)))[0] == 200


async def test_what_does_not_follow_is_not_cosigned(house, database, log):
    assert (await ask(house, log.request(0, 5)))[0] == 200
    forked = RefereeLog(ORIGIN, [b"other"]).grow(8)
    forked.key = log.key
    status, _, body = await ask(house, forked.request(5))
    assert (status, json.loads(body)["code"]) == (422, "3031")
    good = log.request(5, 7)
    for wrong in (
        b"old 5\n\n" + log.note(7),
        good.replace(b"\n\n", f"\n{b64(b'x' * 32)}\n\n".encode(), 1),
        log.request(4, 7).replace(b"old 4", b"old 5"),
    ):
        assert (await ask(house, wrong))[0] == 422
    assert (await ask(house, b"old 5\n" + b64(b"x" * 32).encode() + b"\n\n" + log.note(5)))[0] == 422
    assert await witnessed(database) == [(ORIGIN, 5)]
    entries = leaves_of(await rows(database, "SELECT leaf FROM ledger_entry WHERE step = 'refused'"))
    assert {(entry["actor"], entry["outcome"]) for entry in entries} == {(f"log {ORIGIN}", "3031")}
    assert (await ask(house, good))[0] == 200


async def test_a_proof_from_nothing_is_empty(house, log):
    assert (await ask(house, f"old 0\n{b64(root(log.leaves))}\n\n".encode() + log.note()))[0] == 422
    assert (await ask(house, log.request(0)))[0] == 200


async def test_two_signed_roots_of_one_size_convict_the_log(house, database, log):
    assert (await ask(house, log.request(0)))[0] == 200
    forked = RefereeLog(ORIGIN, [b"other"]).grow(6)
    forked.key = log.key
    for old in (7, 0, 3):
        assert await ask(house, forked.request(old)) == (409, "text/x.tlog.size", b"7\n")
    kept = await rows(database, "SELECT note, size FROM witnessed_conflict")
    assert [(row["note"], row["size"]) for row in kept] == [(forked.note(), 7)]
    entries = leaves_of(await rows(database, "SELECT leaf FROM ledger_entry WHERE step = 'refused'"))
    assert {entry["outcome"] for entry in entries} == {"4032"}
    assert house.gateway.meter.registry.get_sample_value("pouch_witnessed_requests_total", {"verdict": "conflict"}) == 3


async def test_strangers_and_unsigned_checkpoints_are_refused(house, database, log):
    stranger = RefereeLog("stranger.example/log").grow(2)
    impostor = RefereeLog(ORIGIN).grow(7)
    bad = log.request(0)
    for body, status, code in (
        (stranger.request(0), 404, "4031"),
        (impostor.request(0), 403, "2031"),
        (bad[:-9] + bytes([bad[-9] ^ 1]) + bad[-8:], 403, "2031"),
        (log.request(0).replace(b"old 0", b"old 8"), 400, "3005"),
        (log.request(0).replace(b"old 0", b"old 00"), 400, "3005"),
        (b"old 0\n\n" + log.text().encode(), 400, "3005"),
        (b"", 400, "3005"),
        (b"old 0\n\n" + log.sign(f"{ORIGIN}\n{1 << 63}\n{b64(b'x' * 32)}\n"), 400, "3005"),
        (b"old 0\n\n" + b"x" * (64 * 1024), 413, "1001"),
    ):
        found, _, told = await ask(house, body)
        assert (found, json.loads(told)["code"]) == (status, code)
    assert await witnessed(database) == []


async def test_of_many_at_once_none_takes_the_log_back(house, database, log):
    log.grow(60)
    sizes = range(1, 60, 7)
    answers = await asyncio.gather(*(ask(house, log.request(0, size)) for size in sizes))
    assert sorted(status for status, _, _ in answers) == [200] + [409] * (len(sizes) - 1)
    [(_, size)] = await witnessed(database)
    won = [size for size, (status, _, _) in zip(sizes, answers, strict=True) if status == 200]
    assert won == [size]
    bigger = await asyncio.gather(*(ask(house, log.request(size, size + more)) for more in range(1, 9)))
    assert sorted(status for status, _, _ in bigger) == [200] + [409] * 7
    assert [body for status, _, body in bigger if status == 409] == [b"%d\n" % (await witnessed(database))[0][1]] * 7


async def test_the_record_itself_refuses_to_go_back(house, database, log):
    assert (await ask(house, log.request(0)))[0] == 200
    for change in (
        "UPDATE witnessed_log SET size = 6",
        "UPDATE witnessed_log SET root = sha256(root)",
        "DELETE FROM witnessed_log",
        "TRUNCATE witnessed_log",
    ):
        with pytest.raises(asyncpg.PostgresError, match=r"only grows|for ever"):
            await rows(database, change)


async def test_both_keys_of_a_log_count_while_they_roll_over(database, tmp_path):
    former = RefereeLog(ORIGIN).grow(9)
    current = RefereeLog(ORIGIN).grow(9)
    async with witness_of(database, tmp_path / "witness", former, current) as house:
        assert (await ask(house, former.request(0, 4)))[0] == 200
        assert (await ask(house, current.request(4)))[0] == 200


async def test_a_flood_waits(house, log):
    log.grow(100)
    statuses = [(await ask(house, log.request(0, size)))[0] for size in range(1, 90)]
    assert statuses[0] == 200 and 429 in statuses
    assert set(statuses) == {200, 409, 429}


async def test_a_gateway_without_a_witness_key_is_none(database, tmp_path, log):
    async with open_house(tmp_path / "xa", database.app, without=("witness_key",)) as house:
        assert (await ask(house, log.request(0)))[0] == 404
