"""Forget: erase an exchange, and write the entry that says so.

Rules: what is destroyed is destroyed in one transaction with the entry; leaves stay as they are, so that every proof
holds and only what they committed to cannot be opened any more.
"""

from dataclasses import dataclass

from gateway.core.exchange import Exchange, Step
from gateway.core.office import OfficeCode
from gateway.core.reason import Reason, Refused
from gateway.core.retention import ENDED, check_forgettable
from gateway.ports import Forget
from gateway.stages.line import Line

__all__ = ["Forgotten", "forget", "look_before_forgetting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was erased: how many documents of how many versions, and the entry that says so."""

    exchange: Exchange
    documents: int
    entry_id: str


async def look_before_forgetting(hosted: OfficeCode, exchange_id: str, line: Line, *, force: bool) -> Exchange:
    """Give the exchange that would be erased; Refused with EXCHANGE_UNKNOWN or why it may not be forgotten."""
    view = await line.records.view(hosted, exchange_id)
    if view is None:
        raise Refused(Reason.EXCHANGE_UNKNOWN)
    check_forgettable(view, force=force)
    return view.exchange


async def forget(hosted: OfficeCode, exchange_id: str, line: Line, *, basis: str, force: bool = False) -> Forgotten:
    """Erase an exchange on a basis (a retention rule, an order); Refused as above.

    Raises Overtaken if it was changed meanwhile: look again and repeat.
    """
    view = await line.records.view(hosted, exchange_id)
    if view is None:
        raise Refused(Reason.EXCHANGE_UNKNOWN)
    check_forgettable(view, force=force)
    exchange = view.exchange
    entry = line.entry(
        hosted=hosted,
        exchange_id=exchange_id,
        step=Step.FORGOTTEN,
        actor=hosted,
        outcome="done" if exchange.state in ENDED else f"while {exchange.state.value}",
        personal={"basis": basis.encode()},
    )
    await line.journal.forget(Forget(entry=entry, exchange_id=exchange_id, revision=exchange.revision, basis=basis))
    return Forgotten(exchange=exchange, documents=len(view.documents), entry_id=entry.entry_id)
