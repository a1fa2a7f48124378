"""Authenticate: whose message is this, proven before anything in it is used.

Rules: what is read is only what the signature covered; the root part is verified before any attachment is read; the
office is the certificate's, and the message must name the same.
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from gateway.core.office import OfficeCode
from gateway.core.reason import Reason, Refused
from gateway.core.request import Head, Inquiry, Notice, Read, Request
from gateway.core.secret import Secret
from gateway.ports import Signature
from gateway.stages.line import Line
from gateway.stages.receive import Arrival
from gateway.wire.jws import attach_payload
from gateway.wire.mtom import IncomingPart

__all__ = ["Asked", "Authentic", "authenticate_call", "authenticate_caller", "authenticate_envelope"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentic:
    """A request of a proven sender. `evidence` is the root part as it came, `parts` what is still to be read.

    `is_signed`: the evidence holds a signature of the sender, which nobody else can make or guess.

    Where a detached JWS came with the root part, `evidence` is both as one compact JWS: neither proves anything alone.
    """

    request: Request
    evidence: bytes
    parts: AsyncGenerator[IncomingPart, None] | None
    is_signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question of a proven sender: nothing is changed by it but, for a fetch, the ledger."""

    question: Read


def authenticate_envelope(
    arrival: Arrival, envelope: Any, read: Callable[[Any], Request | Read], line: Line
) -> Authentic | Asked:
    """Verify a SOAP envelope (WS-Security X.509) and read the operation in the Body that was covered.

    Refused with a Reason of family 2, or what `read` refuses.
    """
    signature, body = line.verifier.verify_envelope(envelope, line.clock.now())
    arrival.encounter.office = signature.office
    return _named(arrival, read(body), signature, arrival.root, line, is_signed=True)


def authenticate_call(
    arrival: Arrival,
    token: Secret,
    proof: str | None,
    read: Callable[[bytes], Request | Read],
    line: Line,
    *,
    scope: str,
    proof_needed: bool,
) -> Authentic | Asked:
    """Verify a REST call: its access token, and the detached JWS over the root part where content must be proven."""
    at = line.clock.now()
    signature = line.verifier.verify_token(token, at)
    arrival.encounter.office = signature.office
    if scope not in signature.scopes:
        raise Refused(Reason.SCOPE_MISSING)
    if proof is not None:
        signer = line.verifier.verify_detached(proof, arrival.root, at)
        if signer.office != signature.office:
            raise Refused(Reason.SENDER_MISMATCH)
    elif proof_needed:
        raise Refused(Reason.SIGNATURE_MISSING)
    evidence = arrival.root if proof is None else attach_payload(proof, arrival.root)
    return _named(arrival, read(arrival.root), signature, evidence, line, is_signed=proof is not None)


async def authenticate_caller(
    arrival: Arrival, token: Secret, read: Callable[[bytes, Head], Inquiry | Notice], line: Line
) -> Authentic:
    """Verify a counterpart at our DAS-shaped door: its own server's bearer token (das.md 1.2, option 1).

    DAS has no message ids: each call is a message of its own.
    """
    hosted, signature = await line.verifier.verify_caller(token, line.clock.now())
    arrival.encounter.office = signature.office
    arrival.encounter.hosted = hosted
    head = Head(message_id=line.new_id(), sender=signature.office, hosted=hosted)
    return Authentic(request=read(arrival.root, head), evidence=arrival.root, parts=None)


def _named(
    arrival: Arrival, request: Request | Read, signature: Signature, evidence: bytes, line: Line, *, is_signed: bool
) -> Authentic | Asked:
    head = request.head
    if head.sender != signature.office:
        raise Refused(Reason.SENDER_MISMATCH)
    _check_entitled(head.sender, head.hosted, line)
    arrival.encounter.hosted = head.hosted
    arrival.encounter.exchange_id = getattr(request, "exchange_id", None)
    if isinstance(request, Read):
        return Asked(question=request)
    return Authentic(request=request, evidence=evidence, parts=arrival.parts, is_signed=is_signed)


def _check_entitled(sender: OfficeCode, hosted: OfficeCode, line: Line) -> None:
    if hosted not in line.signers:
        raise Refused(Reason.OFFICE_UNKNOWN)
    if hosted not in line.senders().get(sender, frozenset()):
        raise Refused(Reason.NOT_ENTITLED)
