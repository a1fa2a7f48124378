"""The journal: one append per state change, whole or not at all; appends that wait together share a commit.

Rules: all that an append writes is in `journal_append_v1` and, beside it in the same statement, the salts of its
commitments; forgetting is `exchange_forget_v1`. Nothing else changes exchanges, documents, transmissions or the
ledger, but the lease, the progress and the counters of a running transmission (outbox.py).
"""

from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import msgspec

from gateway.core.document import Document
from gateway.core.exchange import Exchange
from gateway.core.instant import rfc3339
from gateway.core.reason import Deferred, Overtaken, Reason, Refused
from gateway.core.transmission import Delivered, Ended, Pending, Transmission, TransmissionState
from gateway.ports import Append, Appended, Forget
from gateway.store.batches import Batches
from gateway.store.guard import guarded
from gateway.store.pool import Pool

__all__ = ["PostgresJournal"]

_EXCHANGE_CHANGED: Final = "PX001"
_LEASE_LOST: Final = "PX002"
_BEING_WITHDRAWN: Final = "PX003"


class PostgresJournal:
    """Journal on PostgreSQL (ports.Journal)."""

    def __init__(self, pool: Pool, queries: Mapping[str, str]) -> None:
        self._pool = pool
        self._appends = Batches(pool, queries["append"])
        self._forget = queries["forget_exchange"]

    async def append(self, change: Append) -> Appended:
        """Write `change` whole or not at all; see ports.Journal for the errors."""
        arguments = _arguments(change)
        with guarded():
            try:
                row = await self._appends.run(arguments)
            except asyncpg.UniqueViolationError as error:
                if error.constraint_name == "exchange_deposited_once":
                    raise Refused(Reason.ALREADY_DEPOSITED) from None
                if error.constraint_name == "ledger_entry_pkey":
                    # this very append was committed, and the answer to it lost with the connection
                    return Appended(fresh=True, receipt=None, digest=None)
                raise
            except asyncpg.PostgresError as error:
                if error.sqlstate == _EXCHANGE_CHANGED:
                    raise Overtaken from None
                if error.sqlstate == _LEASE_LOST:
                    raise Deferred(Reason.LEASE_LOST) from None
                if error.sqlstate == _BEING_WITHDRAWN:
                    raise Deferred(Reason.BEING_WITHDRAWN) from None
                raise
        return Appended(fresh=row["fresh"], receipt=row["receipt"], digest=row["digest"])

    async def forget(self, change: Forget) -> None:
        """Erase an exchange with its entry; see ports.Forget for what is destroyed, ports.Journal for the errors."""
        entry = change.entry
        with guarded():
            try:
                await self._pool.execute(
                    self._forget,
                    entry.hosted,
                    entry.at,
                    entry.entry_id,
                    entry.leaf,
                    entry.leaf_hash,
                    [each.name for each in entry.commitments],
                    [each.salt for each in entry.commitments],
                    change.exchange_id,
                    change.revision,
                    change.basis,
                )
            except asyncpg.PostgresError as error:
                if error.sqlstate == _EXCHANGE_CHANGED:
                    raise Overtaken from None
                raise


def _arguments(change: Append) -> tuple[Any, ...]:
    entry, message = change.entry, change.message
    evidence = message.evidence.stored if message and message.evidence else None
    return (
        change.hosted,
        entry.at,
        entry.entry_id,
        entry.step.value,
        entry.leaf,
        entry.leaf_hash,
        entry.exchange_id,
        message.sender if message else None,
        message.message_id if message else None,
        message.operation if message else None,
        message.digest if message else None,
        message.receipt if message else None,
        evidence.document_id if evidence else None,
        evidence.wrapped_key if evidence else None,
        evidence.inline if evidence else None,
        evidence.address if evidence else None,
        _json(_exchange(change.exchange)) if change.exchange else None,
        change.access_code,
        _json([_document(n, document) for n, document in enumerate(change.documents, 1)]) if change.documents else None,
        [document.stored.wrapped_key for document in change.documents],
        [document.stored.inline for document in change.documents],
        [document.listed.sha256 for document in change.documents],
        _json(rest) if (rest := _rest(change)) else None,
        [each.name for each in entry.commitments] or None,
        [each.salt for each in entry.commitments] or None,
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _exchange(exchange: Exchange) -> dict[str, object]:
    application = exchange.application
    return {
        "party": exchange.party.value,
        "kind": exchange.kind.value,
        "office": application.office,
        "right": application.right.value,
        "number": application.number,
        "normal": application.normal,
        "filing_date": application.filing_date.isoformat(),
        "state": exchange.state.value,
        "version": exchange.version,
        "revision": exchange.revision,
        "on_hold": exchange.on_hold,
        "publication": exchange.publication.value,
        "terms": exchange.terms,
    }


def _document(position: int, document: Document) -> dict[str, object]:
    listed = document.listed
    certification = listed.certification
    return {
        "n": position,
        "version": document.version,
        "content_id": listed.content_id,
        "document_id": document.stored.document_id,
        "size": listed.size,
        "role": listed.role.value,
        "media_type": listed.media_type,
        "language": listed.language,
        "certification": None
        if certification is None
        else {
            "certified_by": certification.certified_by,
            "form": certification.form.value,
            "certified_on": certification.certified_on.isoformat(),
            "filing_date_certified": certification.filing_date_certified,
        },
        "address": document.stored.address,
    }


def _rest(change: Append) -> dict[str, object]:
    """What most messages do not write; empty members are left out, so that the database does not look at them."""
    rest: dict[str, object] = {
        "decisions": [
            {
                "condition": d.condition.value,
                "outcome": d.outcome.value,
                "by": d.by,
                "basis": d.basis,
                "decided_at": rfc3339(d.decided_at),
            }
            for d in change.decisions
        ],
        "facts": [{"name": f.name.value, "at": rfc3339(f.at), "value": f.value} for f in change.facts],
        "legs": [
            {
                "transmission_id": transmission_id,
                "counterpart": leg.counterpart,
                "adapter": leg.adapter,
                "task": leg.task.value,
                "version": leg.version,
                "agreement": leg.agreement,
                "due_at": rfc3339(leg.due_at),
                "progress": leg.progress,
            }
            for transmission_id, leg in change.legs
        ],
        "notifications": [
            {
                "notification_id": n.notification_id,
                "addressee": n.addressee,
                "event": n.event,
                "content": n.content.decode(),
            }
            for n in change.notifications
        ],
        "wakes": list(change.wakes),
        "confirms": change.confirms,
        "settles": _settlement(*change.settles, change) if change.settles else None,
    }
    if change.stops:
        rest["resume" if change.stops.lift else "stop"] = {"explanation": change.stops.explanation}
    return {name: value for name, value in rest.items() if value}


def _settlement(transmission: Transmission, outcome: Delivered | Pending | Ended, change: Append) -> dict[str, object]:
    row: dict[str, object] = {
        "transmission_id": transmission.transmission_id,
        "fence": transmission.fence,
        "attempts": 0,
        "state": TransmissionState.READY.value,
    }
    match outcome:
        case Delivered():
            row["state"] = TransmissionState.DONE.value
        case Pending(delay=delay):
            row["due_at"] = rfc3339(change.entry.at + delay)
        case Ended(reason=reason, state=state, again_at=again_at):
            row["state"] = state.value
            row["reason"] = reason.code
            row["attempts"] = transmission.attempts + 1
            row["due_at"] = rfc3339(again_at) if again_at else None
    return row
