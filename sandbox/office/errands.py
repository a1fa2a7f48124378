"""What the office does at the Bureau: register its documents, retrieve those it wants.

Rules: "already registered" is success, since an answer may have been lost; a file counts only when its digest
is the announced one; each errand ends in one effect of the record.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sandbox.office.client import DasClient, Turned
from sandbox.office.config import Document, Settings, Wanted
from sandbox.record import Record

__all__ = ["Errands"]

_MEDIA = {b"%PDF": ("pdf", "application/pdf"), b"PK\x03\x04": ("zip", "application/zip")}
_ALREADY_REGISTERED = -20
_SELDOM = 10


@dataclass(slots=True, kw_only=True)
class Errands:
    """The office's errands; `notified` holds the acknowledgements the Bureau has told us about."""

    settings: Settings
    client: DasClient
    record: Record
    notified: set[str] = field(default_factory=set)
    retrieved: dict[str, str] = field(default_factory=dict)  # acknowledgement -> file name

    async def register(self, document: Document) -> None:
        """Upload if the Bureau shall hold the file, register, and wait for the outcome."""
        try:
            file_id = await self._upload(document) if document.hosting == "bureau" else None
            body: dict[str, Any] = {
                "operationCategory": "registration",
                "documentKindCategory": document.kind,
                "documentNumber": document.number,
                "documentDate": document.day.isoformat(),
                "dasAccessCode": document.access_code,
                "email": document.email,
            }
            if file_id is not None:
                body["fileId"] = file_id
            answer = await self.client.call("POST", "/requests/registrations", body)
            status = await self._settled(answer["requestAckId"])
        except Turned as no:
            self.record.append("registration-failed", document=document.number, status=no.status)
            return
        good = status.get("requestStatusCategory") == "success" or status.get("errorCode") == _ALREADY_REGISTERED
        kind = "registered" if good else "registration-failed"
        self.record.append(kind, document=document.number, error=status.get("errorCode"))

    async def retrieve(self, wanted: Wanted) -> None:
        """Ask, wait by notification or polling, download, compare, and keep the file in the folder."""
        body: dict[str, Any] = {
            "operationCategory": "retrieval",
            "documentKindCategory": wanted.kind,
            "documentNumber": wanted.number,
            "documentDate": wanted.day.isoformat(),
            "dasAccessCode": wanted.access_code,
        }
        if wanted.holding_office is not None:
            filed = wanted.application_date
            body["holdingOfficeCode"] = wanted.holding_office
            body["applicationNumber"] = wanted.application_number
            body["applicationFilingDate"] = None if filed is None else filed.isoformat()
        try:
            ack = str((await self.client.call("POST", "/requests/retrievals", body))["requestAckId"])
            row = await self._completed(ack)
        except Turned as no:
            numbers = ",".join(str(number) for number in no.numbers)
            self.record.append("retrieval-failed", document=wanted.number, status=no.status, numbers=numbers)
            return
        if row is None or row.get("requestStatusCategory") != "success":
            error = None if row is None else row.get("errorCode")
            self.record.append("retrieval-failed", document=wanted.number, status=0, numbers=str(error))
            return
        self.record.append("retrieved", document=wanted.number, ack=ack, sha256=row["fileChecksum"])

    async def _upload(self, document: Document) -> str:
        content = _read(document)
        kind, media = _MEDIA.get(content[:4], ("pdf", "application/pdf"))
        body = {
            "fileReference": document.number,
            "fileFormatCategory": kind,
            "fileChecksum": hashlib.sha256(content).hexdigest(),
        }
        answer = await self.client.call("POST", "/requests/files/url-uploads", body)
        file_id = str(answer["fileId"])
        status = await self.client.put(answer["fileUploadUrl"], content, media)
        for _ in range(self.settings.patience):
            found = await self.client.call("GET", "/requests/files", query={"fileId": file_id})
            if found.get("fileStatusCategory") == "ACCEPTED":
                return file_id
            if found.get("fileStatusCategory") == "REJECTED":
                break
            if status != HTTPStatus.OK:
                status = await self._upload_again(file_id, content, media)
            await self.client.sleep(self.settings.poll_seconds)
        raise Turned(0)

    async def _upload_again(self, file_id: str, content: bytes, media: str) -> int:
        try:
            answer = await self.client.call("PUT", "/requests/files/url-uploads", {"fileId": file_id})
        except Turned:
            return HTTPStatus.OK  # it has arrived, only the answer was lost
        return await self.client.put(answer["fileUploadUrl"], content, media)

    async def _settled(self, ack: str) -> dict[str, Any]:
        for _ in range(self.settings.patience):
            status = await self.client.call("GET", "/requests/registrations", query={"requestAckId": ack})
            if status.get("requestStatusCategory") != "pending":
                return status
            await self.client.sleep(self.settings.poll_seconds)
        raise Turned(0)

    async def _completed(self, ack: str) -> dict[str, Any] | None:
        for turn in range(self.settings.patience):
            # A notification may be lost, so an office with an endpoint asks as well, only less often.
            if not self.settings.has_endpoint or ack in self.notified or turn % _SELDOM == _SELDOM - 1:
                row = await self._row(ack)
                if row is not None and row.get("requestStatusCategory") == "error":
                    return row
                if row is not None and await self._kept(ack, row):
                    return row
            await self.client.sleep(self.settings.poll_seconds)
        return None

    async def _row(self, ack: str) -> dict[str, Any] | None:
        answer = await self.client.call("GET", "/requests/retrievals", query={"requestAckId": ack})
        bag = answer.get("documentRetrievalResponseBag", [])
        return next((row for row in bag if row.get("requestAckId") == ack), None)

    async def _kept(self, ack: str, row: dict[str, Any]) -> bool:
        url = row.get("fileDownloadUrl")
        if not isinstance(url, str):
            return False
        file = Path(self.settings.folder) / f"retrieved-{len(self.retrieved) + 1:04d}"
        if await self.client.get(url, file) != row.get("fileChecksum"):
            return False
        self.retrieved[ack] = file.name
        return True


def _read(document: Document) -> bytes:
    return Path(document.file).read_bytes()
