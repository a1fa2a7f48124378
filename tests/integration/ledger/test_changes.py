"""Every change of settings, keys, trust and agreements is one entry, told in names and bound to its entry."""

import asyncio
import json
import shutil
import tomllib

import asyncpg
import pytest
import tomli_w
from click.testing import CliRunner

from gateway.__main__ import main
from gateway.app.declaring import Declarer
from gateway.app.ledger_changes import read_changes
from gateway.core.in_force import STEPS, Kind
from gateway.settings import load_settings


async def entries(house, hosted="XA"):
    rows = await house.gateway.pool.fetch(
        "SELECT step FROM ledger_entry WHERE hosted = $1 AND step LIKE '%-changed' ORDER BY at, step", hosted
    )
    return [row["step"] for row in rows]


async def told(house, hosted="XA"):
    return await read_changes(house.gateway.pool, house.gateway.queries, hosted)


def rewrite(path, change):
    content = tomllib.loads(path.read_text())
    change(content)
    path.write_text(tomli_w.dumps(content))


async def test_the_first_start_is_told_for_each_office_and_the_second_is_not(house):
    assert await Declarer(house.gateway).declare() == 8
    assert sorted(await entries(house)) == sorted(step.value for step in STEPS.values())
    assert await entries(house, "XB") and await Declarer(house.gateway).declare() == 0
    changes = {change.kind: change for change in await told(house)}
    assert changes.keys() == {kind.value for kind in Kind}
    assert all(change.wrong is None and change.number == 1 for change in changes.values())
    assert any(name.startswith("signing certificate sha256:") for name in changes["keys"].added)
    assert any(name.startswith("ledger key ") for name in changes["keys"].added)
    assert "office XC.exchanges_as" in changes["trust"].added and "ledger.readers" in changes["trust"].added
    assert {"software.version", "software.schema", "work.at_once"} <= set(changes["configuration"].added)


async def test_several_that_see_the_same_change_write_it_once(house):
    declarers = [Declarer(house.gateway) for _ in range(6)]
    assert sum(await asyncio.gather(*(each.declare() for each in declarers))) == 8
    house.gateway.settings = changed(house, work={"at_once": 7})
    for each in declarers:
        each.wake()
    assert sum(await asyncio.gather(*(each.declare() for each in declarers))) == 2
    assert (await entries(house)).count("configuration-changed") == 2


def changed(house, **tables):
    """The settings after an edit of the main file."""
    rewrite(house.folder / "pouch.toml", lambda main: [main.setdefault(k, {}).update(v) for k, v in tables.items()])
    return load_settings(house.folder / "pouch.toml", {"POUCH_DATABASE_DSN": house.dsn.reveal()})


async def test_a_reload_of_the_offices_file_is_told_in_names(house, monkeypatch):
    monkeypatch.setenv("POUCH_DATABASE_DSN", house.dsn.reveal())
    declarer = Declarer(house.gateway)
    await declarer.declare()
    shutil.copy(house.folder / "keys" / "xc-system.pem", house.folder / "keys" / "xc-new.pem")
    new = {"id": "xc-new", "certificate": "keys/xc-new.pem"}
    offices = house.folder / "offices.toml"
    rewrite(offices, lambda file: [each["client"].append(new) for each in file["office"] if each["code"] == "XC"])
    house.gateway.reload()
    declarer.wake()
    assert await declarer.declare() == 2  # of both hosted offices: they share the offices file
    change = (await told(house))[-1]
    assert (change.kind, change.number, change.removed, change.altered) == ("trust", 2, (), ())
    assert [name.partition(" sha256")[0] for name in change.added] == [
        "office XC: client xc-new certificate",
        "office XC: client xc-new.scopes",
    ]


async def test_no_value_and_no_secret_is_kept(house):
    house.gateway.settings = changed(house, front_door={"messages_per_second": 4321.5})
    await Declarer(house.gateway).declare()
    rows = await house.gateway.pool.fetch("SELECT content, picture FROM ledger_change")
    kept = b"".join(row["content"] + row["picture"] for row in rows)
    password = house.dsn.reveal().partition("@")[0].rpartition(":")[2]
    for value in ("4321.5", password, house.url, str(house.folder)):
        assert value.encode() not in kept


async def test_the_front_doors_new_certificate_is_seen_without_a_signal(house):
    keys = house.folder / "keys"
    shutil.copy(keys / "xc-system.pem", keys / "door.pem")
    (keys / "door.key").touch()
    door = {"tls_certificate": "keys/door.pem", "tls_key": "keys/door.key"}
    house.gateway.settings = changed(house, front_door=door)
    declarer = Declarer(house.gateway)
    await declarer.declare()
    assert await declarer.declare() == 0
    shutil.copy(keys / "xd-system.pem", keys / "door.pem")
    assert await declarer.declare() == 2
    change = (await told(house))[-1]
    assert change.kind == "keys" and len(change.added) == len(change.removed) == 1
    assert change.added[0].startswith("front door certificate sha256:")


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE ledger_change SET content = replace(convert_from(content, 'UTF8'), 'work', 'wark')::bytea"
        " WHERE kind = 'configuration'",
        'UPDATE ledger_change SET picture = \'{"digests":{},"salt":"00"}\' WHERE kind = \'trust\'',
        "DELETE FROM ledger_change WHERE kind = 'configuration' AND number = 1",
        "DELETE FROM ledger_change WHERE kind = 'configuration' AND number = 2",
    ],
)
async def test_what_was_changed_afterwards_is_told(house, database, monkeypatch, tampering):
    for most in (7, 8, 9):
        house.gateway.settings = changed(house, work={"at_once": most})
        await Declarer(house.gateway).declare()
    monkeypatch.setenv("POUCH_DATABASE_DSN", house.dsn.reveal())
    words = ["ledger", "changes", "-c", str(house.folder / "pouch.toml")]
    run = await asyncio.to_thread(CliRunner().invoke, main, words)
    assert run.exit_code == 0 and "changed work.at_once" in run.stdout
    connection = await asyncpg.connect(database.superuser.reveal())
    await connection.execute("SET session_replication_role = replica")
    assert not (await connection.execute(tampering)).endswith(" 0")
    await connection.close()
    run = await asyncio.to_thread(CliRunner().invoke, main, [*words, "--json"])
    assert run.exit_code == 1
    assert [each["kind"] for each in json.loads(run.stdout)["changes"] if each["wrong"]]


async def test_nobody_changes_or_deletes_what_was_told(house):
    await Declarer(house.gateway).declare()
    for change in ("DELETE FROM ledger_change", "UPDATE ledger_change SET kind = 'x'", "TRUNCATE ledger_change"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await house.gateway.pool.execute(change)
