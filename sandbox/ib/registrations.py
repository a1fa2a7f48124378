"""Registering a document, asking what became of it, and finding one's own (calls 5, 8, 10 and 11).

Rules: a body that cannot be right is refused at once; what depends on the agreement, on other registrations
or on the file ends in the request's status, as the 2023 revisions say (das.md 1.6).
"""

from __future__ import annotations

import re
import secrets
from functools import partial
from http import HTTPStatus

from aiohttp import web

from sandbox.ib.auth import require
from sandbox.ib.bureau import BUREAU, Bureau, moment
from sandbox.ib.config import Office
from sandbox.ib.inferred import ErrorNumber
from sandbox.ib.lookup import check, find, own
from sandbox.ib.refusals import Refusal, invalid
from sandbox.ib.shapes import RegistrationRequest, iso_date, read_body, read_query
from sandbox.ib.state import Did, FileStatus, Registration, Request, Status, StoredFile, Version

__all__ = ["Failure", "open_request", "routes", "settle", "status_url", "take_file"]


class Failure(Exception):
    """A request that ends in the status `error` with this number."""

    def __init__(self, number: ErrorNumber, message: str) -> None:
        super().__init__(number.name)
        self.number, self.message = number, message


async def post_registration(request: web.Request) -> web.Response:
    """Call 5: 201 with `{requestAckId}` and the status URL in Location."""
    bureau = request.app[BUREAU]
    office = require(request, "depositing")
    asked = await read_body(request, RegistrationRequest)
    _check_at_once(asked, office, bureau)
    row = open_request(bureau, office, "register")
    await bureau.bench.start(
        f"request/{row.ack}",
        bureau.settings.timings.registration_processing,
        partial(settle, bureau, row, partial(_register, bureau, office, row, asked)),
    )
    headers = {"Location": status_url(bureau, row)}
    return web.json_response({"requestAckId": row.ack}, status=HTTPStatus.CREATED, headers=headers)


async def get_registration_status(request: web.Request) -> web.Response:
    """Call 8, also for changes and withdrawals: status, number, text and availability date of an own request."""
    bureau = request.app[BUREAU]
    office = require(request, "depositing")
    row = bureau.memory.requests.get(read_query(request, ("requestAckId",))["requestAckId"])
    if row is None or row.office != office.code:
        raise Refusal(HTTPStatus.NOT_FOUND, "NOT_FOUND", "no such request")
    await bureau.bench.polled(f"request/{row.ack}")
    answer = {
        "requestStatusCategory": row.status.value,
        "errorCode": row.error,
        "statusMessage": row.message,
        "documentAvailabilityDate": moment(row.available_at),
    }
    return web.json_response(answer)


async def get_availability(request: web.Request) -> web.Response:
    """Call 10: success with the availability date, or 400 with -7, -12, -14."""
    bureau = request.app[BUREAU]
    names = ("documentNumber", "documentKindCategory", "dasAccessCode", "documentDate")
    query = read_query(request, names)
    registration = find(bureau.memory, query["documentKindCategory"], query["documentNumber"])
    details = check(registration, iso_date(query["documentDate"]), query["dasAccessCode"])
    if details or registration is None:
        raise invalid(details=details)
    answer = {
        "requestStatusCategory": Status.SUCCESS.value,
        "errorCode": None,
        "statusMessage": None,
        "documentAvailabilityDate": moment(registration.newest.available_at),
    }
    return web.json_response(answer)


async def find_registrations(request: web.Request) -> web.Response:
    """Call 11: the caller's own registrations of a number; never the access code."""
    bureau = request.app[BUREAU]
    office = require(request, "depositing")
    query = read_query(request, ("documentNumber",), ("documentKindCategory",))
    found = own(bureau.memory, office.code, query["documentNumber"], query.get("documentKindCategory"))
    bag = [
        {
            "documentKindCategory": registration.kind,
            "documentNumber": registration.number,
            "documentDate": registration.newest.document_date.isoformat(),
            "requestAckId": registration.ack,
            "documentAvailabilityDate": moment(registration.newest.available_at),
            "fileChecksum": registration.newest.file.checksum if registration.newest.file else None,
        }
        for registration in found
    ]
    return web.json_response({"documentRegistrationBag": bureau.hostility.order(bag, "find")})


def routes(prefix: str) -> list[web.RouteDef]:
    """The calls that register and that ask about registrations."""
    registrations = f"{prefix}/requests/registrations"
    documents = f"{prefix}/documents/registrations"
    return [
        web.post(registrations, post_registration, name="register"),
        web.get(registrations, get_registration_status, name="registration-status", allow_head=False),
        web.get(f"{documents}/statuses", get_availability, name="availability", allow_head=False),
        web.get(documents, find_registrations, name="find", allow_head=False),
    ]


