"""The daily export: files written once that verify as they stand, of every log, and never of another than before."""

import asyncio
import errno
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from ledger_filling import fill
from log_house import open_house

from gateway.app.daily_export import DailyExport, exported_head
from gateway.evidence.sources import FolderSource
from gateway.evidence.verifying import verify_log
from gateway.store.export_folder import write_once
from monitoring.metrics import EXPORT_CAUSES
from pki.note_keys import parse_vkey
from pki.verdict import Indication

ROOT = Path(__file__).parents[3]
NIGHT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


class Exported:
    """A gateway whose logs are exported into `folder`, with a clock to be set."""

    def __init__(self, house, folder):
        self.house, self.folder, self.now = house, folder, NIGHT
        self.export = self.anew()

    def anew(self):
        """As a process that has just started and takes the duty over."""
        export = DailyExport(self.house.gateway)
        export._duty._holder = "this test"
        return export

    async def look(self):
        await self.export.look(self.folder)

    async def grow(self, count, start):
        await fill(self.house.dsn, count, start=start)
        await self.house.order()

    async def verify(self, hosted="xa", exact=True):
        vkey = (self.house.folder / "keys" / "ledger.vkey").read_text()
        origin = "xa.pouch.example/ledger"
        return await verify_log(FolderSource(self.folder / hosted), [parse_vkey(vkey)], origin=origin, exact=exact)

    def metric(self, name, **labels):
        return self.house.gateway.meter.registry.get_sample_value(f"pouch_ledger_export_{name}", labels)

    def failures(self, cause):
        assert cause in EXPORT_CAUSES
        return self.metric("failures_total", office="XA", cause=cause)


class Clock:
    """The house's clock, as its test sets it."""

    def __init__(self, owner):
        self._owner = owner

    def now(self):
        return self._owner.now


@pytest.fixture
async def exported(database, tmp_path):
    folder = tmp_path / "write-once"
    folder.mkdir()
    async with open_house(
        tmp_path / "xa", database.app, ledger={"export": {"folder": str(folder), "hour": 2}}
    ) as house:
        opened = Exported(house, folder)
        object.__setattr__(house.gateway.line, "clock", Clock(opened))
        await opened.grow(300, 0)
        yield opened


async def test_the_first_export_is_at_once_and_verifies_as_it_stands(exported):
    exported.now = NIGHT.replace(hour=1)
    await exported.look()
    verdict = await exported.verify()
    assert verdict.holds and verdict.size == 300
    files = [path for path in (exported.folder / "xa").rglob("*") if path.is_file()]
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in files) and len(files) == 7
    assert exported.metric("age_seconds", office="XA") == 0


async def test_each_day_after_the_hour_it_grows_and_nothing_is_written_twice(exported):
    await exported.look()
    before = {path: path.stat().st_mtime_ns for path in exported.folder.rglob("*") if path.is_file()}
    await exported.grow(300, 300)
    exported.now = NIGHT + timedelta(hours=22)  # the next day, before the hour
    await exported.look()
    assert exported_head(exported.folder, "XA")[0] == 300
    exported.now = NIGHT + timedelta(hours=24)
    await exported.look()
    verdict = await exported.verify()
    assert verdict.holds and verdict.size == 600
    assert {path: path.stat().st_mtime_ns for path in before} == before
    newest = await exported.house.gateway.ledger.newest("XA")
    assert exported_head(exported.folder, "XA") == (600, newest.root)
    assert sorted(path.name for path in (exported.folder / "xa" / "days").iterdir()) == [
        "2026-11-24.json",
        "2026-11-25.json",
    ]


async def test_every_hosted_office_has_its_folder(exported):
    await fill(exported.house.dsn, 4, hosted="XB")
    await exported.house.order()
    await exported.look()
    assert exported_head(exported.folder, "XB")[0] == 4
    assert exported_head(exported.folder, "XC") is None


async def test_a_flipped_byte_of_an_export_is_found(exported):
    await exported.look()
    for path in (exported.folder / "xa").rglob("*"):
        if path.is_file() and "days" not in path.parts:
            whole = path.read_bytes()
            path.chmod(0o644)
            path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
            assert not (await exported.verify()).holds, path
            path.write_bytes(whole)
            path.chmod(0o444)
    assert (await exported.verify()).holds


@pytest.mark.parametrize(("number", "cause"), [(errno.ENOSPC, "no-room"), (errno.EROFS, "unwritable")])
async def test_a_full_disk_is_counted_and_the_export_is_finished_later(exported, monkeypatch, number, cause):
    writes = 0

    def failing(path, content):  # of the first log
        nonlocal writes
        writes += exported.folder / "xa" in path.parents
        if writes == 4:
            path.with_name(f".{path.name}.part").write_bytes(content[:10])
            raise OSError(number, os.strerror(number))
        write_once(path, content)

    monkeypatch.setattr("gateway.store.export_folder.write_once", failing)
    await exported.look()
    assert exported.failures(cause) == 1 and exported_head(exported.folder, "XA") is None
    await exported.look()
    assert writes == 4  # not at once again
    exported.now += timedelta(minutes=16)
    await exported.look()
    assert (await exported.verify()).size == 300 and exported.failures(cause) == 1
    assert not list(exported.folder.rglob(".*"))


async def test_a_folder_that_is_not_there_is_told_and_not_made(exported):
    exported.folder.rmdir()
    await exported.look()
    assert exported.failures("unwritable") == 1 and not exported.folder.exists()
    exported.now += timedelta(days=3)
    await exported.look()
    assert exported.metric("age_seconds", office="XA") > 0


