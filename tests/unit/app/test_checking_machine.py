"""Checking the machine: ports that are free, ours or another's; keys that others may read."""

import asyncio
import socket
from contextlib import asynccontextmanager

import msgspec
import pytest

from gateway.app.checking_machine import check_key_files, check_ports, key_files_of
from gateway.founding import Founding, Neighbours, found_gateway
from gateway.settings import load_settings


@pytest.fixture
def settings(tmp_path):
    """A founded gateway on two ports that are free now, with a key of each kind."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        front, ops = (f"127.0.0.1:{each.getsockname()[1]}" for each in (one, other))
    founding = Founding(folder=tmp_path, office="XA", name="A", front=front, ops=ops, neighbours=Neighbours())
    return load_settings(found_gateway(founding).main, {})


@asynccontextmanager
async def answering(listen, body):
    """Something at an address that answers every request with a JSON body."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()

    host, _, port = listen.rpartition(":")
    async with await asyncio.start_server(answer, host, int(port)):
        yield


async def told(settings):
    return [(finding.good, finding.text.partition(" is ")[2]) for finding in await check_ports(settings)]


async def test_free_ports_are_free_and_stay_so(settings):
    for _ in range(2):
        assert await told(settings) == [(True, "free"), (True, "free")]


async def test_ports_of_a_running_pouch_are_in_order(settings):
    async with (
        answering(settings.ops.listen, b'{"alive":true}'),
        answering(settings.front_door.listen, b""),
    ):
        assert await told(settings) == [(True, "in use by a running pouch")] * 2


async def test_ports_of_others_are_not(settings):
    remedy = "in use by another program: end it, or name another port"
    async with answering(settings.ops.listen, b'{"status":"UP"}'):
        assert await told(settings) == [(True, "free"), (False, remedy)]
    async with answering(settings.front_door.listen, b'{"alive":true}'):
        assert await told(settings) == [(False, remedy), (True, "free")]


async def test_an_address_of_another_machine_cannot_be_had(settings):
    elsewhere = msgspec.structs.replace(settings.front_door, listen="192.0.2.1:8443")
    [front, _] = await check_ports(msgspec.structs.replace(settings, front_door=elsewhere))
    assert not front.good and front.text.startswith("front_door.listen: 192.0.2.1:8443 cannot be opened: ")


def test_a_key_that_a_later_setting_names_is_looked_at_too(settings, tmp_path):
    (tmp_path / "witness.key").touch()
    (tmp_path / "witness.key").chmod(0o644)
    ledger = msgspec.structs.replace(settings.ledger, witness_key=tmp_path / "witness.key")
    [finding] = check_key_files(msgspec.structs.replace(settings, ledger=ledger))
    assert finding.text.startswith("ledger.witness_key: ") and not finding.good


def test_keys_that_only_this_user_can_read_are_in_order(settings):
    [finding] = check_key_files(settings)
    assert finding.good


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_each_key_that_others_may_read_is_named_with_the_remedy(settings, mode):
    files = dict(key_files_of(settings))
    assert {place.partition("[")[0] for place in files} == {
        "front_door.tls_key", "gateway.wrapping_key", "ledger.keys", "ledger.witness_key", "hosted", "counterpart",
    }  # fmt: skip
    for path in files.values():
        path.chmod(mode)
    findings = check_key_files(settings)
    assert [finding.text for finding in findings] == [
        f"{place}: {path} may be read by others (mode {mode:04o}); run: chmod 600 {path}"
        for place, path in files.items()
    ]
    assert not any(finding.good for finding in findings) and all(finding.fatal for finding in findings)


def test_a_key_that_is_missing_is_named(settings):
    settings.gateway.wrapping_key.unlink()
    [finding] = check_key_files(settings)
    assert not finding.good and finding.text.startswith("gateway.wrapping_key: ")