def open_request(bureau: Bureau, office: Office, operation: str) -> Request:
    """A new pending row with its acknowledgement."""
    row = Request(ack=bureau.identifier(operation), office=office.code)
    bureau.memory.requests[row.ack] = row
    return row


def status_url(bureau: Bureau, row: Request) -> str:
    """Where the office asks for the row's status."""
    return bureau.api_url("/requests/registrations", requestAckId=row.ack)


async def settle(bureau: Bureau, row: Request, work: partial[Registration]) -> None:
    """End a pending row: do the work, then success with the availability date, or error with its number."""
    try:
        registration = work()
    except Failure as failure:
        row.status, row.error, row.message = Status.ERROR, int(failure.number), failure.message
        bureau.record.append(Did.REQUEST_FAILED, office=row.office, ack=row.ack, error=int(failure.number))
        return
    row.available_at = registration.newest.available_at
    row.status = Status.SUCCESS


def take_file(bureau: Bureau, office: Office, file_id: str | None) -> StoredFile | None:
    """The accepted, unused file of this office, now used; None if it keeps the file itself; raises Failure."""
    if file_id is None:
        if not office.hosting or office.endpoint is None:
            raise Failure(ErrorNumber.HOSTING_NOT_AGREED, "A file is needed: no library was agreed")
        return None
    file = bureau.memory.files.get(file_id)
    if file is None or file.office != office.code or file.used or file.status is not FileStatus.ACCEPTED:
        raise Failure(ErrorNumber.FILE_NOT_ACCEPTED, "The file is unknown, not accepted or in use")
    file.used = True
    return file


def _check_at_once(asked: RegistrationRequest, office: Office, bureau: Bureau) -> None:
    if (office.access_codes == "office") is not (asked.das_access_code is not None):
        raise invalid("dasAccessCode: given by offices that make their own codes, and by no others")
    if office.access_codes == "bureau" and asked.email is None:
        raise invalid("email: needed where the code is sent by e-mail")
    if (asked.application_number is None) is not (asked.application_filing_date is None):
        raise invalid("applicationNumber and applicationFilingDate: both or none")
    if asked.document_date > bureau.now().date():
        raise invalid("documentDate: lies ahead")
    if asked.application_filing_date is not None and asked.application_filing_date < asked.document_date:
        raise invalid("applicationFilingDate: before documentDate")


def _register(bureau: Bureau, office: Office, row: Request, asked: RegistrationRequest) -> Registration:
    kind, number = asked.document_kind_category, asked.document_number
    if kind not in office.kinds:
        raise Failure(ErrorNumber.KIND_NOT_AGREED, "This kind is not agreed with the office")
    if not _number_fits(bureau, office, number, asked.application_number):
        raise Failure(ErrorNumber.NUMBER_FORMAT, "The number does not have the office's format")
    if own(bureau.memory, office.code, number, kind):
        raise Failure(ErrorNumber.ALREADY_REGISTERED, "The document is already registered")
    file = take_file(bureau, office, asked.file_id)
    version = Version(document_date=asked.document_date, available_at=bureau.availability(), file=file)
    registration = Registration(
        office=office.code,
        kind=kind,
        number=number,
        ack=row.ack,
        access_code=asked.das_access_code or secrets.token_hex(2).upper(),
        email=asked.email,
        application_number=asked.application_number,
        application_date=asked.application_filing_date,
        versions=[version],
    )
    bureau.memory.registrations.append(registration)
    hosting = "office" if file is None else "bureau"
    bureau.record.append(
        Did.REGISTERED, office=office.code, document=number, document_kind=kind, ack=row.ack, hosting=hosting
    )
    if office.access_codes == "bureau" and asked.email is not None:
        code = registration.access_code
        bureau.mail(asked.email, f"DAS: {number} is registered", f"Your access code is {code}", code)
    return registration


def _number_fits(bureau: Bureau, holder: Office, number: str, application_number: str | None) -> bool:
    if application_number is None:
        return holder.accepts(number)
    # A copy of another office's document lies in the holder's file: the number is the first office's.
    first = re.match(r"(?:PCT/)?([A-Z]{2})", number)
    office = bureau.settings.by_code(first.group(1)) if first else None
    return first is not None and (office is None or office.accepts(number)) and holder.accepts(application_number)
