"""The embedded PostgreSQL in odd places, and run by an ordinary user."""

import asyncio
import os
import subprocess
import sys
import tempfile

import pytest

from gateway.store import embedded_cluster
from gateway.store.embedded_cluster import ClusterFolder
from gateway.store.embedded_install import EmbeddedRefused, install_programs, reaches, run_as

#: A launcher that becomes nobody after its imports, since the interpreter may lie where only root reaches it.
AS_NOBODY = """
import asyncio, json, os, sys
import concurrent.futures.thread, encodings.idna
from pathlib import Path
import asyncpg
from gateway.store.embedded import EmbeddedPostgres

async def main():
    async with EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"}) as dsns:
        connection = await asyncpg.connect(dsns.superuser.reveal())
        print(json.dumps([os.getuid(), await connection.fetchval("SHOW data_directory")]))
        await connection.close()

os.setgroups([])
os.setgid(int(sys.argv[3]))
os.setuid(int(sys.argv[2]))
asyncio.run(main())
"""


@pytest.mark.parametrize("name", ['with "quotes" and $(spaces), commas', "long" * 30])
async def test_odd_and_long_paths(copy_cluster_to, tmp_path, embedded, ask, name):
    copy_cluster_to(tmp_path / name)
    async with embedded(tmp_path / name) as dsns:
        assert await ask(dsns.owner, "SELECT sum(n) FROM kept") == 7
        assert socket_of(tmp_path / name).is_dir()
    assert socket_of(tmp_path / name).parent == tmp_path / name or not socket_of(tmp_path / name).exists()


async def test_a_long_path_has_one_socket_whatever_the_temporary_folder(
    copy_cluster_to, tmp_path, embedded, ask, launcher, monkeypatch
):
    """As when the service and a person's shell have another TMPDIR, here one that is too long itself, and mode 0700."""
    folder, temporary = tmp_path / ("long" * 30), tmp_path / ("temporary" * 20)
    temporary.mkdir(mode=0o700)
    copy_cluster_to(folder)
    async with launcher(folder):
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        async with embedded(folder) as dsns:
            assert await ask(dsns.owner, "SELECT sum(n) FROM kept") == 7
    await embedded(folder).stop("immediate")
    assert not socket_of(folder).exists() and not list(temporary.iterdir())


async def test_where_no_folder_has_room_for_a_socket_it_says_so(tmp_path, embedded, monkeypatch):
    monkeypatch.setattr(embedded_cluster, "_TEMPORARY", ())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("temporary" * 20)))
    with pytest.raises(EmbeddedRefused, match=r"too long for a socket.*choose a shorter gateway\.storage"):
        await embedded(tmp_path / ("long" * 30)).start()
    assert list(tmp_path.iterdir()) == []


def socket_of(folder):
    """Where the socket of a cluster is."""
    return ClusterFolder(folder=folder, runner=run_as(None)).socket


@pytest.fixture
def nobodys_folder(as_root):
    """A folder that nobody owns and reaches, which pytest's own are not."""
    runner = run_as("nobody")
    made = subprocess.run(["mktemp", "-d", "/var/tmp/pouch-test-XXXXXX"], check=True, capture_output=True, text=True)
    folder = made.stdout.strip()
    os.chown(folder, runner.uid, runner.gid)
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


async def test_an_ordinary_user_runs_it_in_place(nobodys_folder):
    runner = run_as("nobody")
    in_place = install_programs(run_as_itself(runner))
    if not reaches(runner, in_place):
        pytest.skip(f"nobody cannot reach {in_place}")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", AS_NOBODY, f"{nobodys_folder}/postgres", str(runner.uid), str(runner.gid)),
        stdout=subprocess.PIPE,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0
    assert told.decode() == f'[{runner.uid}, "{nobodys_folder}/postgres/cluster"]\n'


def run_as_itself(runner):
    return type(runner)(name=runner.name, uid=runner.uid, gid=runner.gid, switch=False)
