"""What each SOAP operation answers: a receipt to whatever changes something, and the three questions.

Rules: a package is answered inline up to the limit, else as an MTOM message whose parts stream (XOP, never held).
"""

from collections.abc import AsyncIterator, Callable

from aiohttp import web

from gateway.core.document import Document
from gateway.core.office import OfficeCode
from gateway.core.request import Read, ReadKind
from gateway.endpoints import answers
from gateway.endpoints.middleware import Visit
from gateway.endpoints.offloading import work_on
from gateway.endpoints.soap.voice import sign_reply, soap_headers
from gateway.endpoints.streaming import stream
from gateway.stages.authenticate import Authentic
from gateway.stages.line import Line
from gateway.wire.mtom import OutgoingPart, write_related
from gateway.wire.operations import operation_of
from gateway.wire.replies import written
from gateway.wire.soap_envelope import SoapVersion
from gateway.wire.soap_render import render_envelope
from gateway.wire.soap_replies import Reply, render_reply

__all__ = ["answer_question", "answer_written"]


async def answer_written(visit: Visit, version: SoapVersion, authentic: Authentic) -> web.StreamResponse:
    """Send a request down the line and answer with its receipt."""
    accepted = await visit.accept(authentic)
    request, line = authentic.request, visit.door.line
    content = render_reply(operation_of(request), written(accepted.receipt))
    envelope = sign_reply(render_envelope(version, content), request.head.hosted, line)
    return web.Response(body=envelope, headers=soap_headers(version))


async def answer_question(visit: Visit, version: SoapVersion, question: Read) -> web.StreamResponse:
    """Answer a question."""
    line, hosted = visit.door.line, question.head.hosted
    if question.kind is ReadKind.FETCH:
        return await _answer_package(visit, version, question)
    reply: Reply
    if question.kind is ReadKind.POLL:
        reply = await answers.notifications(question, line)
    else:
        reply = await answers.status(question, line)
    content = render_reply(operation_of(question), reply)
    return web.Response(body=await _seal(version, content, hosted, line), headers=soap_headers(version))


async def _answer_package(visit: Visit, version: SoapVersion, question: Read) -> web.StreamResponse:
    line, hosted = visit.door.line, question.head.hosted
    fetched = await answers.open_package(question, line)
    if answers.fits_inline(fetched, visit.door.limits.inline):
        content = render_reply(operation_of(question), await answers.inline_package(fetched, line))
        return web.Response(body=await _seal(version, content, hosted, line), headers=soap_headers(version))
    content = render_reply(operation_of(question), answers.package_list(fetched))
    message = write_related(
        await _seal(version, content, hosted, line),
        [
            OutgoingPart(
                name=document.listed.content_id,
                media_type=document.listed.media_type,
                size=document.listed.size,
                open=_opener(document, line),
            )
            for document in fetched.documents
        ],
        soap_media_type=version.media_type,
        boundary=f"pouch-{line.randomness.take(16).hex()}",
    )
    return await stream(
        visit.request, message.body, length=message.length, headers={"Content-Type": message.content_type}
    )


def _opener(document: Document, line: Line) -> Callable[[], AsyncIterator[bytes]]:
    return lambda: line.documents.read(document)


async def _seal(version: SoapVersion, content: str, hosted: OfficeCode, line: Line) -> bytes:
    """Put written content into an envelope and sign it."""
    return await work_on(len(content), lambda: sign_reply(render_envelope(version, content), hosted, line))
