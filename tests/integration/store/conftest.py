"""Embedded clusters to break: one as the product makes it, and copies of a stopped one, since copying is quick."""

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager

import asyncpg
import pytest

from gateway.store.embedded import EmbeddedPostgres

HASTY = {"fsync": "off"}

#: A launcher as a process of its own: starts the cluster, says so, and waits for the end of its input.
LAUNCHER = """
import asyncio, sys
from pathlib import Path
from gateway.store.embedded import EmbeddedPostgres

async def main():
    async with EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"}):
        print("started", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@pytest.fixture(scope="session")
def embedded():
    """Make an EmbeddedPostgres on a folder, hasty unless settings are given."""
    return lambda folder, **changes: EmbeddedPostgres(folder, **({"settings": HASTY} | changes))


@pytest.fixture(scope="session")
def ask():
    """Ask a database for one value, over a connection of its own."""

    async def once(dsn, sql, *arguments):
        connection = await asyncpg.connect(dsn.reveal())
        try:
            return await connection.fetchval(sql, *arguments)
        finally:
            await connection.close()

    return once


@pytest.fixture(scope="session")
async def as_made(tmp_path_factory):
    """A running cluster with the settings the product gives it: its folder and addresses."""
    folder = tmp_path_factory.mktemp("as made") / "below" / "postgres"
    async with EmbeddedPostgres(folder) as dsns:
        yield folder, dsns


@pytest.fixture(scope="session")
async def stopped(tmp_path_factory, embedded, ask):
    """A stopped cluster with one row in it, to copy."""
    folder = tmp_path_factory.mktemp("stopped") / "postgres"
    async with embedded(folder) as dsns:
        await ask(dsns.owner, "CREATE TABLE kept (n int)")
        await ask(dsns.owner, "INSERT INTO kept VALUES (7)")
    return folder


@pytest.fixture
async def folder(stopped, tmp_path, embedded):
    """A stopped cluster of one's own; whatever a test leaves running is stopped after it."""
    copy = tmp_path / "postgres"
    copy_cluster(stopped, copy)
    yield copy
    await embedded(copy).stop("immediate")


@pytest.fixture(scope="session")
def copy_cluster_to(stopped):
    """Copy the stopped cluster to another place."""
    return lambda place: copy_cluster(stopped, place)


def copy_cluster(stopped, place):
    subprocess.run(["cp", "-a", str(stopped), str(place)], check=True)


@pytest.fixture(scope="session")
def server_process():
    """Read a running server's process number."""
    return lambda folder: int((folder / "cluster" / "postmaster.pid").read_text().split()[0])


@pytest.fixture(scope="session")
def launcher():
    """Start a cluster from another process; it is killed at the end, its server is not."""

    @asynccontextmanager
    async def launch(folder, *, until_started=True):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", LAUNCHER, str(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            assert not until_started or await process.stdout.readline() == b"started\n"
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    return launch


@pytest.fixture(scope="session")
def as_root():
    """Skip what only root can do, or what root does otherwise."""
    if os.geteuid() != 0:
        pytest.skip("only root has to become somebody else")
