"""The transit zone towards accessing offices: download URL, the bytes, deletion (calls 15 to 17).

Rules: a download may be repeated until the file is deleted or too old; the URL's key is the only pass; who
downloaded is remembered, since a later change is told to exactly those.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus

from aiohttp import web

from sandbox.hostility import Switch
from sandbox.ib.auth import require
from sandbox.ib.bureau import BUREAU, Bureau
from sandbox.ib.files import MEDIA_TYPES, storage_refusal
from sandbox.ib.inferred import STORAGE_PATH
from sandbox.ib.outcome import drop_file
from sandbox.ib.refusals import Refusal, invalid
from sandbox.ib.retrievals import own_retrieval, sweep
from sandbox.ib.shapes import DownloadUrlRequest, read_body, read_query
from sandbox.ib.state import Did, Retrieval, Status

__all__ = ["routes"]


async def post_download_url(request: web.Request) -> web.Response:
    """Call 15: `{fileDownloadUrl}`; 404 NOT_AVAILABLE while pending, after an error, and after deletion."""
    bureau = request.app[BUREAU]
    office = require(request, "accessing")
    asked = await read_body(request, DownloadUrlRequest)
    sweep(bureau)
    retrieval = _matching(bureau, office.code, asked)
    if retrieval.path is None:
        why = "not yet" if retrieval.status is Status.PENDING else "not here any more"
        details = [] if retrieval.error is None else [(retrieval.error, retrieval.message or "")]
        raise Refusal(HTTPStatus.NOT_FOUND, "NOT_AVAILABLE", why, details)
    return web.json_response({"fileDownloadUrl": bureau.storage_url("downloads", retrieval.download_key)})


async def get_download(request: web.Request) -> web.StreamResponse:
    """Call 16: the bytes; 403 as XML for a void URL; ranges are served."""
    bureau = request.app[BUREAU]
    sweep(bureau)
    retrieval = _by_key(bureau, request.match_info["key"])
    if retrieval is None or retrieval.path is None:
        return storage_refusal(HTTPStatus.FORBIDDEN, "AccessDenied", "Request has expired")
    headers = {"Content-Type": MEDIA_TYPES[retrieval.format]}
    _served(bureau, retrieval)
    if bureau.hostility.strikes(Switch.WRONG_SIZE, "download"):
        content = retrieval.path.read_bytes()
        return web.Response(body=content[: len(content) * 3 // 4], headers=headers)
    return web.FileResponse(retrieval.path, headers=headers)


async def delete_file(request: web.Request) -> web.Response:
    """Call 17: 204; named by the body of call 15, or by `requestAckId` in the query."""
    bureau = request.app[BUREAU]
    office = require(request, "accessing")
    if request.query_string:
        ack = read_query(request, ("requestAckId",))["requestAckId"]
        retrieval = own_retrieval(bureau, office.code, ack)
    else:
        retrieval = _matching(bureau, office.code, await read_body(request, DownloadUrlRequest))
    drop_file(bureau, retrieval)
    return web.Response(status=HTTPStatus.NO_CONTENT)


def routes(prefix: str) -> list[web.RouteDef]:
    """The calls that end a retrieval, and the storage's own paths for downloads."""
    return [
        web.post(f"{prefix}/requests/files/url-downloads", post_download_url, name="download-url"),
        web.delete(f"{prefix}/requests/files", delete_file, name="delete-file"),
        web.get(f"{STORAGE_PATH}/downloads/{{key}}", get_download, name="download"),
        web.get(f"{STORAGE_PATH}/originals/{{key}}", get_download, name="download.original"),
    ]


def _matching(bureau: Bureau, office: str, asked: DownloadUrlRequest) -> Retrieval:
    retrieval = own_retrieval(bureau, office, asked.osf_ack_id)
    said = (asked.document_kind_category, asked.document_number, asked.document_date)
    if said != (retrieval.kind, retrieval.number, retrieval.document_date):
        raise invalid("the retrieval is of another document")
    return retrieval


def _by_key(bureau: Bureau, key: str) -> Retrieval | None:
    for retrieval in bureau.memory.retrievals.values():
        if hmac.compare_digest(retrieval.download_key.encode(), key.encode()):
            return retrieval
    return None


def _served(bureau: Bureau, retrieval: Retrieval) -> None:
    retrieval.listed = False
    if retrieval.registration is not None:
        retrieval.registration.fetched[retrieval.office] = retrieval.ack
    bureau.record.append(Did.DOWNLOAD_SERVED, office=retrieval.office, ack=retrieval.ack)
