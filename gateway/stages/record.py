"""Record: one transaction of message, exchange, documents, ledger entry, receipt and legs; then the receipt may leave.

Rules: the receipt is signed before the commit and stored in it, so that a repeat gets the same bytes; a new access
code of the office is sealed here and shown to nobody before the counterpart has confirmed.
"""

import hashlib
import time
from dataclasses import dataclass, replace
from typing import Final

from gateway.core.commitment import personal_values
from gateway.core.document import Role, digest_of_list
from gateway.core.entry import Entry
from gateway.core.reason import Deferred, Reason
from gateway.core.receipt import Receipt
from gateway.core.request import Confirmation, Hold, Inquiry, Notice, Request, Resend, Retrieval
from gateway.core.secret import Secret
from gateway.core.transmission import Obtained
from gateway.ports import Append, MessageRow, Stops
from gateway.stages.examine import facts_of
from gateway.stages.line import Line
from gateway.stages.validate import Repeated, Valid, repeated
from gateway.wire.operations import operation_of
from gateway.wire.receipt import render_receipt

__all__ = ["Recorded", "record"]

#: Without those that clerks mistake for each other: 0 and O, 1 and I, 8 and B (das.md 5: "took B for 8").
_CODE_LETTERS: Final = "2345679ACDEFGHJKLMNPQRSTUVWXYZ"
_CODE_LENGTH: Final = 4

#: These carry an access code: it would be the only unknown of their message's digest (office-practice.md).
_WITH_CODE = (Retrieval, Inquiry)

