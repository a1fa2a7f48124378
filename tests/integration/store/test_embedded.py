"""The embedded PostgreSQL as it is made, and the processes that share it."""

import asyncio
import os
import stat
from pathlib import Path

import asyncpg
import pytest

from gateway.core.secret import Secret
from gateway.store.embedded_install import run_as
from gateway.store.embedded_lock import FolderLock
from gateway.store.roles import dsn_for

STARTED_AT = "SELECT pg_postmaster_start_time()"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("listen_addresses", ""),
        ("password_encryption", "scram-sha-256"),
        ("server_encoding", "UTF8"),
        ("jit", "off"),
        ("log_error_verbosity", "terse"),
    ],
)
async def test_it_is_durable_and_reached_by_its_socket_only(as_made, ask, name, value):
    assert await ask(as_made[1].superuser, "SELECT current_setting($1)", name) == value


async def test_it_is_version_18_in_locale_c(as_made, ask):
    assert (await ask(as_made[1].app, "SHOW server_version")).startswith("18")
    collation = "SELECT datcollate || ' ' || datctype FROM pg_database WHERE datname = current_database()"
    assert await ask(as_made[1].app, collation) == "C C"


async def test_nobody_comes_in_without_the_password(as_made, ask):
    folder, dsns = as_made
    for user in ("postgres", "pouch_owner", "pouch_app"):
        wrong = dsn_for(dsns.app, database="pouch", user=user, password=Secret("guessed"))
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(wrong, "SELECT 1")
    rules = (folder / "cluster" / "pg_hba.conf").read_text().splitlines()
    assert all(rule.startswith("local ") and rule.endswith(" scram-sha-256") for rule in rules)


async def test_its_files_are_private(as_made):
    folder, _ = as_made
    for name in (".", "cluster", "socket"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o700
    for name in ("passwords.json", "cluster/start.log", "cluster/postgresql.conf"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert (folder / "passwords.json").stat().st_uid == os.geteuid()


async def test_root_runs_it_as_nobody_who_cannot_pass_through_the_folders_above(as_made, as_root, server_process):
    folder, _ = as_made
    runner = run_as(None)
    assert runner.name == "nobody"
    assert owner_of(Path("/proc", str(server_process(folder)))) == runner.uid
    assert owner_of(folder) == 0
    assert not folder.stat().st_mode & 0o077


def owner_of(path):
    return path.stat().st_uid


async def test_no_password_is_in_its_log(as_made, ask):
    folder, dsns = as_made
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await ask(dsns.superuser, "SELEC 1")
    logs = "".join(path.read_text() for path in (folder / "cluster" / "log").iterdir())
    assert "SELEC 1" in logs
    passwords = [dsn.reveal().split(":")[2].split("@")[0] for dsn in (dsns.superuser, dsns.owner, dsns.app)]
    assert not [password for password in passwords if password in logs]


async def test_a_second_user_goes_on_with_the_running_server_and_the_last_one_stops_it(folder, embedded, ask):
    first, second = embedded(folder), embedded(folder)
    dsns = await first.start()
    since = await ask(dsns.superuser, STARTED_AT)
    assert await ask((await second.start()).superuser, STARTED_AT) == since
    assert await first.stop() is False
    assert await ask(dsns.superuser, STARTED_AT) == since
    assert await second.stop() is True
    with pytest.raises(OSError):
        await ask(dsns.app, "SELECT 1")


async def test_users_may_be_processes(folder, embedded, ask, launcher):
    async with launcher(folder) as process:
        server = embedded(folder)
        dsns = await server.start()
        assert await server.stop() is False
        assert await ask(dsns.app, "SELECT 1") == 1
        process.stdin.close()
        assert await process.wait() == 0
    with pytest.raises(OSError):
        await ask(dsns.app, "SELECT 1")


async def test_two_first_starts_at_once_make_one_server(tmp_path, embedded, ask):
    users = [embedded(tmp_path / "postgres") for _ in range(2)]
    dsns = await asyncio.gather(*(user.start() for user in users))
    moments = {await ask(each.superuser, STARTED_AT) for each in dsns}
    stops = await asyncio.gather(*(user.stop() for user in users))
    assert len(moments) == 1
    assert sorted(stops) == [False, True]


async def test_stopping_what_does_not_run_is_harmless(folder, embedded, tmp_path):
    assert await embedded(tmp_path / "never made").stop() is False
    server = embedded(folder)
    await server.start()
    assert await server.stop() is True
    assert await server.stop() is False


async def test_a_cancelled_start_leaves_nothing_running(folder, embedded):
    said = folder / "cluster" / "start.log"
    said.unlink()
    starting = asyncio.create_task(embedded(folder).start())
    while not said.exists():
        await asyncio.wait([starting], timeout=0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    server = FolderLock(folder / "server.lock")
    assert await server.exclusive(asyncio.get_running_loop().time() + 30)
    server.release()
