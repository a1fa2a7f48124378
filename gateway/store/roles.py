"""Roles: the two roles of a gateway's database, and the database they share.

`pouch_owner` owns the schema and runs migrations; `pouch_app` serves, with the rights the migrations grant and no more.
"""

import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

import asyncpg

from gateway.core.secret import Secret

__all__ = ["APP", "OWNER", "Dsns", "Passwords", "dsn_for", "new_passwords", "prepare_database"]

OWNER: Final = "pouch_owner"
APP: Final = "pouch_app"

_LOCK: Final = int.from_bytes(b"pouchrol", "big")
_CONNECT_SECONDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """One password per role."""

    superuser: Secret
    owner: Secret
    app: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Dsns:
    """Where a database is, as each role reaches it: `superuser` for backups, `owner` to migrate, `app` to serve."""

    superuser: Secret
    owner: Secret
    app: Secret


def new_passwords() -> Passwords:
    """Make three passwords of 256 bits."""
    superuser, owner, app = (Secret(secrets.token_urlsafe(32)) for _ in range(3))
    return Passwords(superuser=superuser, owner=owner, app=app)


def dsn_for(server: Secret, *, database: str, user: str | None = None, password: Secret | None = None) -> Secret:
    """Change a postgresql:// address to another database of the same server, and to another role if one is given."""
    parts = urlsplit(server.reveal())
    who, at, place = parts.netloc.rpartition("@")
    if user is not None and password is not None:
        who, at = f"{quote(user, safe='')}:{quote(password.reveal(), safe='')}", "@"
    query = f"?{parts.query}" if parts.query else ""
    # Written out, since urlunsplit drops the empty host of "postgresql:///name?host=/run/postgresql".
    return Secret(f"{parts.scheme}://{who}{at}{place}/{quote(database, safe='')}{query}")


async def prepare_database(superuser: Secret, *, database: str, passwords: Passwords) -> Dsns:
    """Make both roles and the database where they are missing; safe to repeat and to run twice at once.

    `superuser` is the address of the server's own `postgres` database. Roles that exist keep their passwords.
    Raises asyncpg.PostgresError, OSError.
    """
    dsns = Dsns(
        superuser=dsn_for(superuser, database=database),
        owner=dsn_for(superuser, database=database, user=OWNER, password=passwords.owner),
        app=dsn_for(superuser, database=database, user=APP, password=passwords.app),
    )
    # A statement that fails is logged with its text, and this text would hold a password.
    settings = {"log_min_error_statement": "panic", "log_statement": "none"}
    connection = await asyncpg.connect(superuser.reveal(), timeout=_CONNECT_SECONDS, server_settings=settings)
    try:
        await connection.execute(f"SELECT pg_advisory_lock({_LOCK})")  # ends with the connection
        for role, password in ((OWNER, passwords.owner), (APP, passwords.app)):
            if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
                create = await connection.fetchval(
                    "SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)", role, password.reveal()
                )
                await connection.execute(create)
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            name = await connection.fetchval("SELECT quote_ident($1)", database)
            await connection.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8'")
        await connection.execute(
            await connection.fetchval(
                "SELECT format('REVOKE ALL ON DATABASE %1$I FROM PUBLIC; GRANT CONNECT ON DATABASE %1$I TO %2$I',"
                " $1::text, $2::text)",
                database,
                APP,
            )
        )
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)
    return dsns
