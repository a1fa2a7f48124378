"""Correcting, replacing and withdrawing a registration, and telling those who fetched it (calls 6 and 7).

Rules: each answers with its own acknowledgement and ends in its own status; the older version stays; the
availability date moves; accessing offices get an e-mail (seen) and, by configuration, a notification.
"""

from __future__ import annotations

from functools import partial

from aiohttp import web

from sandbox.ib.auth import require
from sandbox.ib.bureau import BUREAU, Bureau
from sandbox.ib.config import Office
from sandbox.ib.inferred import ErrorNumber
from sandbox.ib.lookup import own
from sandbox.ib.outcome import notify_outcome
from sandbox.ib.refusals import invalid
from sandbox.ib.registrations import Failure, open_request, settle, status_url, take_file
from sandbox.ib.shapes import ChangeRequest, WithdrawalRequest, read_body
from sandbox.ib.state import Did, Registration, Request, Version

__all__ = ["routes"]


async def put_registration(request: web.Request) -> web.Response:
    """Call 6: `{requestAckId}`; a new date, application data, a new file, or a new file in the own library."""
    bureau = request.app[BUREAU]
    office = require(request, "depositing")
    asked = await read_body(request, ChangeRequest)
    if (asked.application_number is None) is not (asked.application_filing_date is None):
        raise invalid("applicationNumber and applicationFilingDate: both or none")
    if asked.new_document_date is not None and asked.new_document_date > bureau.now().date():
        raise invalid("newDocumentDate: lies ahead")
    row = open_request(bureau, office, "correct")
    return await _begin(bureau, row, partial(_change, bureau, office, asked))


async def delete_registration(request: web.Request) -> web.Response:
    """Call 7: `{requestAckId}`; the registration ends, what was fetched stays fetched."""
    bureau = request.app[BUREAU]
    office = require(request, "depositing")
    asked = await read_body(request, WithdrawalRequest)
    row = open_request(bureau, office, "withdraw")
    return await _begin(bureau, row, partial(_withdraw, bureau, office, asked))


def routes(prefix: str) -> list[web.RouteDef]:
    """The calls that change a registration."""
    registrations = f"{prefix}/requests/registrations"
    return [
        web.put(registrations, put_registration, name="correct"),
        web.delete(registrations, delete_registration, name="withdraw"),
    ]


async def _begin(bureau: Bureau, row: Request, work: partial[Registration]) -> web.Response:
    await bureau.bench.start(
        f"request/{row.ack}",
        bureau.settings.timings.registration_processing,
        partial(settle, bureau, row, work),
    )
    return web.json_response({"requestAckId": row.ack}, headers={"Location": status_url(bureau, row)})


def _own(bureau: Bureau, office: Office, asked: ChangeRequest | WithdrawalRequest) -> Registration:
    found = own(bureau.memory, office.code, asked.document_number, asked.document_kind_category)
    if not found:
        raise Failure(ErrorNumber.NOT_REGISTERED, "The document is not registered")
    if (expected := found[0].newest.document_date) != asked.document_date:
        raise Failure(ErrorNumber.WRONG_DATE, f"The priority date does not match: expected {expected}")
    return found[0]


def _change(bureau: Bureau, office: Office, asked: ChangeRequest) -> Registration:
    registration = _own(bureau, office, asked)
    older = registration.newest
    corrects = asked.new_document_date is not None or asked.application_number is not None
    replaces = asked.file_id is not None or not corrects
    file = older.file
    if replaces:
        if asked.file_id is None and older.file is not None:
            raise Failure(ErrorNumber.FILE_NOT_ACCEPTED, "Nothing to change")
        file = take_file(bureau, office, asked.file_id)
    date = asked.new_document_date or older.document_date
    registration.versions.append(Version(document_date=date, available_at=bureau.availability(), file=file))
    if asked.application_number is not None:
        registration.application_number = asked.application_number
        registration.application_date = asked.application_filing_date
    version = len(registration.versions)
    for kind, done in ((Did.CORRECTED, corrects), (Did.REPLACED, replaces)):
        if done:
            bureau.record.append(kind, office=office.code, document=registration.number, version=version)
    _tell(bureau, registration)
    return registration


def _withdraw(bureau: Bureau, office: Office, asked: WithdrawalRequest) -> Registration:
    registration = _own(bureau, office, asked)
    registration.withdrawn = asked.status_message
    bureau.record.append(Did.WITHDRAWN, office=office.code, document=registration.number, reason=asked.status_message)
    return registration


def _tell(bureau: Bureau, registration: Registration) -> None:
    for code, ack in registration.fetched.items():
        text = "The depositing office changed a document that your office has retrieved."
        bureau.mail(f"office {code}", f"DAS: {registration.number} has changed", text)
        if bureau.settings.notify_changes:
            retrieval = bureau.memory.retrievals[ack]
            retrieval.available_at = registration.newest.available_at
            retrieval.message = "changed after retrieval"
            retrieval.listed = True
            notify_outcome(bureau, retrieval)
