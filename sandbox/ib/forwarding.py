"""A document kept by its office: ask the office, wait for its notification, fetch the file (flows 2 and 3).

Rules: the office's notification names the office's own acknowledgement; one that overtakes the answer with
that acknowledgement is kept until the answer is read; a second one has no effect; an unknown one is refused.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from sandbox.ib.auth import require
from sandbox.ib.bureau import BUREAU, Bureau
from sandbox.ib.config import Office
from sandbox.ib.dialing import Answer, Unreachable, download, post
from sandbox.ib.files import MEDIA_TYPES, fits_magic
from sandbox.ib.inferred import ErrorNumber
from sandbox.ib.outcome import complete, fail
from sandbox.ib.refusals import Refusal
from sandbox.ib.shapes import NotificationRequest, RetrievalRequest, read_body
from sandbox.ib.state import Did, FileStatus, Note, Retrieval, Status, StoredFile

__all__ = ["forward", "routes"]

#: The numbers an office may tell about a forwarded retrieval; they go on to the accessing office.
_TOLD = (ErrorNumber.NOT_REGISTERED, ErrorNumber.WRONG_DATE, ErrorNumber.WRONG_CODE)
_SILENT = "The depositing office cannot be reached"


async def forward(bureau: Bureau, retrieval: Retrieval, holder: Office, asked: RetrievalRequest) -> None:
    """Ask the holding office for the document (call 12, IB to OFF); its notification brings the rest."""
    filed = asked.application_filing_date
    body = {
        "operationCategory": "retrieval",
        "documentKindCategory": asked.document_kind_category,
        "documentNumber": asked.document_number,
        "documentDate": asked.document_date.isoformat(),
        "dasAccessCode": asked.das_access_code,
        "applicationCategory": asked.application_category,
        "applicationNumber": asked.application_number,
        "applicationFilingDate": None if filed is None else filed.isoformat(),
    }
    memory = bureau.memory
    memory.awaited[holder.code] += 1
    try:
        answer = await post(bureau, holder, "/requests/retrievals", body)
    except Unreachable:
        fail(bureau, retrieval, ErrorNumber.OFFICE_SILENT, _SILENT)
        return
    finally:
        memory.awaited[holder.code] -= 1
    ack = answer.content.get("requestAckId")
    if not answer.good or not isinstance(ack, str):
        fail(bureau, retrieval, _told(answer), "The depositing office refused the request")
        return
    retrieval.holder_ack = ack
    memory.forwarded[holder.code, ack] = retrieval.ack
    bureau.record.append(Did.RETRIEVAL_FORWARDED, office=holder.code, ack=retrieval.ack, office_ack=ack)
    if (note := memory.early.pop((holder.code, ack), None)) is not None:
        _take_note(bureau, retrieval, holder, note)


async def post_notification(request: web.Request) -> web.Response:
    """Call 14, OFF to IB: 204; the file is ready at the office, or it cannot be had."""
    bureau = request.app[BUREAU]
    office = require(request, "depositing")
    told = await read_body(request, NotificationRequest)
    note = Note(status=Status(told.request_status_category), error=told.error_code)
    known = bureau.memory.forwarded.get((office.code, told.request_ack_id))
    if known is None and not bureau.memory.awaited[office.code]:
        raise Refusal(HTTPStatus.NOT_FOUND, "NOT_FOUND", "no retrieval was forwarded under this requestAckId")
    bureau.record.append(
        Did.NOTIFICATION_RECEIVED, office=office.code, office_ack=told.request_ack_id, status=note.status.value
    )
    if known is None:
        bureau.memory.early[office.code, told.request_ack_id] = note
    else:
        _take_note(bureau, bureau.memory.retrievals[known], office, note)
    return web.Response(status=HTTPStatus.NO_CONTENT)


def routes(prefix: str) -> list[web.RouteDef]:
    """Where offices notify."""
    return [web.post(f"{prefix}/requests/notifications", post_notification, name="notification")]


def _take_note(bureau: Bureau, retrieval: Retrieval, holder: Office, note: Note) -> None:
    if note.status is Status.PENDING or retrieval.status is not Status.PENDING or retrieval.collecting:
        return
    if note.status is Status.ERROR:
        number = note.error if note.error in _TOLD else ErrorNumber.OFFICE_REFUSED
        fail(bureau, retrieval, int(number), "The depositing office cannot give the document")
        return
    retrieval.collecting = True
    bureau.bench.spawn(_collect(bureau, retrieval, holder))


async def _collect(bureau: Bureau, retrieval: Retrieval, holder: Office) -> None:
    if (sent := _sent_through_transit(bureau, retrieval, holder)) is not None:
        complete(bureau, retrieval, sent.path, sent.format, sent.checksum)
        return
    body = {
        "documentKindCategory": retrieval.kind,
        "documentNumber": retrieval.number,
        "documentDate": retrieval.document_date.isoformat(),
        "osfAckId": retrieval.holder_ack,
    }
    path = bureau.new_path("transit")
    try:
        answer = await post(bureau, holder, "/requests/files/url-downloads", body)
        url = answer.content.get("fileDownloadUrl")
        if not answer.good or not isinstance(url, str):
            fail(bureau, retrieval, ErrorNumber.OFFICE_REFUSED, "The depositing office gave no file")
            return
        checksum = await download(bureau, holder, url, path)
    except Unreachable:
        path.unlink(missing_ok=True)
        fail(bureau, retrieval, ErrorNumber.OFFICE_SILENT, _SILENT)
        return
    kind = None if checksum is None else _format(path)
    if checksum is None or kind is None:
        path.unlink(missing_ok=True)
        fail(bureau, retrieval, ErrorNumber.OFFICE_FILE_UNUSABLE, "The depositing office's file is unusable")
        return
    bureau.record.append(Did.DOWNLOADED_FROM_OFFICE, office=holder.code, ack=retrieval.ack)
    complete(bureau, retrieval, path, kind, checksum)


def _sent_through_transit(bureau: Bureau, retrieval: Retrieval, holder: Office) -> StoredFile | None:
    for file in bureau.memory.files.values():
        mine = (file.office, file.reference) == (holder.code, retrieval.holder_ack)
        if mine and file.status is FileStatus.ACCEPTED:
            return file
    return None


def _told(answer: Answer) -> int:
    details = answer.content.get("details")
    first = details[0] if isinstance(details, list) and details else None
    number = first.get("code") if isinstance(first, dict) else None
    return number if number in _TOLD else ErrorNumber.OFFICE_REFUSED


def _format(path: Path) -> str | None:
    with path.open("rb") as stream:
        head = stream.read(8)
    return next((kind for kind in MEDIA_TYPES if fits_magic(kind, head)), None)
