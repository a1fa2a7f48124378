"""Roles and databases: made once, safe to repeat, and no more rights than named."""

import asyncio
import secrets
from urllib.parse import unquote, urlsplit

import asyncpg
import pytest

from gateway.core.secret import Secret
from gateway.store.roles import Passwords, prepare_database


async def ask(dsn, sql, *arguments):
    connection = await asyncpg.connect(dsn.reveal())
    try:
        return await connection.fetchval(sql, *arguments)
    finally:
        await connection.close()


@pytest.fixture
async def prepared(pg):
    """A fresh database of the session's server, prepared twice at once."""
    superuser = pg.at("postgres").superuser
    name = f'pouch "{secrets.token_hex(4)}"'
    same = await asyncio.gather(*(prepare_database(superuser, database=name, passwords=passwords_of(pg)) for _ in "ab"))
    yield same[0]
    await ask(superuser, f'DROP DATABASE "{name.replace(chr(34), chr(34) * 2)}" WITH (FORCE)')


def passwords_of(pg):
    owner, app = (Secret(unquote(urlsplit(dsn.reveal()).password)) for dsn in (pg.dsns.owner, pg.dsns.app))
    return Passwords(superuser=Secret("not used"), owner=owner, app=app)


async def test_both_roles_reach_the_database_as_themselves(prepared):
    assert await ask(prepared.owner, "SELECT current_user") == "pouch_owner"
    assert await ask(prepared.app, "SELECT current_user") == "pouch_app"
    assert await ask(prepared.app, "SHOW server_encoding") == "UTF8"


async def test_the_owner_makes_tables_and_the_app_does_not(prepared):
    await ask(prepared.owner, "CREATE TABLE owned (n int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(prepared.app, "CREATE TABLE taken (n int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(prepared.app, "SELECT count(*) FROM owned")


@pytest.mark.parametrize("role", ["owner", "app"])
async def test_neither_role_rules_the_server(prepared, role):
    powers = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls FROM pg_roles"
    assert await ask(getattr(prepared, role), f"{powers} WHERE rolname = current_user") is False
