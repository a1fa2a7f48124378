"""The embedded PostgreSQL when something dies: the launcher, the server, the machine, or a half-made cluster."""

import asyncio
import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.store.embedded import EmbeddedRefused
from gateway.store.embedded_install import run_as

SUM = "SELECT sum(n) FROM kept"


async def refusal(server):
    with pytest.raises(EmbeddedRefused) as refused:
        await server.start()
    return str(refused.value)


@contextmanager
def process_of_the_server_user(*command, **places):
    process = subprocess.Popen(command, **run_as(None).popen, **places)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def number_of_a_dead_process():
    return subprocess.run(["sh", "-c", "echo $$"], check=True, capture_output=True, text=True).stdout.strip()


def leave_note(folder, process):
    """As a power cut leaves it: the note of a server that was not stopped."""
    note = folder / "cluster" / "postmaster.pid"
    note.write_text(f"{process}\n{folder}/cluster\n1795415134\n5432\n{folder}/socket\n\n  2155630 4\nready\n")
    note.chmod(0o600)
    os.chown(note, run_as(None).uid, run_as(None).gid)
    lock = folder / "socket" / ".s.PGSQL.5432.lock"
    lock.write_text(f"{process}\n{folder}/cluster\n1795415134\n5432\n{folder}/socket\n")
    os.chown(lock, run_as(None).uid, run_as(None).gid)


async def test_the_server_outlives_a_killed_launcher_and_the_next_one_goes_on_with_it(
    folder, embedded, ask, launcher, server_process
):
    async with launcher(folder) as process:
        process.kill()
        await process.wait()
        left = server_process(folder)
    server = embedded(folder)
    dsns = await server.start()
    assert server_process(folder) == left
    assert await ask(dsns.owner, SUM) == 7
    assert await server.stop() is True
    assert not (folder / "cluster" / "postmaster.pid").exists()


async def test_interrupting_the_launcher_does_not_interrupt_the_server(folder, launcher, server_process):
    async with launcher(folder) as process:
        assert os.getpgid(server_process(folder)) != os.getpgid(process.pid)
        assert os.getsid(server_process(folder)) != os.getsid(process.pid)


async def test_a_killed_server_is_started_again_and_has_all_that_was_committed(folder, embedded, ask, server_process):
    async with embedded(folder) as dsns:
        await ask(dsns.owner, "INSERT INTO kept VALUES (8)")
        killed = server_process(folder)
        os.kill(killed, signal.SIGKILL)
        async with embedded(folder) as again:
            assert server_process(folder) != killed
            assert await ask(again.owner, SUM) == 15


async def test_a_holder_revives_a_killed_server_at_the_same_address(folder, embedded, ask, server_process):
    server = embedded(folder)
    async with server as dsns:
        await ask(dsns.owner, "INSERT INTO kept VALUES (8)")
        killed = server_process(folder)
        assert await server.revive() is False and server_process(folder) == killed
        os.kill(killed, signal.SIGKILL)
        while not await server.revive():  # its last process may take a moment to end
            await asyncio.sleep(0)
        assert server_process(folder) != killed
        assert await ask(dsns.owner, SUM) == 15
    assert not (folder / "cluster" / "postmaster.pid").exists()


async def test_an_immediate_stop_is_recovered_from(folder, embedded, ask):
    server = embedded(folder)
    await ask((await server.start()).owner, "INSERT INTO kept VALUES (8)")
    assert await server.stop("immediate") is True
    async with embedded(folder) as dsns:
        assert await ask(dsns.owner, SUM) == 15


async def test_after_a_power_cut_another_process_may_have_the_servers_number(folder, embedded, ask):
    with process_of_the_server_user("sleep", "600") as stranger:
        leave_note(folder, stranger)
        async with embedded(folder) as dsns:
            assert await ask(dsns.owner, SUM) == 7