async def test_a_log_that_is_less_than_what_was_exported_is_not_exported(exported, database):
    await exported.look()
    files = sorted((exported.folder / "xa").rglob("*"))
    connection = await asyncpg.connect(database.superuser.reveal())
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("DELETE FROM ledger_checkpoint WHERE hosted = 'XA'")
    await connection.execute("DELETE FROM ledger_head")
    await connection.execute(
        "INSERT INTO ledger_checkpoint (hosted, size, root, note, created_at) VALUES ('XA', 2, $1, $2, now())",
        b"r" * 32,
        b"xa.pouch.example/ledger\n2\n" + b"cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=\n\n\xe2\x80\x94 x AAAA\n",
    )
    await connection.close()
    exported.now += timedelta(days=1)
    await exported.look()
    assert exported.failures("shorter") == 1 and sorted((exported.folder / "xa").rglob("*")) == files


async def test_a_log_that_is_another_than_what_was_exported_is_not_exported(exported, database):
    await exported.look()
    files = sorted((exported.folder / "xa").rglob("*"))
    connection = await asyncpg.connect(database.superuser.reveal())
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(
        "UPDATE ledger_tile SET hashes = sha256(hashes) || substr(hashes, 33), root = sha256(root)"
    )
    await connection.close()
    exported.now += timedelta(days=1)
    await exported.look()
    assert exported.failures("forked") == 1 and sorted((exported.folder / "xa").rglob("*")) == files


async def test_a_log_begun_anew_gets_a_folder_of_its_own(exported):
    other = exported.folder / "xa"
    other.mkdir()
    root = b"cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI="
    write_once(other / "checkpoint.9999", b"xa.pouch.example/former\n9999\n" + root + b"\n\n\xe2\x80\x94 x AAAAAAAA\n")
    await exported.look()
    assert exported_head(exported.folder, "XA")[0] == 300
    assert exported_head(exported.folder, "XA", "xa.pouch.example/former")[0] == 9999
    assert (await exported.verify("xa-2")).holds


async def test_only_one_process_exports(exported):
    other = DailyExport(exported.house.gateway)
    await exported.look()
    exported.now += timedelta(days=1)
    await other.look(exported.folder)
    assert len(list((exported.folder / "xa" / "days").iterdir())) == 1


async def test_a_checkpoint_taken_out_of_the_folder_is_missed(exported):
    await exported.look()
    await exported.grow(300, 300)
    exported.now += timedelta(days=1)
    await exported.look()
    (exported.folder / "xa" / "checkpoint.600").unlink()
    verdict = await exported.verify()
    assert not verdict.holds and verdict.place == "checkpoint"


async def test_what_a_process_left_behind_is_finished_first_though_the_log_has_grown(exported, monkeypatch):
    """Otherwise its partial tiles would stay for ever, and no checkpoint would imply them."""
    written = []

    def deadly(path, content):
        if exported.folder / "xa" in path.parents and len(written) == 5:
            raise OSError(errno.EIO, "died")
        written.append(path)
        write_once(path, content)

    with monkeypatch.context() as patched:
        patched.setattr("gateway.store.export_folder.write_once", deadly)
        await exported.look()
    assert any(".p" in path.parent.name for path in written) and not list(exported.folder.glob("xa/checkpoint.*"))
    await exported.grow(150, 300)
    exported.now += timedelta(minutes=16)
    exported.export = exported.anew()
    await exported.look()
    verdict = await exported.verify()
    assert verdict.holds and verdict.size == 450
    assert sorted(path.name for path in exported.folder.glob("xa/checkpoint.*")) == ["checkpoint.300", "checkpoint.450"]
    assert not list(exported.folder.glob(".*"))


#: Exports once as a process of its own, and kills itself (SIGKILL) in the middle of writing its n-th file.
VICTIM = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from gateway.app.daily_export import export_day
from gateway.core.secret import Secret
from gateway.store import export_folder
from gateway.store.ledger_read import PostgresLedger
from gateway.store.named_queries import load_queries
from gateway.store.pool import open_pool
from gateway.store.stamps import PostgresStamps

left = int(sys.argv[2])

def deadly(temporary, path):
    global left
    left -= 1
    if left < 0:
        os.truncate(temporary, 7)
        os.kill(os.getpid(), signal.SIGKILL)
    os.link(temporary, path)
    temporary.unlink()

export_folder._publish = deadly

async def main():
    pool = await open_pool(Secret(os.environ["VICTIM_DSN"]), application="victim", smallest=1, largest=2)
    queries = load_queries()
    place = export_folder.ExportFolder(Path(sys.argv[1]))
    await export_day(PostgresLedger(pool, queries), PostgresStamps(pool, queries), "XA", place, datetime.now(UTC))

asyncio.run(main())
"""


async def test_killed_at_any_file_it_ends_as_if_nothing_had_been(exported):
    for files in (0, 1, 2, 3, 4):
        victim = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", VICTIM, str(exported.folder / "xa"), str(files)),
            cwd=ROOT,
            env={**os.environ, "VICTIM_DSN": exported.house.dsn.reveal()},
        )
        assert await victim.wait() == -signal.SIGKILL
        assert (await exported.verify(exact=False)).indication is not Indication.FAILED
        await exported.grow(10, 300 + 10 * files)
    await exported.look()
    verdict = await exported.verify()
    assert verdict.holds and verdict.size == 350
    assert not list(exported.folder.rglob(".*"))
