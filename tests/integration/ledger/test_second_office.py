"""A second hosted office's log is exported and verified like the first, under its own name."""

import asyncio
import json

from click.testing import CliRunner
from ledger_filling import fill

from gateway.__main__ import main
from gateway.app.log_keys import load_log_keys


async def test_the_second_office_is_exported_and_verified_by_its_code(house, monkeypatch, tmp_path):
    await fill(house.dsn, 3, hosted="XA")
    await fill(house.dsn, 5, hosted="XB")
    await house.order()
    monkeypatch.setenv("POUCH_DATABASE_DSN", house.dsn.reveal())
    config, folder, vkey = str(house.folder / "pouch.toml"), str(tmp_path / "export"), tmp_path / "xb.vkey"
    vkey.write_text(load_log_keys(house.gateway.settings)["XB"][0].verifier.vkey)

    async def pouch(*words):
        return await asyncio.to_thread(CliRunner().invoke, main, ["ledger", *words, "--json"])

    exported = await pouch("export", "-c", config, "-o", folder, "--office", "XB")
    assert json.loads(exported.stdout) == {"size": 5, "folder": folder}
    read = json.loads((await pouch("verify", "--dir", folder, "--vkey", str(vkey))).stdout)
    assert (read["size"], read["origin"]) == (5, "xa.pouch.example/ledger/xb")
    stored = json.loads((await pouch("verify", "--db", "-c", config, "--office", "XB")).stdout)
    assert (stored["size"], stored["origin"]) == (5, "xa.pouch.example/ledger/xb")


async def test_an_office_that_is_not_hosted_is_named_as_such(house, tmp_path):
    config = str(house.folder / "pouch.toml")
    for words in (("export", "-o", str(tmp_path / "no")), ("verify", "--db")):
        run = await asyncio.to_thread(CliRunner().invoke, main, ["ledger", *words, "-c", config, "--office", "XQ"])
        assert run.exit_code in {1, 3} and "XA, XB" in run.output
    assert (await asyncio.to_thread(CliRunner().invoke, main, ["ledger", "verify", "--office", "XA"])).exit_code == 2