#: These have no evidence worth keeping: they bring nothing and promise nothing.
_WITHOUT_EVIDENCE = (Confirmation, Notice, Resend, Hold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What is committed: the receipt as stored, the exchange, and the ids of the legs that were planned with it."""

    receipt: bytes
    exchange_id: str | None
    legs: tuple[str, ...] = ()


async def record(valid: Valid, line: Line) -> Recorded | Repeated:
    """Write a valid request. A message that came before answers with its receipt; see ports.Journal for errors."""
    request, effect, head = valid.request, valid.effect, valid.request.head
    exchange = effect.exchange
    version = exchange.version if exchange else 1
    documents = tuple(replace(document, version=version) for document in valid.unpacked.documents)
    evidence = await _evidence(valid, line)
    entry = line.entry(
        hosted=head.hosted,
        exchange_id=effect.exchange_id,
        step=effect.step,
        actor=head.sender,
        digests={
            **_digest_of_message(valid, evidence),
            **({"documents": digest_of_list(d.listed for d in documents)} if documents else {}),
        },
        personal={"payload": valid.digest, **_unsigned_message(valid), **personal_values(request)},
    )
    receipt = _receipt(request, valid, entry, line)
    change = Append(
        hosted=head.hosted,
        entry=entry,
        message=MessageRow(
            hosted=head.hosted,
            sender=head.sender,
            message_id=head.message_id,
            operation=_operation(request),
            digest=valid.digest,
            receipt=receipt,
            evidence=evidence,
        ),
        exchange=exchange,
        documents=documents,
        decisions=effect.decisions,
        facts=facts_of(valid.reports, entry.at),
        access_code=_access_code(valid, line),
        legs=tuple((line.new_id(), leg) for leg in effect.legs),
        wakes=await _wakes(valid, line),
        confirms=effect.confirms,
        stops=_stops(request),
    )
    appended = await line.journal.append(change)
    # a receipt names an entry of its own: our own bytes mean that our commit's answer was lost, not that we came late
    if not appended.fresh and appended.receipt != receipt:
        known = await line.records.message(head.hosted, head.sender, head.message_id)
        if known is None:  # a receipt that was never committed must not leave
            raise Deferred(Reason.DATABASE_UNAVAILABLE)
        return repeated(known, valid.digest)
    if isinstance(request, Hold) and request.lift and exchange is not None:
        await line.guesses.forgive(head.hosted, exchange.application)  # a person has decided
    line.meter.accepted(head.hosted, type(request).__name__)
    return Recorded(
        receipt=receipt,
        exchange_id=effect.exchange_id,
        legs=tuple(transmission_id for transmission_id, _ in change.legs),
    )


def _operation(request: Request) -> str:
    """The contract's name of what was asked; what only REST or DAS has is named by its request."""
    try:
        return operation_of(request).value
    except KeyError:
        return type(request).__name__


def _receipt(request: Request, valid: Valid, entry: Entry, line: Line) -> bytes:
    exchange, log = valid.effect.exchange, line.log_of(request.head.hosted)
    receipt = Receipt(
        issuer=request.head.hosted,
        sender=request.head.sender,
        message_id=request.head.message_id,
        operation=_operation(request),
        exchange_id=valid.effect.exchange_id,
        state=exchange.state if exchange else None,
        received_at=entry.at,
        payload_sha256=valid.digest,
        documents=tuple(document.listed for document in valid.unpacked.documents),
        log_origin=log.origin,
        entry_id=entry.entry_id,
        leaf_hash=entry.leaf_hash,
        unwitnessed=log.suspended,
    )
    started = time.perf_counter()
    signed = line.signers[request.head.hosted].sign_document(render_receipt(receipt))
    line.meter.receipt_signed(time.perf_counter() - started)
    return signed


def _digest_of_message(valid: Valid, evidence: Obtained | None) -> dict[str, str]:
    """The message as it came, signed; or, where it carries an access code, as it was sealed: neither can be guessed."""
    authentic = valid.unpacked.authentic
    if not isinstance(valid.request, _WITH_CODE):
        return {"message": hashlib.sha256(authentic.evidence).hexdigest()} if authentic.is_signed else {}
    if evidence is None:
        return {}
    stored = evidence.stored
    # the address of a sealed file is its digest
    return {"sealed-message": hashlib.sha256(stored.inline).hexdigest() if stored.inline else str(stored.address)}


def _unsigned_message(valid: Valid) -> dict[str, bytes]:
    """The digest of a message without signature: who knows most of what it says could find the rest by trying."""
    authentic = valid.unpacked.authentic
    if authentic.is_signed or isinstance(valid.request, _WITH_CODE):
        return {}
    return {"message": hashlib.sha256(authentic.evidence).digest()}


async def _evidence(valid: Valid, line: Line) -> Obtained | None:
    """Seal the raw message, as it was signed, under a key of its own."""
    if isinstance(valid.request, _WITHOUT_EVIDENCE):
        return None
    raw = valid.unpacked.authentic.evidence
    spool = line.documents.spool(
        document_id=line.new_id(),
        name="message",
        role=Role.SUPPLEMENT,
        media_type="application/octet-stream",
        limit=len(raw),
    )
    await spool.write(raw)
    return await spool.finish()


def _access_code(valid: Valid, line: Line) -> bytes | None:
    code = valid.effect.keeps_code
    if valid.effect.makes_code:
        code = Secret(_new_code(line))
    if code is None or valid.effect.exchange_id is None:
        return None
    return line.sealing.seal_secret(code, owner=valid.effect.exchange_id)


def _new_code(line: Line) -> str:
    """Draw letters without bias: bytes that do not divide evenly are thrown away."""
    letters = _CODE_LETTERS
    fair = 256 - 256 % len(letters)
    code = ""
    while len(code) < _CODE_LENGTH:
        code += "".join(letters[byte % len(letters)] for byte in line.randomness.take(16) if byte < fair)
    return code[:_CODE_LENGTH]


async def _wakes(valid: Valid, line: Line) -> tuple[str, ...]:
    request = valid.request
    if isinstance(request, Notice):
        waiting = await line.records.waiting_for(request.head.hosted, request.head.sender, request.acknowledgement_id)
        return (waiting,) if waiting else ()
    return valid.effect.wakes


def _stops(request: Request) -> Stops | None:
    if isinstance(request, Hold) and request.exchange_id is None:
        return Stops(exchange_id=None, lift=request.lift, explanation=request.explanation)
    return None
