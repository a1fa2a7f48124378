"""A running gateway is stamped by an authority beside it and exports its log; OpenSSL verifies the tokens."""

import asyncio
import json
import os
import sys
import tomllib
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import tomli_w

from gateway.app.daily_export import exported_head
from gateway.demo.programs import free_ports
from gateway.evidence.sources import FolderSource
from gateway.evidence.verifying import verify_log
from gateway.founding import Founding, found_gateway
from pki.note_keys import parse_vkey

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def program(*words, **environment):
    """One of our programs, ended by SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *words),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def until(there):
    """Wait until something that another process does is there."""
    async with asyncio.timeout(90):
        while not (found := await there()):
            await asyncio.sleep(0.1)
    return found


@pytest.mark.debian("openssl")
async def test_a_stamp_and_an_export_come_by_themselves_and_verify_without_us(tmp_path, database):
    front, ops = (f"127.0.0.1:{port}" for port in free_ports(2))
    founded = found_gateway(Founding(folder=tmp_path / "xa", office="XA", name="A", front=front, ops=ops))
    folder = tmp_path / "exports"
    folder.mkdir()
    connection = await asyncpg.connect(database.app.reveal())

    async def stamped():
        return await connection.fetchrow(
            "SELECT t.token, c.note FROM ledger_timestamp t JOIN ledger_checkpoint c ON c.number = t.checkpoint"
        )

    async def exported():
        return folder / "xa" if list((folder / "xa" / "days").glob("*.json")) else None

    async with program("sandbox", "tsa", "--folder", str(tmp_path / "tsa")) as authority:
        origin = json.loads(await authority.stdout.readline())["listening"]
        main = tomllib.loads(founded.main.read_text())
        root = str(tmp_path / "tsa" / "root.pem")
        main["ledger"]["timestamping"] = {
            "authority": [{"name": "sandbox", "url": origin, "certificates": [root], "plain_http": True}]
        }
        main["ledger"]["export"] = {"folder": str(folder)}
        founded.main.write_text(tomli_w.dumps(main))
        words = ("gateway", "serve", "-c", str(founded.main), "--workers", "1")
        async with program(*words, POUCH_DATABASE_DSN=database.app.reveal()):
            row = await until(stamped)
            log = await until(exported)
    await connection.close()
    (tmp_path / "note").write_bytes(row["note"])
    (tmp_path / "token").write_bytes(row["token"])
    verify = ("openssl", "ts", "-verify", "-data", "note", "-in", "token", "-token_in", "-CAfile", root)
    process = await asyncio.create_subprocess_exec(
        *verify, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await process.communicate()
    assert b"Verification: OK" in told, told.decode()
    vkey = parse_vkey((founded.main.parent / "keys" / "ledger.vkey").read_text())
    verdict = await verify_log(FolderSource(log), [vkey])
    assert verdict.holds and verdict.size == exported_head(folder, "XA")[0] > 0
