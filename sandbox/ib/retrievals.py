"""Asking for a document and asking what became of it (calls 12 and 13).

Rules: number, kind, date and code are compared before anything is given; by configuration the differences
are told at once (400) or by the status; the list shows what is in process and what is newly completed.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.hostility import Switch
from sandbox.ib.auth import require
from sandbox.ib.bureau import BUREAU, Bureau, moment
from sandbox.ib.config import Delay
from sandbox.ib.forwarding import forward
from sandbox.ib.inferred import ORIGINAL_HEADER, ErrorNumber
from sandbox.ib.lookup import Details, check, find
from sandbox.ib.outcome import complete, drop_file, fail
from sandbox.ib.refusals import Refusal, invalid
from sandbox.ib.shapes import RetrievalRequest, read_body, read_query
from sandbox.ib.state import Did, Registration, Retrieval, Status

__all__ = ["own_retrieval", "routes", "sweep"]


async def post_retrieval(request: web.Request) -> web.Response:
    """Call 12: 201 with `{requestAckId}`, or 400 with -7, -12, -14 when differences are told at once."""
    bureau = request.app[BUREAU]
    office = require(request, "accessing")
    asked = await read_body(request, RetrievalRequest)
    registration = _find(bureau, asked)
    details = _differences(registration, asked)
    if details and bureau.settings.check_retrievals == "at-once":
        raise invalid(details=details)
    retrieval = Retrieval(
        ack=bureau.identifier("retrieve"),
        office=office.code,
        kind=asked.document_kind_category,
        number=asked.document_number,
        document_date=asked.document_date,
    )
    bureau.memory.retrievals[retrieval.ack] = retrieval
    bureau.record.append(Did.RETRIEVAL_REQUESTED, office=office.code, document=retrieval.number, ack=retrieval.ack)
    held_by_office = registration is not None and registration.newest.file is None
    delay = Delay() if held_by_office else bureau.settings.timings.retrieval_processing
    step = partial(_process, bureau, retrieval, asked)
    await bureau.bench.start(f"retrieval/{retrieval.ack}", delay, step)
    return web.json_response({"requestAckId": retrieval.ack}, status=HTTPStatus.CREATED)


async def get_retrievals(request: web.Request) -> web.Response:
    """Call 13: one own retrieval by its acknowledgement, or all in process and newly completed."""
    bureau = request.app[BUREAU]
    office = require(request, "accessing")
    query = read_query(request, (), ("requestAckId", "originalDocumentIndicator"))
    sweep(bureau)
    if query.get("originalDocumentIndicator", "false") not in ("true", "false"):
        raise invalid("originalDocumentIndicator: true or false")
    headers: dict[str, str] = {}
    if (ack := query.get("requestAckId")) is not None:
        chosen = [own_retrieval(bureau, office.code, ack)]
    else:
        everything = bureau.memory.retrievals.values()
        chosen = [retrieval for retrieval in everything if retrieval.office == office.code and retrieval.listed]
    for retrieval in chosen:
        await bureau.bench.polled(f"retrieval/{retrieval.ack}")
    if ack is not None:
        # das.md 1.7: the original, without the cover page, is named by a header.
        if query.get("originalDocumentIndicator") == "true" and chosen[0].download_key:
            headers[ORIGINAL_HEADER] = bureau.storage_url("originals", chosen[0].download_key)
        if chosen[0].status is Status.ERROR:
            chosen[0].listed = False
    bag = [_view(bureau, retrieval) for retrieval in bureau.hostility.order(chosen, "retrieval-status")]
    return web.json_response({"documentRetrievalResponseBag": bag}, headers=headers)


def routes(prefix: str) -> list[web.RouteDef]:
    """The calls of accessing offices about retrievals."""
    retrievals = f"{prefix}/requests/retrievals"
    return [
        web.post(retrievals, post_retrieval, name="retrieve"),
        web.get(retrievals, get_retrievals, name="retrieval-status", allow_head=False),
    ]


def own_retrieval(bureau: Bureau, office: str, ack: str) -> Retrieval:
    """The office's own retrieval; raises Refusal 404."""
    retrieval = bureau.memory.retrievals.get(ack)
    if retrieval is None or retrieval.office != office:
        raise Refusal(HTTPStatus.NOT_FOUND, "NOT_FOUND", "no such retrieval")
    return retrieval


def sweep(bureau: Bureau) -> None:
    """Empty the transit zone of files older than its life."""
    for retrieval in bureau.memory.retrievals.values():
        if retrieval.expired(bureau.now(), bureau.settings.timings.transit_life):
            drop_file(bureau, retrieval)


def _find(bureau: Bureau, asked: RetrievalRequest) -> Registration | None:
    kind, number = asked.document_kind_category, asked.document_number
    return find(bureau.memory, kind, number, asked.holding_office_code)


def _differences(registration: Registration | None, asked: RetrievalRequest) -> Details:
    details = check(registration, asked.document_date, asked.das_access_code)
    if registration is not None and asked.holding_office_code is not None:
        # The application in whose file the copy lies need not be named, but if so, rightly.
        for said, true in (
            (asked.application_number, registration.application_number),
            (asked.application_filing_date, registration.application_date),
        ):
            if said not in (None, true):
                text = "The copy lies in another application's file"
                return [*details, (ErrorNumber.HELD_ELSEWHERE, text)]
    return details


async def _process(bureau: Bureau, retrieval: Retrieval, asked: RetrievalRequest) -> None:
    registration = _find(bureau, asked)
    details = _differences(registration, asked)
    if details or registration is None:
        fail(bureau, retrieval, details[0][0], "; ".join(text for _, text in details))
        return
    retrieval.registration = registration
    file = registration.newest.file
    holder = bureau.settings.by_code(registration.office)
    if file is not None:
        complete(bureau, retrieval, file.path, file.format, file.checksum)
    elif holder is not None:
        bureau.bench.spawn(forward(bureau, retrieval, holder, asked))


def _view(bureau: Bureau, retrieval: Retrieval) -> dict[str, Any]:
    checksum = retrieval.checksum
    if checksum is not None and bureau.hostility.strikes(Switch.LYING_CHECKSUM, "retrieval-status"):
        checksum = checksum[::-1]
    there = retrieval.path is not None
    return {
        "requestAckId": retrieval.ack,
        "operationCategory": "retrieval",
        "documentKindCategory": retrieval.kind,
        "documentNumber": retrieval.number,
        "documentDate": retrieval.document_date.isoformat(),
        "requestStatusCategory": retrieval.status.value,
        "errorCode": retrieval.error,
        "statusMessage": retrieval.message,
        "documentAvailabilityDate": moment(retrieval.available_at),
        "fileDownloadUrl": bureau.storage_url("downloads", retrieval.download_key) if there else None,
        "fileChecksum": checksum if there else None,
    }
