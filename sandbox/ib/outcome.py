"""How a retrieval ends: a file in the transit zone or an error, and who is told (call 14, IB to OSF).

Rules: an office with an endpoint is notified in the background, one without polls; the notification counts
only when the office answers 204 (since 2024-12-12).
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sandbox.hostility import Switch
from sandbox.ib.bureau import Bureau, moment
from sandbox.ib.config import Office
from sandbox.ib.dialing import Unreachable, post
from sandbox.ib.state import Did, Retrieval, Status

__all__ = ["complete", "drop_file", "fail", "notify_outcome"]


def complete(bureau: Bureau, retrieval: Retrieval, path: Path, kind: str, checksum: str) -> None:
    """The file is in the transit zone: success."""
    retrieval.path, retrieval.format, retrieval.checksum = path, kind, checksum
    retrieval.download_key = secrets.token_urlsafe(24)
    retrieval.ready_at = bureau.now()
    registration = retrieval.registration
    retrieval.available_at = registration.newest.available_at if registration else retrieval.ready_at
    retrieval.status = Status.SUCCESS
    bureau.record.append(Did.RETRIEVAL_COMPLETED, office=retrieval.office, ack=retrieval.ack)
    notify_outcome(bureau, retrieval)


def fail(bureau: Bureau, retrieval: Retrieval, number: int, message: str) -> None:
    """The retrieval ends in the status `error` with this number and text."""
    retrieval.status, retrieval.error, retrieval.message = Status.ERROR, int(number), message
    bureau.record.append(Did.RETRIEVAL_FAILED, office=retrieval.office, ack=retrieval.ack, error=int(number))
    notify_outcome(bureau, retrieval)


def drop_file(bureau: Bureau, retrieval: Retrieval) -> None:
    """Take the file out of the transit zone; a file the Bureau itself holds for an office stays with it."""
    if retrieval.path is None:
        return
    if retrieval.path.parent.name == "transit":
        retrieval.path.unlink(missing_ok=True)
    retrieval.path, retrieval.download_key, retrieval.listed = None, "", False
    bureau.record.append(Did.FILE_DELETED, office=retrieval.office, ack=retrieval.ack)


def notify_outcome(bureau: Bureau, retrieval: Retrieval) -> None:
    """Tell the accessing office where the retrieval stands, if it has an endpoint."""
    office = bureau.settings.by_code(retrieval.office)
    if office is None or office.endpoint is None:
        return
    body = {
        "requestAckId": retrieval.ack,
        "requestStatusCategory": retrieval.status.value,
        "errorCode": retrieval.error,
        "statusMessage": retrieval.message,
        "documentAvailabilityDate": moment(retrieval.available_at),
    }
    times = 2 if bureau.hostility.strikes(Switch.DUPLICATE, "notification") else 1
    for _ in range(times):
        bureau.bench.spawn(_notify(bureau, office, body))


async def _notify(bureau: Bureau, office: Office, body: dict[str, Any]) -> None:
    try:
        status = (await post(bureau, office, "/requests/notifications", body)).status
    except Unreachable:
        status = 0
    done = Did.NOTIFICATION_SENT if status == HTTPStatus.NO_CONTENT else Did.NOTIFICATION_FAILED
    bureau.record.append(done, office=office.code, ack=body["requestAckId"], status=status)
