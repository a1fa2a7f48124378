"""Witnesses in daily life: clocks that jump, what `pouch check` says of them, and how far they are behind."""

import tomllib
from datetime import timedelta

import pytest
import tomli_w
from ledger_filling import fill
from log_house import ORIGIN, open_house
from witness_house import answers, as_witness, sequencing, until, witness_served
from witness_words import RefereeLog, RefereeWitness

from gateway.app.checking_witnesses import check_witnesses, measure_witnesses
from gateway.app.finding import Finding
from gateway.app.opening import open_gateway
from gateway.app.recovery import open_recovery
from gateway.app.system import SystemClock
from gateway.app.witness import make_witness
from gateway.endpoints.ledger.log import Conflicts, Cosigned
from gateway.settings import SettingsError, load_settings
from pki.note_keys import NoteKind, generate_note_key, write_note_key


@pytest.fixture
def jump(monkeypatch):
    """Set the machine's clock off by as much as one says."""
    true, off = SystemClock.now, [timedelta()]
    monkeypatch.setattr(SystemClock, "now", lambda self: true(self) + off[0])

    def by(**distance):
        off[0] = timedelta(**distance)

    return by


async def signed(house, size):
    async def look():
        head = await house.gateway.ledger.newest("XA")
        return head if head is not None and head.size >= size else None

    return await until(look)


async def cosigned(house, size):
    return await until(lambda: house.gateway.ledger.newest_cosigned("XA", size))


async def test_a_clock_that_jumps_stops_neither_signing_nor_witnesses(database, tmp_path, jump):
    witness = RefereeWitness()
    async with witness_served(witness) as url:
        ledger = {"witness": [as_witness(witness.vkey, url)], "witness_seconds": 0.05, "checkpoint_seconds": 0.05}
        async with open_house(tmp_path / "xa", database.app, ledger=ledger) as house, sequencing(house):
            await fill(house.dsn, 5)
            await cosigned(house, 5)
            jump(days=400)
            await fill(house.dsn, 5, start=5)
            await cosigned(house, 10)
            jump(days=-400)  # a cosignature seems to come from the future: not taken, and nothing else changes
            await fill(house.dsn, 5, start=10)
            await signed(house, 15)

            async def counted():
                return answers(house, "malformed")

            await until(counted)
            jump()
            await fill(house.dsn, 1, start=15)
            await cosigned(house, 16)
        assert witness.refused == 0


async def test_as_a_witness_a_clock_that_jumps_takes_nothing_back(database, tmp_path, jump):
    log = RefereeLog("partner.example/log").grow(9)
    key = generate_note_key("xa.example/witness", NoteKind.COSIGNATURE)
    write_note_key(tmp_path / "witness.key", key)
    ledger = {"witness_key": str(tmp_path / "witness.key"), "witnessed": [{"vkey": log.vkey}]}
    async with open_house(tmp_path / "xa", database.app, ledger=ledger) as house:
        witness = make_witness(house.gateway)
        for old, size, days in ((0, 3, 0), (3, 5, 400), (5, 7, -400), (7, 9, 0)):
            jump(days=days)
            assert isinstance(await witness.cosign(log.request(old, size), "here"), Cosigned)
            assert isinstance(await witness.cosign(log.request(old, size), "here"), Conflicts)
        found = await house.gateway.pool.fetchrow("SELECT size, cosigned FROM witnessed_log")
        assert tuple(found) == (9, 4)


async def test_check_says_how_each_witness_is(database, tmp_path):
    witness = RefereeWitness()
    async with witness_served(witness) as url:
        dead = RefereeWitness("dead.example/w")
        ledger = {"witness": [as_witness(witness.vkey, url), as_witness(dead.vkey, "http://127.0.0.1:9/w")]}
        async with open_house(tmp_path / "xa", database.app, ledger=ledger) as house:

            async def findings():
                found = [each async for each in check_witnesses(house.gateway, 5.0) if isinstance(each, Finding)]
                assert not any(each.fatal for each in found)
                return {each.name: (each.good, each.text) for each in found}

            told = await findings()  # before anything is signed
            assert told["witness witness.example/w"] == (True, "cosigns")
            assert told["witness dead.example/w"] == (False, "does not answer")
            assert "cosigns 0 logs" in told["witness"][1]
            await fill(house.dsn, 5)
            await house.order()
            witness.seen[ORIGIN] = (50, b"x" * 32)
            await house.gateway.pool.execute(
                "UPDATE ledger_standing SET suspended = true, cause = 'shorter' WHERE hosted = 'XB'"
            )
            await house.gateway.standings.read()
            assert (await findings())["log of XB"] == (False, "is not signed (shorter): pouch ledger recover")
            good, text = (await findings())["witness witness.example/w"]
            assert not good and "pouch ledger recover" in text


