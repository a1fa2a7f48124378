"""The calls a counterpart makes at the DAS-shaped door: a request for a document, and a notification (das.md 1.3).

Rules: no call brings more than a small JSON body; whose it is says its bearer token; which hosted office is meant
says the agreement behind that token.
"""

from collections.abc import Callable
from datetime import date
from typing import Final

from aiohttp import web

from gateway.core.office import Application, OfficeCode, Right
from gateway.core.reason import Reason, Refused
from gateway.core.request import Head, Inquiry, Notice
from gateway.endpoints.bearer import bearer_of
from gateway.endpoints.middleware import Visit
from gateway.stages.authenticate import Authentic, authenticate_caller
from gateway.stages.receive import receive
from gateway.stages.record import Recorded
from gateway.stages.refuse import refuse
from gateway.wire.das import KINDS, Acknowledgement, Body, Notification, RetrievalRequest, decode, encode
from gateway.wire.media import parse_media_type
from gateway.wire.multipart import MimeLimits

__all__ = ["answer", "application_of", "called", "post_notification", "post_retrieval"]

#: Bytes of a call; those of the reference are a tenth of it.
_LIMITS: Final = MimeLimits(total=16 * 1024, root=16 * 1024)
_RIGHTS: Final = {spelling: right for right, spelling in KINDS.items()}


async def called(visit: Visit, read: Callable[[bytes, Head], Inquiry | Notice]) -> Authentic:
    """Receive a call and find out whose it is."""
    content_type = visit.request.headers.get("Content-Type", "")
    if parse_media_type(content_type).name != "application/json":
        raise Refused(Reason.UNSUPPORTED_MEDIA_TYPE, "Content-Type")
    token = bearer_of(visit.request)
    line = visit.door.line
    body = visit.body(limit=_LIMITS.total)
    arrival = await receive(visit.encounter, content_type, body, limits=_LIMITS, line=line)
    return await authenticate_caller(arrival, token, read, line)


def answer(body: Body, *, status: int = 200) -> web.Response:
    """Write an answer."""
    return web.Response(status=status, body=encode(body), headers={"Content-Type": "application/json"})


def application_of(hosted: OfficeCode, kind: str, number: str, filing_date: date) -> Application:
    """The application that a call names: one of the hosted office's own; Refused(NOT_REGISTERED) for another kind."""
    right: Right | None = _RIGHTS.get(kind.lower())
    if right is None:
        raise Refused(Reason.NOT_REGISTERED, "documentKindCategory")
    return Application(office=hosted, right=right, number=number, normal=number, filing_date=filing_date)


async def post_retrieval(visit: Visit) -> web.StreamResponse:
    """Call 12, Bureau to office: take note of the question and acknowledge it; the answer is a notification."""
    authentic = await called(visit, _read_inquiry)
    recorded = await visit.accept(authentic)
    if not isinstance(recorded, Recorded):  # each call has an id of its own, so none can be a repeat
        raise TypeError("a call of DAS was taken for a repeat")
    return answer(Acknowledgement(request_ack_id=recorded.legs[0]), status=201)


def _read_inquiry(body: bytes, head: Head) -> Inquiry:
    asked = decode(body, RetrievalRequest)
    return Inquiry(
        head=head,
        application=application_of(
            head.hosted, asked.document_kind_category, asked.document_number, asked.document_date
        ),
        access_code=asked.das_access_code,
    )


async def post_notification(visit: Visit) -> web.StreamResponse:
    """Call 14, Bureau to office: something we asked for can be looked at. 204, also if we wait for nothing there.

    It is told nothing about what we know; that it called in vain is recorded.
    """
    authentic = await called(visit, _read_notice)
    try:
        await visit.accept(authentic)
    except Refused as error:
        if error.reason is not Reason.EXCHANGE_UNKNOWN:
            raise
        await refuse(error, visit.encounter, visit.door.crowd, visit.door.line)
    return web.Response(status=204)


def _read_notice(body: bytes, head: Head) -> Notice:
    return Notice(head=head, acknowledgement_id=decode(body, Notification).request_ack_id)
