"""A real PostgreSQL for integration tests: one server a session, one database a test.

The server is the embedded one, or the one whose superuser's address POUCH_TEST_DSN gives (Debian's 15 in CI). The
migrations run once, into a template; each test gets a copy of it and the copy is dropped afterwards. Workers of
pytest-xdist share server and template.

    async def test_something(database):
        connection = await asyncpg.connect(database.app.reveal())
"""

import contextlib
import hashlib
import os
import secrets
from dataclasses import dataclass

import asyncpg
import pytest

from gateway.core.secret import Secret
from gateway.store.embedded import EmbeddedPostgres
from gateway.store.migrate import MIGRATIONS, list_migrations, migrate
from gateway.store.roles import OWNER, Dsns, Passwords, dsn_for, prepare_database

#: A crash loses nothing that a test would miss.
HASTY = {"fsync": "off", "full_page_writes": "off", "max_connections": "120"}

#: For a server that is given: roles belong to the whole server, so that every worker must name the same passwords.
GIVEN = Passwords(superuser=Secret("not used"), owner=Secret("pouch-tests"), app=Secret("pouch-tests"))


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """The session's server: addresses of its `postgres` database, and the template to copy."""

    dsns: Dsns
    template: str

    def at(self, database: str) -> Dsns:
        """Give the addresses of one of its databases."""
        return Dsns(
            superuser=dsn_for(self.dsns.superuser, database=database),
            owner=dsn_for(self.dsns.owner, database=database),
            app=dsn_for(self.dsns.app, database=database),
        )


@pytest.fixture(scope="session")
async def pg(tmp_path_factory):
    """The session's server."""
    given = os.environ.get("POUCH_TEST_DSN")
    if given:
        dsns = await prepare_database(Secret(given), database="pouch_tests", passwords=GIVEN)
        yield await with_template(dsns)
        return
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # each worker has its own below one that all share
    async with EmbeddedPostgres(folder / "pg", settings=HASTY) as dsns:
        yield await with_template(dsns)


@pytest.fixture
async def empty_database(pg):
    """A database without any table, and the addresses of both its roles."""
    async with copy_of(pg, "template0") as dsns:
        yield dsns


@pytest.fixture
async def database(pg):
    """A migrated database for one test: `database.owner` and `database.app` are its addresses, as Secrets."""
    async with copy_of(pg, pg.template) as dsns:
        yield dsns


@pytest.fixture
async def other_database(pg):
    """Another of the kind, for a second gateway."""
    async with copy_of(pg, pg.template) as dsns:
        yield dsns


async def with_template(dsns):
    """Migrate a template, unless another worker, or an earlier session on a given server, has made the same one."""
    server = PostgresServer(dsns=dsns, template=f"pouch_template_{fingerprint_of_migrations()}")
    async with superuser_of(server) as connection:
        await connection.execute("SELECT pg_advisory_lock(hashtext('pouch tests'))")  # ends with the connection
        if await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", server.template):
            return server
        growing = f"pouch_growing_{secrets.token_hex(4)}"
        await connection.execute(f"CREATE DATABASE {growing} OWNER {OWNER} TEMPLATE template0")
        await migrate(server.at(growing).owner)
        await connection.execute(f"ALTER DATABASE {growing} RENAME TO {server.template}")
    return server


@contextlib.asynccontextmanager
async def copy_of(server, template):
    name = f"pouch_test_{secrets.token_hex(6)}"
    async with superuser_of(server) as connection:
        await connection.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield server.at(name)
        finally:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.asynccontextmanager
async def superuser_of(server):
    connection = await asyncpg.connect(server.at("postgres").superuser.reveal())
    try:
        yield connection
    finally:
        await connection.close()


def fingerprint_of_migrations():
    digests = b"".join(migration.sha256 for migration in list_migrations(MIGRATIONS))
    return hashlib.sha256(digests).hexdigest()[:16]