async def test_how_far_a_witness_is_behind_is_measured(database, tmp_path):
    witness = RefereeWitness()
    async with witness_served(witness) as url:
        ledger = {"witness": [as_witness(witness.vkey, url)], "witness_seconds": 0.05, "checkpoint_seconds": 0.05}
        async with open_house(tmp_path / "xa", database.app, ledger=ledger) as house:

            def number(name):
                labels = {"office": "XA", "witness": witness.name}
                return house.gateway.meter.registry.get_sample_value(name, labels)

            async with sequencing(house):
                await fill(house.dsn, 5)
                await cosigned(house, 5)
            await fill(house.dsn, 3, start=5)
            await house.order()
            await measure_witnesses(house.gateway)
            assert number("pouch_witness_lag_entries") == 3
            assert 0 <= number("pouch_witness_cosigned_age_seconds") < 60


async def test_a_log_that_was_begun_anew_has_its_name_after_the_next_start(house, monkeypatch):
    monkeypatch.setenv("POUCH_DATABASE_DSN", house.dsn.reveal())
    await fill(house.dsn, 5)
    await house.order()
    (house.gateway.settings.gateway.storage / "ledger" / "XA.checkpoint").write_bytes(
        (await house.gateway.ledger.newest("XA")).note.replace(b"\n5\n", b"\n6\n")
    )
    async with open_recovery(house.gateway.settings, None) as recovery:
        await recovery.accept_loss("for the test")
    async with open_gateway(house.gateway.settings, house.dsn) as again:
        assert {hosted: keys[0].name for hosted, keys in again.log_keys.items()} == {
            "XA": f"{ORIGIN}/2",
            "XB": f"{ORIGIN}/xb",
        }


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"witness": [{"url": "https://w.example", "vkey": "nonsense"}]}, "ledger.witness[0].vkey"),
        ({"witness": [{"url": "http://w.example", "vkey": "x"}]}, "plain_http"),
        ({"witness": [{"url": "nowhere", "vkey": "x"}]}, "ledger.witness[0].url"),
        ({"witness": [{"url": "https://w.example", "vkey": RefereeLog("a/b").vkey}]}, "not of a witness"),
        ({"witness": [{"url": "https://w.example", "vkey": RefereeWitness().vkey}] * 2}, "another witness"),
        ({"witness": [{"url": "https://w.example", "vkey": RefereeWitness().vkey, "ca": "no.pem"}]}, "witness[0].ca"),
        ({"witnessed": [{"vkey": RefereeWitness().vkey}]}, "not of a log"),
        ({"witnessed": [{"vkey": "nonsense"}]}, "ledger.witnessed[0].vkey"),
        ({"witnessed": [{"vkey": RefereeLog(f"{ORIGIN}/xb").vkey}]}, "no witness of itself"),
        ({"witness_key": "keys/ledger.key"}, "is the key of a log"),
        ({"witness_key": "keys/none.key"}, "ledger.witness_key"),
    ],
)
async def test_settings_that_cannot_be_used_say_where(house, table, says):
    path = house.folder / "pouch.toml"
    main = tomllib.loads(path.read_text())
    main["ledger"] |= table
    path.write_text(tomli_w.dumps(main))
    with pytest.raises(SettingsError) as told:
        async with open_gateway(load_settings(path, {}), house.dsn) as gateway:
            make_witness(gateway)
    assert says in str(told.value)
    assert "nonsense" not in str(told.value)