async def test_after_a_power_cut_nobody_may_have_the_servers_number(folder, embedded, ask):
    leave_note(folder, number_of_a_dead_process())
    async with embedded(folder) as dsns:
        assert await ask(dsns.owner, SUM) == 7


async def test_a_server_started_by_other_means_is_neither_doubled_nor_stopped(folder, embedded):
    enter = ("sh", "-c", "cd -P /proc/self/fd/0 && echo && exec sleep 600")
    cluster = os.open(folder / "cluster", os.O_RDONLY)
    entered, tell = os.pipe()
    with process_of_the_server_user(*enter, stdin=cluster, stdout=tell) as inside:
        assert os.read(entered, 1) == b"\n"
        leave_note(folder, inside)
        assert "started by other means" in await refusal(embedded(folder))
        assert Path(f"/proc/{inside}/cwd").readlink() == folder / "cluster"  # it still runs
        (folder / "cluster" / "postmaster.pid").unlink()
    for descriptor in (cluster, entered, tell):
        os.close(descriptor)


async def test_a_cluster_half_made_is_made_again(tmp_path, embedded, ask):
    half = tmp_path / "postgres" / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    async with embedded(tmp_path / "postgres") as dsns:
        assert await ask(dsns.app, "SELECT 1") == 1
    assert not half.exists()


async def test_a_launcher_killed_while_it_makes_a_cluster_does_no_harm(tmp_path, embedded, ask, launcher):
    folder = tmp_path / "postgres"
    async with launcher(folder, until_started=False) as process:
        ended = asyncio.ensure_future(process.wait())
        while not (folder / "cluster.new" / "PG_VERSION").exists():
            await asyncio.wait([ended], timeout=0)
        process.kill()
        await ended
    async with embedded(folder) as dsns:
        assert await ask(dsns.app, "SELECT 1") == 1
    assert not (folder / "cluster.new").exists()


async def test_lost_and_damaged_passwords_are_told_apart(folder, embedded, ask):
    passwords = folder / "passwords.json"
    kept = passwords.read_text()
    passwords.write_text(kept[:-20])
    assert "damaged" in await refusal(embedded(folder))
    passwords.unlink()
    assert "missing" in await refusal(embedded(folder))
    passwords.write_text(kept)
    async with embedded(folder) as dsns:
        assert await ask(dsns.owner, SUM) == 7


async def test_the_passwords_of_another_cluster_do_not_fit_and_nothing_stays_running(folder, embedded, as_made):
    shutil.copy(as_made[0] / "passwords.json", folder / "passwords.json")
    server = embedded(folder)
    assert "is not that of its cluster" in await refusal(server)
    assert await server.stop() in (True, False)
    assert not (folder / "cluster" / "postmaster.pid").exists()


async def test_another_major_version_is_refused(folder, embedded):
    (folder / "cluster" / "PG_VERSION").write_text("17\n")
    assert "made by PostgreSQL 17" in await refusal(embedded(folder))
    (folder / "cluster" / "PG_VERSION").write_text("18\n")


async def test_a_cluster_of_another_user_is_refused(folder, embedded, as_root):
    os.chown(folder / "cluster", 0, 0)
    assert "belongs to user id 0" in await refusal(embedded(folder))


async def test_a_server_that_ends_while_starting_says_why(folder, embedded):
    assert "no_such_setting" in await refusal(embedded(folder, settings={"no_such_setting": "on"}))


async def test_patience_has_an_end_and_what_may_be_recovering_is_left_to_it(
    folder, embedded, ask, launcher, server_process
):
    async with launcher(folder) as process:
        stuck = server_process(folder)
        os.kill(stuck, signal.SIGSTOP)
        process.kill()
        told = await refusal(embedded(folder, patience=timedelta(milliseconds=100)))
        os.kill(stuck, signal.SIGCONT)
    assert "does not answer yet" in told
    async with embedded(folder) as dsns:
        assert server_process(folder) == stuck
        assert await ask(dsns.owner, SUM) == 7
