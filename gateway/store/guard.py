"""What the database can suffer, told in the words of the Reason table."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from gateway.core.reason import Deferred, Reason

__all__ = ["guarded"]


@contextmanager
def guarded() -> Iterator[None]:
    """Turn a lost, starting, full or overloaded database into Deferred(DATABASE_UNAVAILABLE).

    The commit's outcome may be unknown: the sender repeats with the same message id and gets the same receipt.
    """
    try:
        yield
    except (
        asyncpg.PostgresConnectionError,
        asyncpg.InterfaceError,
        asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError,
        asyncpg.SerializationError,
        asyncpg.DeadlockDetectedError,
        ConnectionError,
        TimeoutError,
    ) as error:
        raise Deferred(Reason.DATABASE_UNAVAILABLE) from error
