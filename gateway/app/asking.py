"""Asking: what a command reads of a gateway's database, whether the gateway runs or not."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from gateway.app.opening import CannotOpen, open_database
from gateway.core.office import OfficeCode
from gateway.settings import Settings, SettingsError
from gateway.store.named_queries import load_queries
from gateway.store.pool import DatabaseUnavailable, Pool, open_pool

__all__ = ["asked_database", "chosen_office"]


@asynccontextmanager
async def asked_database(settings: Settings) -> AsyncIterator[tuple[Pool, Mapping[str, str]]]:
    """Open the database for a command; CannotOpen."""
    async with open_database(settings) as dsn:
        try:
            pool = await open_pool(dsn, application="pouch asking", smallest=1, largest=2)
        except DatabaseUnavailable as error:
            raise CannotOpen(str(error)) from None
        try:
            yield pool, load_queries()
        finally:
            await pool.close()


def chosen_office(settings: Settings, office: str | None) -> OfficeCode:
    """The hosted office that was named, the first one without a name; SettingsError if it is not hosted here."""
    hosted = [item.code for item in settings.hosted]
    if office is not None and office not in hosted:
        raise SettingsError(f"{office} is not hosted here")
    return OfficeCode(office or hosted[0])
