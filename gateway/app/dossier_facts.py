"""What a dossier says of an exchange in words and ids, and what a reader may look for in it and not find.

Rules: facts as they are recorded; no secret is among them, and what an adapter notes for itself is nobody's business.
"""

from gateway.app.dossier_log import LogEvidence
from gateway.core.exchange import Party
from gateway.core.office import BUREAU
from gateway.core.view import ExchangeView
from gateway.wire.dossier_contents import ApplicationFacts, ExchangeFacts, Missing, TransmissionFacts

__all__ = ["exchange_facts", "missing_of", "transmission_facts"]


def exchange_facts(view: ExchangeView) -> ExchangeFacts:
    """The exchange as it stands."""
    exchange, application = view.exchange, view.exchange.application
    return ExchangeFacts(
        exchange_id=exchange.exchange_id,
        office=exchange.hosted,
        party=exchange.party,
        kind=exchange.kind,
        application=ApplicationFacts(
            office=application.office,
            right=application.right,
            number=application.number,
            filing_date=application.filing_date,
        ),
        state=exchange.state,
        version=exchange.version,
        publication=exchange.publication,
        created_at=exchange.created_at,
    )


def transmission_facts(view: ExchangeView) -> tuple[TransmissionFacts, ...]:
    """The hops, with the counterparts' own ids of our requests; what else an adapter noted stays here."""
    return tuple(
        TransmissionFacts(
            transmission_id=each.transmission_id,
            counterpart=each.leg.counterpart,
            adapter=each.leg.adapter,
            task=each.leg.task,
            version=each.leg.version,
            agreement=each.leg.agreement,
            state=each.state,
            attempts=each.attempts,
            reason=each.reason,
            acknowledgement_ids=tuple(
                value for name, value in sorted(each.leg.progress.items()) if name.startswith("acknowledgement")
            ),
        )
        for each in view.transmissions
    )


def missing_of(view: ExchangeView, log: LogEvidence, *, with_documents: bool, with_lists: bool) -> list[Missing]:
    """What a reader may look for and not find, beside what was found missing on the way."""
    missing = list(log.missing)
    if not with_documents and view.documents:
        why = "a dossier has their digests only, unless it is made for a named recipient"
        missing.append(Missing(what="the documents themselves", why=why))
    if not any(head.cosignatures for head in log.log.checkpoints):
        why = "no witness has cosigned a checkpoint of these entries; that the ledger had them rests on its own word"
        missing.append(Missing(what="cosignatures of witnesses", why=why))
    if not any(head.time_stamps for head in log.log.checkpoints):
        why = "no authority has stamped a checkpoint of these entries; the times are those of the gateway's clock"
        missing.append(Missing(what="time-stamps", why=why))
    if not with_lists:
        why = "none was in use for the senders of these messages; their certificates were pinned one by one"
        missing.append(Missing(what="revocation lists", why=why))
    counterparts = {each.leg.counterpart for each in view.transmissions}
    if BUREAU in counterparts:
        why = "the Bureau signs no receipts and keeps no log that others can read: its own ids of our requests are told"
        missing.append(Missing(what="signed receipts of the Bureau", why=why))
        if view.exchange.party is Party.DEPOSITING:
            why = "no call of the Bureau's tells it to the depositing office"
            missing.append(Missing(what="who has fetched the document from the Bureau", why=why))
    return missing
