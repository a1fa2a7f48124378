"""The office's DAS-shaped endpoint: the Bureau asks for a document, fetches it, and notifies (das.md 1.5, flow 2)."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Any, Final, Literal, TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.hostility import Switch
from sandbox.office.foreign import OFFICE

__all__ = ["API", "authenticating", "operation_of", "routes"]

API: Final = "/das-api/v1"
T = TypeVar("T")


class Asked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Call 12 as the Bureau forwards it; members we do not need are let pass."""

    operation_category: Literal["retrieval"]
    document_kind_category: str
    document_number: str
    document_date: date
    das_access_code: str


class AskedFor(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Call 15: which file."""

    document_kind_category: str
    document_number: str
    document_date: date
    osf_ack_id: str


class Told(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Call 14: what became of our own retrieval."""

    request_ack_id: str
    request_status_category: Literal["pending", "success", "error"]


async def post_retrieval(request: web.Request) -> web.Response:
    """201 with our own `{requestAckId}`, or 400 with the numbers of what differs; then we notify."""
    office = request.app[OFFICE]
    asked = await _body(request, Asked)
    kind, number = asked.document_kind_category, asked.document_number
    wrong = office.library.differences(kind, number, asked.document_date, asked.das_access_code)
    if wrong:
        office.record.append("retrieval-refused", document=number, numbers=",".join(map(str, wrong)))
        raise _refusal(web.HTTPBadRequest, "INVALID_INPUT_DATA", wrong)
    ack = office.library.ask(kind, number)
    office.record.append("retrieval-accepted", document=number, ack=ack)
    office.spawn(office.tell_ready(ack))
    return web.json_response({"requestAckId": ack}, status=HTTPStatus.CREATED)


async def post_download_url(request: web.Request) -> web.Response:
    """`{fileDownloadUrl}` at this endpoint, or 404."""
    office = request.app[OFFICE]
    asked = await _body(request, AskedFor)
    key = office.library.open(
        asked.osf_ack_id, asked.document_kind_category, asked.document_number, asked.document_date
    )
    if key is None:
        raise _refusal(web.HTTPNotFound, "NOT_FOUND", [])
    return web.json_response({"fileDownloadUrl": f"{office.origin}/library/{key}"})


async def get_file(request: web.Request) -> web.StreamResponse:
    """The bytes that the key opens; 403 otherwise."""
    office = request.app[OFFICE]
    file = office.library.file(request.match_info["key"])
    if file is None:
        raise _refusal(web.HTTPForbidden, "FORBIDDEN", [])
    office.record.append("download-served", file=file.name)
    if office.hostility.strikes(Switch.WRONG_SIZE, "download"):
        content = file.read_bytes()
        return web.Response(body=content[: len(content) * 3 // 4])
    return web.FileResponse(file)


async def post_notification(request: web.Request) -> web.Response:
    """204; the errand that waits for this acknowledgement goes on."""
    office = request.app[OFFICE]
    told = await _body(request, Told)
    known = told.request_ack_id in office.errands.notified
    office.record.append("notified", ack=told.request_ack_id, status=told.request_status_category, again=known)
    if told.request_status_category != "pending":
        office.errands.notified.add(told.request_ack_id)
    return web.Response(status=HTTPStatus.NO_CONTENT)


def routes() -> list[web.RouteDef]:
    """The calls the Bureau makes."""
    return [
        web.post(f"{API}/requests/retrievals", post_retrieval, name="retrieve"),
        web.post(f"{API}/requests/files/url-downloads", post_download_url, name="download-url"),
        web.post(f"{API}/requests/notifications", post_notification, name="notification"),
        web.get("/library/{key}", get_file, name="download", allow_head=False),
    ]


def operation_of(request: web.Request) -> str | None:
    """The operation's name; None for the sandbox's own paths."""
    name = request.match_info.route.name
    return None if name is None or name.startswith("sandbox") else name


@web.middleware
async def authenticating(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a DAS call pass only with the Bureau's token; a download's key is its own pass."""
    operation = operation_of(request)
    office = request.app[OFFICE]
    open_to_all = operation in (None, "download")
    if not open_to_all and not await office.tokens.holds(request.headers.get("Authorization", "")):
        office.record.append("refusal", operation=operation, status=int(HTTPStatus.UNAUTHORIZED))
        raise _refusal(web.HTTPUnauthorized, "UNAUTHORIZED", [])
    return await handler(request)


async def _body(request: web.Request, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.read(), type=shape)
    except msgspec.MsgspecError:
        raise _refusal(web.HTTPBadRequest, "INVALID_INPUT_DATA", []) from None


def _refusal(kind: type[web.HTTPError], code: str, numbers: list[int]) -> web.HTTPError:
    details: list[dict[str, Any]] = [{"code": number, "message": None} for number in numbers]
    text = msgspec.json.encode({"code": code, "message": None, "details": details}).decode()
    return kind(text=text, content_type="application/json")
