"""Tidying an embedded database at once, as its server does by itself in time: for measurements after a mass of rows."""

from datetime import timedelta
from typing import Final

from gateway.app.opening import CannotOpen
from gateway.settings import Settings
from gateway.store.embedded import EmbeddedPostgres, EmbeddedRefused
from gateway.store.named_queries import load_queries
from gateway.store.pool import DatabaseUnavailable, connect

__all__ = ["tidy_tables"]

_PATIENCE: Final = timedelta(minutes=10)


async def tidy_tables(settings: Settings) -> None:
    """Vacuum and analyse the tables that exchanges fill, as their owner; CannotOpen."""
    try:
        async with EmbeddedPostgres(settings.gateway.storage / "postgres") as dsns:
            connection = await connect(dsns.owner, application="pouch tidy", statement_timeout=_PATIENCE)
            try:
                await connection.execute(load_queries()["bench_tidy"])
            finally:
                await connection.close()
    except (EmbeddedRefused, DatabaseUnavailable, OSError) as error:
        raise CannotOpen(str(error)) from None
