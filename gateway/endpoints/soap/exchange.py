"""POST /soap/exchange: an envelope comes in, its operation is done, a signed envelope goes out.

Rules:
- The order is that of trust: media type, root part, XML, envelope, signature, and only then what the signed Body says.
- Small envelopes are worked on where they come; XML work that would hold up everybody else goes to a thread.
"""

from dataclasses import replace
from typing import Any

from aiohttp import web

from gateway.core.reason import Reason, Refused
from gateway.core.request import Read, Request
from gateway.endpoints.middleware import Visit
from gateway.endpoints.offloading import work_on
from gateway.endpoints.soap.operations import answer_question, answer_written
from gateway.endpoints.soap.voice import VERSION
from gateway.stages.authenticate import Asked, authenticate_envelope
from gateway.stages.receive import receive
from gateway.wire import xml
from gateway.wire.media import read_soap_media
from gateway.wire.mtom import renamed
from gateway.wire.operations import operation_of
from gateway.wire.soap_documents import part_names
from gateway.wire.soap_envelope import operation_in, read_envelope, version_of_media
from gateway.wire.soap_requests import read_request

__all__ = ["post_exchange"]


async def post_exchange(visit: Visit) -> web.StreamResponse:
    """Answer one SOAP request."""
    request, line, limits = visit.request, visit.door.line, visit.door.limits.mime
    # 1. how it comes
    content_type = request.headers.get("Content-Type", "")
    media = read_soap_media(content_type, request.headers.get("SOAPAction"))
    request[VERSION] = version_of_media(media)
    # 2. the root part, whole
    body = visit.body(limit=limits.total if media.multipart else limits.root)
    arrival = await receive(visit.encounter, content_type, body, limits=limits, line=line)
    # 3. XML, envelope, operation
    root = await work_on(len(arrival.root), lambda: xml.parse(arrival.root))
    envelope = read_envelope(root, media)
    request[VERSION] = envelope.version
    # 4. who says it, and what the signed Body says; toolkits may name parts as they like
    names: dict[str, str] = {}
    if arrival.parts is not None:
        arrival = replace(arrival, parts=renamed(arrival.parts, names))

    def read(signed: Any) -> Request | Read:
        operation = operation_in(signed)
        asked = read_request(operation)
        names.update(part_names(operation))
        if operation_of(asked) is not envelope.operation:
            raise Refused(Reason.SOAP_ACTION)
        return asked

    proven = await work_on(len(arrival.root), lambda: authenticate_envelope(arrival, root, read, line))
    # 5. what it asks for
    if isinstance(proven, Asked):
        visit.admit(proven.question.head.sender)
        return await answer_question(visit, envelope.version, proven.question)
    return await answer_written(visit, envelope.version, proven)
