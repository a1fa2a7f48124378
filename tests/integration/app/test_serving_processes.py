"""`pouch serve` as processes: what can never start ends with its reason, what listens says so, who dies is replaced."""

import asyncio
import json
import os
import signal
import socket
import ssl
import sys
import tomllib
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from gateway.bench.processes import family_of, measure
from gateway.demo.programs import free_ports
from gateway.founding import Founding, found_gateway

ROOT = Path(__file__).parents[3]


@pytest.fixture
def founded(tmp_path):
    """A gateway of office XA on free ports."""
    front, ops = (f"127.0.0.1:{port}" for port in free_ports(2))
    return found_gateway(Founding(folder=tmp_path / "office", office="XA", name="Office A", front=front, ops=ops))


@asynccontextmanager
async def serving(founded, database, *words, stdin=asyncio.subprocess.DEVNULL, supervised=""):
    """`pouch serve` on the test's database."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "serve", "-c", str(founded.main), *words),
        cwd=ROOT,
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "POUCH_DATABASE_DSN": database.app.reveal(), "POUCH_SUPERVISED": supervised},
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def cannot_start(founded, database, *words):
    """Run until it ends by itself; gives its exit code and standard error."""
    async with serving(founded, database, *words) as process:
        _, told = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, told.decode()


async def test_a_missing_signing_key_ends_it_with_the_reason(founded, database):
    (founded.main.parent / "keys" / "signing.key").unlink()
    code, told = await cannot_start(founded, database, "--workers", "2")
    assert code == 1
    assert told.count("pouch: hosted.signing_key: ") == 1 and "a worker died" not in told


async def test_a_front_door_port_of_another_program_ends_it_with_the_reason(founded, database):
    listen = tomllib.loads(founded.main.read_text())["front_door"]["listen"]
    with socket.create_server(("127.0.0.1", int(listen.rpartition(":")[2]))):
        code, told = await cannot_start(founded, database)
    assert code == 1
    assert f"pouch: front_door.listen: {listen} cannot be opened: Address already in use" in told


async def test_a_bad_certificate_ends_it_with_the_reason(founded, database):
    (founded.main.parent / "keys" / "tls.pem").write_text("no certificate")
    code, told = await cannot_start(founded, database)
    assert code == 1
    assert "pouch: front_door.tls_certificate, tls_key: " in told and "is not PEM" in told


async def test_it_says_where_it_listens_and_replaces_a_worker_that_dies(founded, database):
    settings = tomllib.loads(founded.main.read_text())
    async with serving(founded, database, "--workers", "2") as process:
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        for word in (f"https://{settings['front_door']['listen']}", "XA", "2 workers", settings["ops"]["listen"]):
            assert word in line
        told = await until(process.stderr, "listening")
        assert (told["offices"], told["workers"]) == (["XA"], 2)
        assert told["address"] == f"https://{settings['front_door']['listen']}"
        [victim, _] = workers_of(process.pid)
        os.kill(victim, signal.SIGKILL)
        assert (await until(process.stderr, "a worker died"))["exit"] == -signal.SIGKILL
        await until(process.stderr, "a worker listens")
        assert len(workers_of(process.pid)) == 2 and process.returncode is None
        process.terminate()
        await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0


async def test_as_a_part_of_something_it_ends_with_it(founded, database):
    """As when `pouch demo` is killed: the other end of its standard input is closed."""
    async with serving(founded, database, stdin=asyncio.subprocess.PIPE, supervised="1") as process:
        await asyncio.wait_for(process.stdout.readline(), 60)
        workers = workers_of(process.pid)
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 60) == 0
    assert len(workers) == 1 and not Path(f"/proc/{workers[0]}").exists()


async def test_it_ends_by_itself_while_callers_keep_their_connections_also_where_warnings_are_errors(
    founded, database, monkeypatch
):
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    settings = tomllib.loads(founded.main.read_text())
    trusted = ssl.create_default_context(cafile=str(founded.main.parent / "keys" / "ca.pem"))
    async with serving(founded, database) as process:
        await asyncio.wait_for(process.stdout.readline(), 60)
        with ExitStack() as kept:
            for address, tls in ((settings["front_door"]["listen"], trusted), (settings["ops"]["listen"], None)):
                host, _, port = address.rpartition(":")
                line = kept.enter_context(socket.create_connection((host, int(port)), timeout=60))
                if tls is not None:
                    line = kept.enter_context(tls.wrap_socket(line, server_hostname=host))
                line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert line.recv(1)
            process.terminate()
            _, told = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert b'"stopping"' in told and b"did not end" not in told


async def until(log, event):
    """Read the log up to an event, and give its line."""
    async with asyncio.timeout(60):
        async for line in log:
            told = json.loads(line)
            if told["event"] == event:
                return told
    pytest.fail(f"the log ended without {event!r}")


def workers_of(process):
    """The process numbers of the workers of a supervisor."""
    return sorted(family_of(process, measure()).keys() - {process})
