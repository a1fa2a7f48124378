"""What the database can suffer, told in the words of the Reason table."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg

from gateway.core.reason import Deferred, Reason

__all__ = ["guarded"]


#: Lost, starting, stopping, full, overloaded, read-only after a fail-over, or not to be found by its name.
_SUFFERED: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.LockNotAvailableError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    OSError,
)


@contextmanager
def guarded() -> Iterator[None]:
    """Turn a lost, starting, full or overloaded database into Deferred(DATABASE_UNAVAILABLE).

    The commit's outcome may be unknown: the sender repeats with the same message id and gets the same receipt.
    A value that does not fit its column is a bug of ours and stays what it is: no patience helps.
    """
    try:
        yield
    except _SUFFERED as error:
        if isinstance(error, ValueError):
            raise
        raise Deferred(Reason.DATABASE_UNAVAILABLE) from error
