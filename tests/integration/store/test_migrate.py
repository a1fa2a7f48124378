"""Migrations on a real server: once, whole, in order, in halves, and by the owner only."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from gateway.store.migrate import MigrationRefused, migrate, pending

FILES = {
    "0001_pre_start.sql": "CREATE TABLE office (code text PRIMARY KEY); INSERT INTO office VALUES ('XA')",
    "0002_post_narrow.sql": "ALTER TABLE office ADD CHECK (length(code) = 2)",
    "0003_pre_grant.sql": "GRANT ALL ON ALL TABLES IN SCHEMA public TO pouch_app",
}


@pytest.fixture
def folder(tmp_path):
    for name, sql in FILES.items():
        (tmp_path / name).write_text(sql)
    return tmp_path


async def run(dsn, sql):
    connection = await asyncpg.connect(dsn.reveal())
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


async def test_all_run_once_in_order(empty_database, folder):
    assert await pending(empty_database.owner, folder=folder) == tuple(FILES)
    assert await migrate(empty_database.owner, folder=folder) == tuple(FILES)
    assert await pending(empty_database.owner, folder=folder) == ()
    assert await migrate(empty_database.owner, folder=folder) == ()
    noted = await run(empty_database.owner, "SELECT name FROM pouch_migration ORDER BY applied_at")
    assert [row["name"] for row in noted] == list(FILES)


async def test_looking_for_what_is_pending_changes_nothing(empty_database, folder):
    await pending(empty_database.owner, folder=folder)
    assert await run(empty_database.owner, "SELECT FROM pg_tables WHERE schemaname = 'public'") == []


async def test_a_release_is_migrated_in_two_halves(empty_database, folder):
    (folder / "0003_pre_grant.sql").unlink()
    assert await migrate(empty_database.owner, "pre", folder=folder) == ("0001_pre_start.sql",)
    await run(empty_database.app, "SELECT 1")
    assert await pending(empty_database.owner, "pre", folder=folder) == ()
    assert await pending(empty_database.owner, "post", folder=folder) == ("0002_post_narrow.sql",)
    assert await migrate(empty_database.owner, "post", folder=folder) == ("0002_post_narrow.sql",)


@pytest.mark.parametrize(("half", "first"), [("pre", "post"), ("post", "pre")])
async def test_no_half_passes_over_an_earlier_one(empty_database, folder, half, first):
    with pytest.raises(MigrationRefused, match=f"'{first}' half first"):
        await migrate(empty_database.owner, half, folder=folder)
    assert await pending(empty_database.owner, folder=folder) == tuple(FILES)


async def test_a_failing_file_leaves_nothing_and_what_ran_before_it_stays(empty_database, folder):
    (folder / "0002_post_narrow.sql").write_text("CREATE TABLE half_done (n int); SELECT 1/0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_database.owner, folder=folder)
    assert await run(empty_database.owner, "SELECT to_regclass('half_done') AS it") == [(None,)]
    assert await pending(empty_database.owner, folder=folder) == tuple(FILES)[1:]


async def test_a_file_that_ran_and_changed_is_refused(empty_database, folder):
    await migrate(empty_database.owner, folder=folder)
    (folder / "0001_pre_start.sql").write_text("CREATE TABLE other (n int)")
    for look in (migrate, pending):
        with pytest.raises(MigrationRefused, match="was changed after it had run"):
            await look(empty_database.owner, folder=folder)


async def test_old_code_goes_on_beside_a_newer_schema(empty_database, folder):
    await migrate(empty_database.owner, folder=folder)
    (folder / "0003_pre_grant.sql").unlink()
    assert await pending(empty_database.owner, folder=folder) == ()


async def test_two_at_once_run_each_file_once(empty_database, folder):
    ran = await asyncio.gather(*(migrate(empty_database.owner, folder=folder) for _ in range(3)))
    assert sorted(ran) == [(), (), tuple(FILES)]


async def test_waiting_for_another_migration_has_an_end(empty_database, folder):
    connection = await asyncpg.connect(empty_database.owner.reveal())
    try:
        lock = int.from_bytes(b"pouchmig", "big")
        await connection.execute(f"SELECT pg_advisory_lock({lock})")
        with pytest.raises(MigrationRefused, match="still running"):
            await migrate(empty_database.owner, folder=folder, patience=timedelta(milliseconds=20))
    finally:
        await connection.close()


async def test_the_app_reads_what_has_run_and_cannot_write_it(empty_database, folder):
    await migrate(empty_database.owner, folder=folder)
    assert await pending(empty_database.app, folder=folder) == ()
    for sql in ("DELETE FROM pouch_migration", "INSERT INTO pouch_migration VALUES ('x', '')"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(empty_database.app, sql)


async def test_the_gateways_own_migrations_have_run_in_every_copy(database):
    assert await pending(database.app) == ()
