"""How every REST call begins: who it is, whether it may, and what it says; and how a written one is answered.

Rules:
- A bearer token says who calls; it proves no content. What changes a document's fate carries a detached JWS over the
  exact bytes of its JSON, by the office's signing certificate; where that is optional it is verified if it is there.
- A question names the office it asks (`receiver`) only where its caller may ask several.
- A query parameter that is not known, or comes twice, is refused: a misspelt one must not be lost.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from gateway.core.office import OfficeCode
from gateway.core.reason import Reason, Refused
from gateway.core.request import Head, Read, Request
from gateway.endpoints.bearer import bearer_of
from gateway.endpoints.middleware import Visit
from gateway.endpoints.offloading import work_on
from gateway.endpoints.rest.voice import API, SIGNATURE, answer
from gateway.stages.authenticate import Asked, Authentic, authenticate_call
from gateway.stages.receive import Arrival, receive
from gateway.wire.media import parse_media_type
from gateway.wire.multipart import MimeLimits
from gateway.wire.replies import written
from gateway.wire.rest_render import JSON, render_json
from gateway.wire.rest_requests import read_head

__all__ = ["EXCHANGE", "IDENTIFIER", "OPERATE", "SMALL", "Ask", "answer_written", "ask", "exchange_named", "tell"]

#: Scopes of access tokens: for everything, and for a person's holds and resends.
EXCHANGE: Final = "exchange"
OPERATE: Final = "operate"

#: Limits of a body without documents.
SMALL: Final = MimeLimits(total=64 * 1024, root=64 * 1024)

#: An id that the gateway gave out.
IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_DOCUMENTS: Final = frozenset({"multipart/related", "multipart/form-data"})
_RECEIVER: Final = "receiver"


async def tell(
    visit: Visit,
    read: Callable[[bytes, str | None], Request],
    *,
    scope: str = EXCHANGE,
    proof_needed: bool = False,
    limits: MimeLimits = SMALL,
) -> Authentic:
    """Take a call that brings something; `read` gets its JSON and its Idempotency-Key. `limits` above SMALL allow
    documents as parts after the JSON."""
    request, line = visit.request, visit.door.line
    content_type = request.headers.get("Content-Type", "")
    media = parse_media_type(content_type)
    if media.name != JSON and not (media.name in _DOCUMENTS and limits is not SMALL):
        raise Refused(Reason.UNSUPPORTED_MEDIA_TYPE, "Content-Type")
    token, proof, key = bearer_of(request), _one(request, SIGNATURE), _idempotency_key(request)
    body = visit.body(limit=limits.root if media.name == JSON else limits.total)
    arrival = await receive(visit.encounter, content_type, body, limits=limits, line=line)
    if parse_media_type(arrival.content_type).name != JSON:
        raise Refused(Reason.UNSUPPORTED_MEDIA_TYPE, "Content-Type")
    proven = await work_on(
        len(arrival.root),
        lambda: authenticate_call(
            arrival, token, proof, lambda root: read(root, key), line, scope=scope, proof_needed=proof_needed
        ),
    )
    if not isinstance(proven, Authentic):
        raise TypeError("a call that brings something was read as a question")
    return proven


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question's head, and its query parameters without the receiver."""

    head: Head
    query: Mapping[str, str]


async def ask(visit: Visit, read: Callable[[Ask], Read], *, known: frozenset[str] = frozenset()) -> Read:
    """Take a call that only asks. `known` names its query parameters besides the receiver."""
    request, line = visit.request, visit.door.line
    token, proof, key = bearer_of(request), _one(request, SIGNATURE), _idempotency_key(request)
    query = _query(request, known | {_RECEIVER})
    # a nearly full disk refuses no question, so there is nothing to receive
    arrival = Arrival(encounter=visit.encounter, content_type="", root=b"", parts=None, received_at=line.clock.now())

    def question(root: bytes) -> Read:
        sender = visit.encounter.office
        if sender is None:
            raise TypeError("a question is read when its sender is proven")
        receiver = query.get(_RECEIVER) or _only_receiver(sender, visit)
        return read(Ask(head=read_head(key or line.new_id(), sender, receiver), query=query))

    proven = authenticate_call(arrival, token, proof, question, line, scope=EXCHANGE, proof_needed=False)
    if not isinstance(proven, Asked):
        raise TypeError("a question was read as something else")
    visit.admit(proven.question.head.sender)
    return proven.question


def exchange_named(visit: Visit) -> str:
    """The exchange that the address of a question names; Refused(EXCHANGE_UNKNOWN) if it cannot be one."""
    exchange_id = visit.request.match_info["exchange"]
    if not IDENTIFIER.fullmatch(exchange_id):
        raise Refused(Reason.EXCHANGE_UNKNOWN)
    return exchange_id


async def answer_written(visit: Visit, authentic: Authentic, *, created: bool = False) -> web.StreamResponse:
    """Send a request down the line and answer with its receipt; what is created has an address."""
    accepted = await visit.accept(authentic)
    headers = {}
    if created and accepted.exchange_id:
        headers["Location"] = f"{visit.door.public_url}{API}/exchanges/{accepted.exchange_id}"
    body = render_json(written(accepted.receipt))
    hosted = authentic.request.head.hosted
    return answer(body, hosted, visit.door, status=201 if created else 200, headers=headers)


def _one(request: web.Request, name: str) -> str | None:
    found = request.headers.getall(name, [])
    if len(found) > 1:
        raise Refused(Reason.SIGNATURE_MULTIPLE, name)
    return found[0] if found else None


def _idempotency_key(request: web.Request) -> str | None:
    """The key, with or without the quotation marks of a structured field (RFC 8941, 3.3.3)."""
    found = request.headers.getall("Idempotency-Key", [])
    if len(found) > 1:
        raise Refused(Reason.SCHEMA_VIOLATION, "Idempotency-Key")
    if not found:
        return None
    key = found[0].strip()
    return key[1:-1] if len(key) >= 2 and key[0] == key[-1] == '"' else key


def _query(request: web.Request, known: frozenset[str]) -> Mapping[str, str]:
    query = request.query
    for name in query:
        if name not in known or len(query.getall(name)) > 1:
            raise Refused(Reason.SCHEMA_VIOLATION, "query")
    return dict(query)


def _only_receiver(sender: OfficeCode, visit: Visit) -> str:
    """The hosted office of a caller that may ask only one, or that is hosted itself."""
    entitled = visit.door.line.senders().get(sender, frozenset())
    if sender in entitled:
        return sender
    if len(entitled) != 1:
        raise Refused(Reason.OFFICE_UNKNOWN, _RECEIVER)
    return next(iter(entitled))
