"""`pouch serve` as processes: what is in force is told at the start and at SIGHUP, who was away at the next start."""

import asyncio
import json
import os
import signal
import sys
import tomllib
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest
import tomli_w

from gateway.demo.programs import free_ports
from gateway.founding import Founding, found_gateway

ROOT = Path(__file__).parents[3]


@pytest.fixture
def founded(tmp_path):
    """A gateway of office XA on free ports."""
    front, ops = (f"127.0.0.1:{port}" for port in free_ports(2))
    return found_gateway(Founding(folder=tmp_path / "office", office="XA", name="Office A", front=front, ops=ops))


@asynccontextmanager
async def serving(founded, database):
    """`pouch serve` on the test's database; gives the process when it has told its first words."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "serve", "-c", str(founded.main), "--workers", "2"),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "POUCH_DATABASE_DSN": database.app.reveal(), "POUCH_SUPERVISED": ""},
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def until(process, *events):
    """Read the log until each of these was told as often as it is named; gives the last line."""
    waiting = list(events)
    while waiting:
        line = await asyncio.wait_for(process.stderr.readline(), 60)
        assert line, f"it ended without telling {waiting}"
        with suppress(ValueError):
            told = json.loads(line)
            if told.get("event") in waiting:
                waiting.remove(told["event"])
    return told


async def steps(database):
    connection = await asyncpg.connect(database.superuser.reveal())
    try:
        rows = await connection.fetch("SELECT step FROM ledger_entry WHERE exchange_id IS NULL ORDER BY at, step")
    finally:
        await connection.close()
    return [row["step"] for row in rows]


async def test_what_is_in_force_and_who_was_away_are_told_by_one_of_many_workers(founded, database):
    first, changed = "what is in force is told for the first time", "what is in force has changed"
    async with serving(founded, database) as process:
        await until(process, first, first, first, first, "listening")
        offices = tomllib.loads(founded.offices.read_text())
        offices["office"][0]["name"] = "Office A, renamed"
        founded.offices.write_text(tomli_w.dumps(offices))
        process.send_signal(signal.SIGHUP)
        assert (await until(process, changed))["kind"] == "trust"
    kinds = ("agreements-changed", "configuration-changed", "keys-changed", "trust-changed")
    assert sorted(await steps(database)) == sorted((*kinds, "trust-changed"))
    connection = await asyncpg.connect(database.superuser.reveal())
    last = await connection.fetchrow(
        "UPDATE sign_of_life SET at = at - interval '600 s', seconds = seconds - 600 RETURNING *"
    )
    await connection.close()
    assert last["orderly"], "a gateway that is stopped says so"
    async with serving(founded, database) as process:
        assert (await until(process, "an outage was found"))["subject"] == "door"
        await until(process, "listening")
    assert (await steps(database))[5:] == ["outage-began", "outage-ended"]
