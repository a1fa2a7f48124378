"""What the database can suffer, told in the words of the Reason table."""

import socket

import asyncpg
import pytest

from gateway.core.reason import Deferred, Overtaken, Reason, Refused
from gateway.store.guard import guarded


@pytest.mark.parametrize(
    "suffered",
    [
        asyncpg.AdminShutdownError("x"),
        asyncpg.CannotConnectNowError("x"),
        asyncpg.ConnectionDoesNotExistError("x"),
        asyncpg.DeadlockDetectedError("x"),
        asyncpg.DiskFullError("x"),
        asyncpg.InterfaceError("x"),
        asyncpg.InternalClientError("x"),
        asyncpg.LockNotAvailableError("x"),
        asyncpg.PostgresSystemError("x"),
        asyncpg.QueryCanceledError("x"),
        asyncpg.ReadOnlySQLTransactionError("x"),
        asyncpg.SerializationError("x"),
        asyncpg.TooManyConnectionsError("x"),
        ConnectionRefusedError(),
        ConnectionResetError(),
        TimeoutError(),
        socket.gaierror(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_passes_is_waited_for(suffered):
    with pytest.raises(Deferred) as deferred, guarded():
        raise suffered
    assert deferred.value.reason is Reason.DATABASE_UNAVAILABLE
    assert str(deferred.value) == str(Reason.DATABASE_UNAVAILABLE), "nothing of the server's words"


@pytest.mark.parametrize(
    "bug",
    [
        asyncpg.UniqueViolationError("x"),
        asyncpg.UndefinedTableError("x"),
        asyncpg.InsufficientPrivilegeError("x"),
        ValueError("x"),
        Refused(Reason.ALREADY_DEPOSITED),
        Deferred(Reason.LEASE_LOST),
        Overtaken(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_does_not_pass_stays_what_it_is(bug):
    with pytest.raises(type(bug)) as raised, guarded():
        raise bug
    assert raised.value is bug


def test_a_value_that_does_not_fit_is_no_trouble_of_the_database():
    """As asyncpg tells of it: an InterfaceError that is a ValueError, for example for a malformed uuid."""

    class DoesNotFit(asyncpg.InterfaceError, ValueError):
        pass

    with pytest.raises(DoesNotFit), guarded():
        raise DoesNotFit("x")
