"""Acknowledge: write what became of an attempt, in one append: entry, exchange, documents, notification, queue item."""

from gateway.core.document import digest_of_list
from gateway.core.reason import Reason
from gateway.core.settlement import Settlement, settle
from gateway.core.transmission import Delivered, Ended, Pending, Transmission
from gateway.core.view import ExchangeView
from gateway.ports import Append
from gateway.stages.examine import facts_of, look_into
from gateway.stages.line import Line
from gateway.stages.notify import notification_row

__all__ = ["acknowledge"]


async def acknowledge(
    transmission: Transmission, outcome: Delivered | Pending | Ended, view: ExchangeView, line: Line
) -> Settlement | None:
    """Write the end of an attempt under its fence; None if the counterpart is still at work and nothing is new.

    Overtaken if the exchange has changed since `view` was read: read again and repeat.
    """
    at = line.clock.now()
    if isinstance(outcome, Pending) and not outcome.facts:
        await line.outbox.postpone(transmission, until=at + outcome.delay)
        return None
    settlement = settle(transmission, outcome, view, at=at)
    exchange = settlement.exchange or view.exchange
    entry = line.entry(
        hosted=exchange.hosted,
        exchange_id=exchange.exchange_id,
        step=settlement.step,
        actor=transmission.leg.counterpart,
        outcome=settlement.outcome,
        digests={"documents": digest_of_list(d.listed for d in settlement.documents)} if settlement.documents else None,
    )
    reports = await look_into(settlement.documents, exchange.application, line)
    event, reason = settlement.event, settlement.reason
    notifications = (notification_row(event, exchange, entry, line, reason=reason),) if event else ()
    await line.journal.append(
        Append(
            hosted=exchange.hosted,
            entry=entry,
            exchange=settlement.exchange,
            documents=settlement.documents,
            facts=(*settlement.facts, *facts_of(reports, at)),
            legs=tuple((line.new_id(), leg) for leg in settlement.legs),
            notifications=notifications,
            settles=(transmission, outcome),
        )
    )
    if reason is Reason.ACCESS_CODE_MISMATCH:
        await line.guesses.count(exchange.hosted, exchange.terms["owner"], exchange.application)
        line.meter.wrong_access_code(exchange.hosted, "rest")
    return settlement
