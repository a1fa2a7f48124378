"""`pouch ledger` against a log at an address: TLS, authorities, tokens, files of keys, and how a verdict is told."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner, Result
from evidence_logs import KEY, signed

from gateway.__main__ import main
from pki.certificates import issue_ca, issue_tls
from pki.keys import generate_key, write_certificate, write_private_key
from pki.note_keys import generate_note_key

ENTRIES = [b"entry %d" % number for number in range(300)]
TOKEN = "a-token-nobody-may-see"


class Door:
    """Where the log is, which files open it, and what was shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.tokens: set[str | None] = set()

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        self.tokens.add(request.headers.get("Authorization"))
        file = self.folder / "log" / request.path.removeprefix("/ledger/")
        return web.Response(body=file.read_bytes()) if file.is_file() else web.Response(status=404)

    def file(self, name: str, text: str = "") -> str:
        path = self.folder / name
        if text:
            path.write_text(text)
        return str(path)

    async def ask(self, *arguments: str) -> Result:
        """Run a command beside this loop, which has the server to run."""
        return await asyncio.to_thread(CliRunner().invoke, main, ["ledger", *arguments], catch_exceptions=False)


@pytest.fixture
async def door(tmp_path: Path, write_log: Callable[..., Path]) -> AsyncIterator[Door]:
    write_log(ENTRIES, also=(100,))
    now = datetime.now(UTC)
    ca, other, key = issue_ca("authority", now=now), issue_ca("other", now=now), generate_key()
    tls = issue_tls("log", key=key, names=["127.0.0.1"], now=now, ca=ca)
    write_private_key(tmp_path / "tls.key", key)
    write_certificate(tmp_path / "tls.pem", tls.certificate)
    write_certificate(tmp_path / "ca.pem", ca.certificate)
    write_certificate(tmp_path / "other.pem", other.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem", tmp_path / "tls.key")
    opened = Door(tmp_path)
    opened.file("vkey", KEY.verifier.vkey + "\n")
    runner = web.ServerRunner(web.Server(opened.take), shutdown_timeout=0.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    opened.url = f"https://127.0.0.1:{runner.addresses[0][1]}/ledger"
    yield opened
    await runner.cleanup()


async def test_log_behind_tls_and_a_token_is_verified(door: Door) -> None:
    asked = ("verify", "--url", door.url, "--vkey", door.file("vkey"), "--token-file", door.file("token", TOKEN + "\n"))
    result = await door.ask(*asked, "--ca", door.file("ca.pem"), "--json")
    assert (result.exit_code, json.loads(result.stdout)["size"]) == (0, 300)
    assert door.tokens == {f"Bearer {TOKEN}"}
    pinned = await door.ask(*asked, "--ca", door.file("tls.pem"))
    assert pinned.exit_code == 0
    assert TOKEN not in result.output + pinned.output


@pytest.mark.parametrize("trusted", [["--ca", "other.pem"], []], ids=["another authority", "the machine's own"])
async def test_untrusted_server_is_shown_nothing(door: Door, trusted: list[str]) -> None:
    authorities = [*trusted[:1], *(door.file(name) for name in trusted[1:])]
    result = await door.ask("verify", "--url", door.url, "--vkey", door.file("vkey"), *authorities)
    assert (result.exit_code, door.tokens) == (3, set())
    assert result.stderr.startswith("pouch: CANNOT TELL: checkpoint could not be fetched")


async def test_proof_and_consistency_are_made_from_afar(door: Door) -> None:
    reached = ("--url", door.url, "--ca", door.file("ca.pem"), "--vkey", door.file("vkey"))
    proof, entry = door.file("e.tlog-proof"), door.file("entry", "entry 7")
    assert (await door.ask("prove", "7", *reached, "-o", proof)).exit_code == 0
    checked = ("verify", "--proof", proof, "--vkey", door.file("vkey"))
    assert (await door.ask(*checked, "--entry", entry)).exit_code == 0
    body = await door.ask("prove", "7", *reached, "--json")
    leaf = json.loads(body.stdout)
    assert (leaf["leafIndex"], leaf["treeSize"]) == (7, 300)
    again = await door.ask("prove", "7", *reached, "-o", proof)
    assert (again.exit_code, "cannot be written" in again.stderr) == (1, True)
    old = str(door.folder / "log" / "checkpoint.100")
    grown = await door.ask("consistency", old, *reached, "--json")
    assert (grown.exit_code, json.loads(grown.stdout)["explanation"]) == (
        0,
        "the log of 300 entries begins with that of 100",
    )
    shown = await door.ask("consistency", old, *reached, "--proof")
    kept = door.file("consistency.json", shown.stdout)
    assert (await door.ask("verify", "--proof", kept, "--vkey", door.file("vkey"))).exit_code == 0


async def test_fork_is_told_from_a_checkpoint_one_kept(door: Door) -> None:
    (door.folder / "kept").write_bytes(signed([b"another", *ENTRIES[1:100]]))
    log = str(door.folder / "log")
    result = await door.ask("consistency", door.file("kept"), "--dir", log, "--vkey", door.file("vkey"), "--json")
    assert (result.exit_code, json.loads(result.stdout)["result"]) == (1, "failed")


async def test_file_of_keys_may_hold_the_old_and_the_new_one(door: Door) -> None:
    both = door.file("both", f"{generate_note_key(KEY.name).verifier.vkey}\n\n{KEY.verifier.vkey}\n")
    assert (await door.ask("verify", "--dir", str(door.folder / "log"), "--vkey", both)).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("verify", "--dir", "{log}", "--vkey", "{empty}"), 3),
        (("verify", "--dir", "{log}", "--vkey", "{token}"), 3),
        (("verify", "--dir", "{log}", "--vkey", "{log}/nothing"), 2),
        (("verify", "--dir", "{log}", "--url", "{url}", "--vkey", "{vkey}"), 2),
        (("verify", "--dir", "{log}", "--ca", "{vkey}", "--vkey", "{vkey}"), 2),
        (("verify", "--url", "{url}", "--ca", "{vkey}", "--vkey", "{vkey}"), 2),
        (("verify", "--url", "http://log.example", "--token-file", "{token}", "--vkey", "{vkey}"), 2),
        (("verify", "--url", "ftp://log.example", "--vkey", "{vkey}"), 2),
        (("verify", "--dir", "{log}", "--proof", "{vkey}"), 2),
        (("verify", "--dir", "{log}", "--entry", "{vkey}", "--vkey", "{vkey}"), 2),
        (("verify", "--proof", "{vkey}", "--leaf-hash", "abc"), 2),
        (("verify", "--proof", "{log}/nothing"), 3),
        (("verify", "--proof", "{vkey}"), 1),
        (("prove", "300", "--dir", "{log}", "--vkey", "{vkey}"), 3),
        (("prove", "0", "--dir", "{log}"), 2),
        (("prove", "-1", "--dir", "{log}", "--vkey", "{vkey}"), 2),
        (("consistency", "{vkey}", "--dir", "{log}", "--vkey", "{vkey}"), 1),
        (("consistency", "{log}/checkpoint", "{log}/checkpoint.100", "--dir", "{log}", "--vkey", "{vkey}"), 3),
        (("nothing",), 2),
    ],
)
async def test_each_mistake_has_its_exit_code(door: Door, arguments: tuple[str, ...], exit_code: int) -> None:
    names = {
        "log": str(door.folder / "log"),
        "url": door.url,
        "vkey": door.file("vkey"),
        "empty": door.file("empty", "\n"),
        "token": door.file("token", TOKEN),
    }
    result = await door.ask(*(argument.format(**names) for argument in arguments))
    assert result.exit_code == exit_code, result.output
    assert TOKEN not in result.output
