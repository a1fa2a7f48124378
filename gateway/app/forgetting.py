"""Forgetting an exchange from the operator's desk: directly on the database, beside a gateway that runs or not."""

from collections.abc import Callable

from gateway.app.opening import open_database, open_gateway
from gateway.core.exchange import Exchange
from gateway.core.office import OfficeCode
from gateway.core.reason import Overtaken, Reason, Refused
from gateway.settings import Settings
from gateway.stages.forget import Forgotten, forget, look_before_forgetting
from gateway.stages.line import Line

__all__ = ["forget_exchange"]


async def forget_exchange(
    settings: Settings, exchange_id: str, *, basis: str, force: bool, agree: Callable[[Exchange], bool]
) -> Forgotten | None:
    """Erase an exchange of any hosted office, once `agree` has seen which; None if it did not agree.

    Raises Refused (EXCHANGE_UNKNOWN, or why it may not be forgotten), SettingsError, CannotOpen,
    Deferred(DATABASE_UNAVAILABLE).
    """
    async with open_database(settings) as dsn, open_gateway(settings, dsn) as gateway:
        hosted = await _home(exchange_id, gateway.line)
        exchange = await look_before_forgetting(hosted, exchange_id, gateway.line, force=force)
        if not agree(exchange):
            return None
        while True:
            try:
                return await forget(hosted, exchange_id, gateway.line, basis=basis, force=force)
            except Overtaken:
                continue


async def _home(exchange_id: str, line: Line) -> OfficeCode:
    for hosted in line.signers:
        if await line.records.exchange(hosted, exchange_id) is not None:
            return hosted
    raise Refused(Reason.EXCHANGE_UNKNOWN)
