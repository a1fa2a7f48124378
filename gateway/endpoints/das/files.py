"""The library at the DAS-shaped door: an address for a file that was asked for, and the file itself (calls 15, 16).

Rules: the address is its own pass, as the Bureau's pre-signed ones are, and short-lived; that a file was taken is
committed before its last piece goes out, so that nobody has it without our knowing: who does not get that piece has
no file, and asks again.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

from aiohttp import web

from gateway.core.request import Head, Notice
from gateway.core.secret import Secret
from gateway.endpoints.das.calls import answer, application_of, called
from gateway.endpoints.middleware import Visit
from gateway.endpoints.streaming import stream
from gateway.stages.lend import Lent, issue_ticket, lend, record_taken
from gateway.stages.line import Line
from gateway.wire.das import DownloadUrl, DownloadUrlRequest, decode

__all__ = ["FILES", "get_file", "post_download_url"]

#: Where the files of our library are, below the public address.
FILES = "/das-api/v1/files"


async def post_download_url(visit: Visit) -> web.StreamResponse:
    """Call 15, Bureau to office: give the address of a file that it asked for before."""
    asked: list[DownloadUrlRequest] = []

    def read(body: bytes, head: Head) -> Notice:
        asked.append(decode(body, DownloadUrlRequest))
        return Notice(head=head, acknowledgement_id=asked[0].osf_ack_id)

    head = (await called(visit, read)).request.head
    visit.admit(head.sender)
    line, wanted = visit.door.line, asked[0]
    application = application_of(
        head.hosted, wanted.document_kind_category, wanted.document_number, wanted.document_date
    )
    application = replace(application, normal=line.normalised(application))
    ticket = await issue_ticket(head.hosted, head.sender, application, line)
    return answer(DownloadUrl(file_download_url=Secret(f"{visit.door.public_url}{FILES}/{ticket}")))


async def get_file(visit: Visit) -> web.StreamResponse:
    """Call 16: the certified bytes, untouched."""
    request, line = visit.request, visit.door.line
    lent = await lend(request.match_info["ticket"], line)
    exchange = lent.view.exchange
    visit.encounter.hosted, visit.encounter.exchange_id = exchange.hosted, exchange.exchange_id
    listed = lent.document.listed
    pieces = _recorded(lent, line)
    return await stream(request, pieces, length=listed.size, headers={"Content-Type": listed.media_type})


async def _recorded(lent: Lent, line: Line) -> AsyncIterator[bytes]:
    """Give the pieces of a file, and commit that it was taken before the last one."""
    held: bytes | None = None
    size = 0
    async for piece in lent.chunks:
        if held is not None:
            yield held
        held = piece
        size += len(piece)
    if size == lent.document.listed.size:  # of another length it is cut, and was taken by nobody
        await record_taken(lent, line)
    if held is not None:
        yield held
