"""What the Bureau remembers: files, registrations with their versions, requests, retrievals, mail.

Rules: rows change only in the room that owns them (files, registrations, retrievals); nothing is lost by a
correction or replacement, the older version stays (at least five years with the real one).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

__all__ = [
    "Did",
    "FileStatus",
    "Mail",
    "Memory",
    "Note",
    "Registration",
    "Request",
    "Retrieval",
    "Status",
    "StoredFile",
    "Version",
]


class FileStatus(StrEnum):
    """`fileStatusCategory`, in the letter case of the sample client."""

    PROCESSING = "processing"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


class Status(StrEnum):
    """`requestStatusCategory` since 2024-01-14."""

    PENDING = "pending"
    SUCCESS = "success"
    ERROR = "error"


class Did(StrEnum):
    """The kinds of effects in the record."""

    TOKEN_ISSUED = "token-issued"  # noqa: S105 - a name
    UPLOAD_URL_MADE = "upload-url-made"
    UPLOAD_STORED = "upload-stored"
    FILE_ACCEPTED = "file-accepted"
    FILE_REJECTED = "file-rejected"
    REGISTERED = "registered"
    CORRECTED = "corrected"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    REQUEST_FAILED = "request-failed"
    CERTIFICATE_MADE = "certificate-made"
    RETRIEVAL_REQUESTED = "retrieval-requested"
    RETRIEVAL_FORWARDED = "retrieval-forwarded"
    RETRIEVAL_COMPLETED = "retrieval-completed"
    RETRIEVAL_FAILED = "retrieval-failed"
    DOWNLOADED_FROM_OFFICE = "downloaded-from-office"
    DOWNLOAD_SERVED = "download-served"
    FILE_DELETED = "file-deleted"
    NOTIFICATION_SENT = "notification-sent"
    NOTIFICATION_FAILED = "notification-failed"
    NOTIFICATION_RECEIVED = "notification-received"
    MAIL_SENT = "mail-sent"
    REFUSAL = "refusal"


@dataclass(slots=True, kw_only=True)
class StoredFile:
    """A file announced by an office and, once uploaded, kept at `path`."""

    file_id: str
    office: str
    reference: str
    format: str
    checksum: str
    path: Path
    upload_key: str
    upload_until: datetime
    status: FileStatus = FileStatus.PROCESSING
    uploaded: bool = False
    size: int | None = None
    found_checksum: str = ""
    found_type: str = ""
    used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One state of a registered document; `file` is None when the office keeps it."""

    document_date: date
    available_at: datetime
    file: StoredFile | None


@dataclass(slots=True, kw_only=True)
class Registration:
    """A document registered by an office; the newest version is the last."""

    office: str
    kind: str
    number: str
    ack: str
    access_code: str
    email: str | None
    application_number: str | None
    application_date: date | None
    versions: list[Version]
    withdrawn: str | None = None
    fetched: dict[str, str] = field(default_factory=dict)  # accessing office -> its retrieval's ack

    @property
    def newest(self) -> Version:
        """What is served now."""
        return self.versions[-1]


@dataclass(slots=True, kw_only=True)
class Request:
    """A registration, correction, replacement or withdrawal under way or done."""

    ack: str
    office: str
    status: Status = Status.PENDING
    error: int | None = None
    message: str | None = None
    available_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Retrieval:
    """An accessing office's request, its copy in the transit zone, and the hop to the holding office."""

    ack: str
    office: str
    kind: str
    number: str
    document_date: date
    status: Status = Status.PENDING
    error: int | None = None
    message: str | None = None
    available_at: datetime | None = None
    registration: Registration | None = None
    holder_ack: str | None = None
    collecting: bool = False
    path: Path | None = None
    format: str = "pdf"
    checksum: str | None = None
    ready_at: datetime | None = None
    download_key: str = ""
    listed: bool = True

    def expired(self, now: datetime, life: float) -> bool:
        """Whether the transit zone has dropped the file; `life` in seconds."""
        return self.ready_at is not None and now >= self.ready_at + timedelta(seconds=life)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """An e-mail the Bureau would have sent."""

    to: str
    subject: str
    text: str
    at: datetime
    access_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a holding office notified of a forwarded retrieval."""

    status: Status
    error: int | None


@dataclass(slots=True, kw_only=True)
class Memory:
    """All rows, by their identifiers."""

    files: dict[str, StoredFile] = field(default_factory=dict)
    registrations: list[Registration] = field(default_factory=list)
    requests: dict[str, Request] = field(default_factory=dict)
    retrievals: dict[str, Retrieval] = field(default_factory=dict)
    mailbox: list[Mail] = field(default_factory=list)
    #: (holding office, its ack) -> our ack
    forwarded: dict[tuple[str, str], str] = field(default_factory=dict)
    #: calls to a holding office whose ack has not come back yet, and notifications that overtook it
    awaited: Counter[str] = field(default_factory=Counter)
    early: dict[tuple[str, str], Note] = field(default_factory=dict)
