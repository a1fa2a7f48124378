"""The request bodies and queries of the DAS calls, read strictly.

Rules: JSON bodies are `application/json`, small, one object, without unknown members; queries hold each
parameter once. Members marked [I] are inferred (see inferred.py), the others were seen (das.md 1.3, 1.4).
"""

from __future__ import annotations

import re
from datetime import date
from http import HTTPStatus
from typing import Annotated, Literal, TypeVar

import msgspec
from aiohttp import web

from sandbox.ib.refusals import Refusal, invalid

__all__ = [
    "ChangeRequest",
    "DownloadUrlRequest",
    "NotificationRequest",
    "RegistrationRequest",
    "RenewalRequest",
    "RetrievalRequest",
    "UploadUrlRequest",
    "WithdrawalRequest",
    "iso_date",
    "read_body",
    "read_query",
]

Kind = Literal["patent", "design", "utility model", "trademark"]
Number = Annotated[str, msgspec.Meta(min_length=4, max_length=60, pattern=r"\A[!-~](?:[ -~]*[!-~])?\Z")]
Code = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Za-z]{4}\Z")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Email = Annotated[str, msgspec.Meta(max_length=254, pattern=r"\A[^@\s]+@[^@\s]+\Z")]
OfficeCode = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{2}\Z")]
Checksum = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A JSON body with DAS's spelling of the names."""


class UploadUrlRequest(Body, frozen=True):
    """Call 1: announce a file."""

    file_reference: Text
    file_format_category: Literal["pdf", "zip"]
    file_checksum: Checksum


class RenewalRequest(Body, frozen=True):
    """Call 2: ask for a new upload URL."""

    file_id: Text


class RegistrationRequest(Body, frozen=True):
    """Call 5: register a document, with the file's id or without it when the office keeps the file."""

    operation_category: Literal["registration"]
    document_kind_category: Kind
    document_number: Number
    document_date: date
    das_access_code: Code | None = None
    application_category: Literal["priority document"] | None = None
    application_number: Number | None = None
    application_filing_date: date | None = None
    email: Email | None = None
    file_id: Text | None = None


class ChangeRequest(Body, frozen=True):
    """Call 6: correct dates or the application, or replace the content [I: member names]."""

    document_kind_category: Kind
    document_number: Number
    document_date: date
    new_document_date: date | None = None
    application_number: Number | None = None
    application_filing_date: date | None = None
    file_id: Text | None = None


class WithdrawalRequest(Body, frozen=True):
    """Call 7: withdraw, with the reason in statusMessage [I]."""

    document_kind_category: Kind
    document_number: Number
    document_date: date
    status_message: Text


class RetrievalRequest(Body, frozen=True):
    """Call 12: ask for a document; holdingOfficeCode [I] when the copy lies in another office's file."""

    operation_category: Literal["retrieval"]
    document_kind_category: Kind
    document_number: Number
    document_date: date
    das_access_code: Code
    application_category: Literal["priority document"] | None = None
    application_number: Number | None = None
    application_filing_date: date | None = None
    holding_office_code: OfficeCode | None = None


class DownloadUrlRequest(Body, frozen=True):
    """Calls 15 and 17: the download URL, or the deletion, of one retrieval's file."""

    document_kind_category: Kind
    document_number: Number
    document_date: date
    osf_ack_id: Text


class NotificationRequest(Body, frozen=True):
    """Call 14: what became of a request, by the acknowledgement its receiver gave [I: members]."""

    request_ack_id: Text
    request_status_category: Literal["pending", "success", "error"]
    error_code: int | None = None
    status_message: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    document_availability_date: Annotated[str, msgspec.Meta(max_length=40)] | None = None


T = TypeVar("T", bound=Body)


async def read_body(request: web.Request, shape: type[T]) -> T:
    """The call's JSON body as this shape; raises Refusal 415 or 400 naming the member, never its value."""
    if request.content_type != "application/json":
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "application/json")
    try:
        return msgspec.json.decode(await request.read(), type=shape)
    except msgspec.ValidationError as wrong:
        raise invalid(str(wrong)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise invalid("not JSON in UTF-8") from None


def read_query(request: web.Request, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> dict[str, str]:
    """The query's parameters; raises Refusal 400 for one that is missing, unknown, empty or repeated."""
    query = request.query
    for name in query:
        if name not in required + optional or len(query.getall(name)) > 1 or not query[name]:
            raise invalid("a query parameter is unknown, empty or repeated")
    for name in required:
        if name not in query:
            raise invalid(f"the query parameter {name} is missing")
    return dict(query)


def iso_date(text: str) -> date:
    """A date in the form YYYY-MM-DD; raises Refusal 400."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise invalid("a date is YYYY-MM-DD")
