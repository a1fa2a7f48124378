"""Files on their way in: announce, upload by pre-signed URL, examine, ask for the status (calls 1 to 4).

Rules: the upload key serves once and for a while; the upload is compared with what was announced (type,
SHA-256) and with its magic; the verdict is told by the status only, as with the real one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from sandbox.hostility import Switch
from sandbox.ib.auth import require
from sandbox.ib.bureau import BUREAU, Bureau
from sandbox.ib.inferred import STORAGE_PATH
from sandbox.ib.refusals import Refusal
from sandbox.ib.shapes import RenewalRequest, UploadUrlRequest, read_body, read_query
from sandbox.ib.state import Did, FileStatus, StoredFile

__all__ = ["MEDIA_TYPES", "fits_magic", "routes", "storage_refusal"]

MEDIA_TYPES = {"pdf": "application/pdf", "zip": "application/zip"}
_MAGIC = {"pdf": b"%PDF-", "zip": b"PK\x03\x04"}


async def post_upload_url(request: web.Request) -> web.Response:
    """Call 1: `{fileId, fileUploadUrl}` for an announced file."""
    bureau = request.app[BUREAU]
    office = require(request, "depositing")
    asked = await read_body(request, UploadUrlRequest)
    file = StoredFile(
        file_id=bureau.identifier("upload-url"),
        office=office.code,
        reference=asked.file_reference,
        format=asked.file_format_category,
        checksum=asked.file_checksum,
        path=bureau.new_path("files"),
        upload_key="",
        upload_until=bureau.now(),
    )
    bureau.memory.files[file.file_id] = file
    bureau.record.append(Did.UPLOAD_URL_MADE, office=office.code, file=file.file_id)
    return web.json_response({"fileId": file.file_id, "fileUploadUrl": _new_url(bureau, file)})


async def put_upload_url(request: web.Request) -> web.Response:
    """Call 2: a new `{fileUploadUrl}` for a file not uploaded yet; the older URL is void."""
    bureau = request.app[BUREAU]
    office = require(request, "depositing")
    file = _own(bureau, office.code, (await read_body(request, RenewalRequest)).file_id)
    if file.uploaded:
        raise Refusal(HTTPStatus.CONFLICT, "FILE_ALREADY_UPLOADED", "this file has arrived")
    return web.json_response({"fileUploadUrl": _new_url(bureau, file)})


async def put_file(request: web.Request) -> web.Response:
    """Call 3: the raw bytes to the pre-signed URL; 200 once stored, 403 as XML when the URL is void."""
    bureau = request.app[BUREAU]
    if "Authorization" in request.headers:
        return storage_refusal(HTTPStatus.BAD_REQUEST, "InvalidArgument", "Only one authentication is allowed")
    file = _by_key(bureau, request.match_info["key"])
    if file is None:
        return storage_refusal(HTTPStatus.FORBIDDEN, "AccessDenied", "Access denied")
    if bureau.hostility.strikes(Switch.EXPIRED_UPLOAD, "upload") or bureau.now() >= file.upload_until:
        file.upload_key = ""
        return storage_refusal(HTTPStatus.FORBIDDEN, "AccessDenied", "Request has expired")
    if request.content_length is None:
        return storage_refusal(HTTPStatus.LENGTH_REQUIRED, "MissingContentLength", "Content-Length is needed")
    if request.content_length > bureau.settings.largest_file:
        return storage_refusal(HTTPStatus.BAD_REQUEST, "EntityTooLarge", "The file is too large")
    await _store(request, file)
    if file.uploaded:
        return storage_refusal(HTTPStatus.FORBIDDEN, "AccessDenied", "Access denied")
    file.upload_key = ""
    file.uploaded = True
    bureau.record.append(Did.UPLOAD_STORED, office=file.office, file=file.file_id, size=file.size)
    await bureau.bench.start(
        f"file/{file.file_id}", bureau.settings.timings.upload_processing, partial(_examine, bureau, file)
    )
    return web.Response(status=HTTPStatus.OK)


async def get_file_status(request: web.Request) -> web.Response:
    """Calls 4 and 4b: `{fileSizeQuantity, fileStatusCategory}` of an own file."""
    bureau = request.app[BUREAU]
    office = require(request, "depositing")
    file = _own(bureau, office.code, read_query(request, ("fileId",))["fileId"])
    if file.uploaded:
        await bureau.bench.polled(f"file/{file.file_id}")
    return web.json_response({"fileSizeQuantity": file.size, "fileStatusCategory": file.status.value})


def routes(prefix: str) -> list[web.RouteDef]:
    """The calls about uploads, and the storage's own path for them."""
    return [
        web.post(f"{prefix}/requests/files/url-uploads", post_upload_url, name="upload-url"),
        web.put(f"{prefix}/requests/files/url-uploads", put_upload_url, name="renew-upload-url"),
        web.put(f"{STORAGE_PATH}/uploads/{{key}}", put_file, name="upload"),
        web.get(f"{prefix}/requests/files", get_file_status, name="file-status", allow_head=False),
        # The migration page writes this path for the same question (das.md 1.3, row 4b).
        web.get(f"{prefix}/requests/url-uploads", get_file_status, name="file-status.alias", allow_head=False),
    ]


def storage_refusal(status: HTTPStatus, code: str, message: str) -> web.Response:
    """An object store's refusal: XML, no DAS body."""
    text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return web.Response(status=status, text=text, content_type="application/xml")


def fits_magic(kind: str, head: bytes) -> bool:
    """Whether the first bytes are those of the format `pdf` or `zip`."""
    return head.startswith(_MAGIC[kind])


def _new_url(bureau: Bureau, file: StoredFile) -> str:
    file.upload_key = secrets.token_urlsafe(24)
    file.upload_until = bureau.now() + timedelta(seconds=bureau.settings.timings.upload_url_life)
    return bureau.storage_url("uploads", file.upload_key)


def _own(bureau: Bureau, office: str, file_id: str) -> StoredFile:
    file = bureau.memory.files.get(file_id)
    if file is None or file.office != office:
        raise Refusal(HTTPStatus.NOT_FOUND, "NOT_FOUND", "no such file")
    return file


def _by_key(bureau: Bureau, key: str) -> StoredFile | None:
    files = bureau.memory.files.values()
    return next((file for file in files if hmac.compare_digest(file.upload_key.encode(), key.encode())), None)


async def _store(request: web.Request, file: StoredFile) -> None:
    digest = hashlib.sha256()
    size = 0
    part = file.path.with_suffix(f".{secrets.token_hex(4)}")
    try:
        with part.open("wb") as stream:
            async for chunk in request.content.iter_chunked(65536):
                digest.update(chunk)
                size += len(chunk)
                stream.write(chunk)
        part.replace(file.path)
    finally:
        part.unlink(missing_ok=True)
    file.size = size
    file.found_checksum = digest.hexdigest()
    file.found_type = request.content_type


async def _examine(bureau: Bureau, file: StoredFile) -> None:
    if file.found_checksum != file.checksum:
        why = "checksum"
    elif file.found_type != MEDIA_TYPES[file.format]:
        why = "content type"
    elif not fits_magic(file.format, _head(file.path)):
        why = "format"
    else:
        file.status = FileStatus.ACCEPTED
        bureau.record.append(Did.FILE_ACCEPTED, office=file.office, file=file.file_id)
        return
    file.status = FileStatus.REJECTED
    bureau.record.append(Did.FILE_REJECTED, office=file.office, file=file.file_id, why=why)


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(8)
