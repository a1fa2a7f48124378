"""Pool: connections to PostgreSQL as the gateway wants them, opened with patience while the server starts."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias, TypeVar

import asyncpg

from gateway.core.secret import Secret

__all__ = ["DatabaseUnavailable", "Pool", "connect", "open_pool"]

_Opened = TypeVar("_Opened")

_RETRY_SECONDS: Final = 0.1
_CONNECT_SECONDS: Final = 10.0
#: The server is starting, stopping, recovering, out of places, or not there yet.
_NOT_YET: Final = (
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.OperatorInterventionError,
    OSError,
    TimeoutError,
)


#: A pool of connections, as the rest of the gateway names it.
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


class DatabaseUnavailable(Exception):
    """The database did not answer in time; the text holds no address and no password."""


def _settings(application: str, statement_timeout: timedelta) -> dict[str, str]:
    """What every session starts with, sent with the connection's first packet rather than by a statement."""
    milliseconds = str(int(statement_timeout.total_seconds() * 1000))
    return {
        "application_name": application[:63],
        "timezone": "UTC",
        "synchronous_commit": "on",  # durable before answered, whatever the server's default
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,
        "default_transaction_isolation": "read committed",
        "jit": "off",  # statements are short; planning them twice as long gains nothing
    }


async def open_pool(
    dsn: Secret,
    *,
    application: str,
    smallest: int = 2,
    largest: int = 10,
    statement_timeout: timedelta = timedelta(seconds=30),
    patience: timedelta = timedelta(seconds=30),
) -> "asyncpg.Pool[asyncpg.Record]":
    """Open a pool of `smallest` to `largest` connections, trying for `patience` while the server starts.

    Nothing of a session is reset between two uses, which saves a round trip for each: statements change no session
    setting, take no session lock and listen to nothing (LISTEN and the ledger's lock have connections of their own).
    A transaction left open is still rolled back. Raises DatabaseUnavailable; a wrong password or database at once.
    """

    async def attempt() -> "asyncpg.Pool[asyncpg.Record]":
        pool = asyncpg.create_pool(
            dsn.reveal(),
            min_size=smallest,
            max_size=largest,
            timeout=_CONNECT_SECONDS,
            reset=_keep_session,
            max_cached_statement_lifetime=0,
            server_settings=_settings(application, statement_timeout),
        )
        try:
            return await pool
        except BaseException:
            pool.terminate()
            raise

    return await _patiently(attempt, patience)


async def connect(
    dsn: Secret,
    *,
    application: str,
    statement_timeout: timedelta = timedelta(seconds=30),
    patience: timedelta = timedelta(seconds=30),
) -> "asyncpg.Connection[asyncpg.Record]":
    """Open one direct connection, for LISTEN or a session lock; else as `open_pool`."""

    async def attempt() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(
            dsn.reveal(), timeout=_CONNECT_SECONDS, server_settings=_settings(application, statement_timeout)
        )

    return await _patiently(attempt, patience)


async def _keep_session(_connection: Any) -> None:
    """Do nothing where asyncpg would send a reset; see `open_pool`."""


async def _patiently(attempt: Callable[[], Awaitable[_Opened]], patience: timedelta) -> _Opened:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience.total_seconds()
    while True:
        try:
            return await attempt()
        except _NOT_YET as error:
            if loop.time() + _RETRY_SECONDS > deadline:
                raise DatabaseUnavailable(f"the database does not answer ({type(error).__name__})") from None
        await asyncio.sleep(_RETRY_SECONDS)
