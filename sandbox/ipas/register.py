"""What the installation holds: daily logs, user documents, the server folder; kept in memory or in one JSON file.

Rules: a state is changed, written to its file if there is one, and only then answered for.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from sandbox.ipas.config import FileKey, Settings

__all__ = ["DocumentKey", "LogKey", "LogState", "Register", "StoredFile", "Userdoc", "print_key"]

#: origin, log, series, number
DocumentKey = tuple[str, str, int, int]

#: day in the office's zone, origin, log
LogKey = tuple[date, str, str]


class LogState(StrEnum):
    """A day that was never opened has no state at all."""

    OPEN = "open"
    CLOSED = "closed"


class Userdoc(msgspec.Struct, frozen=True, kw_only=True):
    """A received user document."""

    key: DocumentKey
    type: str
    files: tuple[FileKey, ...]
    received: datetime
    notes: str | None
    user: int | None
    section: dict[str, str] | None = None
    related: DocumentKey | None = None


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the server folder."""

    content: bytes
    kind: str | None


class _Kept(msgspec.Struct, kw_only=True):
    logs: list[tuple[LogKey, LogState]]
    userdocs: list[Userdoc]
    folder: list[tuple[str, str, str | None]]


@dataclass(slots=True, kw_only=True)
class Register:
    """The state itself; whoever changes it calls `keep` afterwards."""

    logs: dict[LogKey, LogState] = field(default_factory=dict)
    userdocs: dict[DocumentKey, Userdoc] = field(default_factory=dict)
    folder: dict[str, StoredFile] = field(default_factory=dict)
    file: Path | None = None

    @classmethod
    def start(cls, settings: Settings, file: Path | None, today: date) -> Register:
        """The state of the file if there is one, else what the configuration says the desk has done."""
        register = cls(file=file)
        if file is not None and file.exists():
            register._restore(file.read_bytes())
            return register
        for log in settings.log:
            days = [(day, LogState.OPEN) for day in log.opened] + [(day, LogState.CLOSED) for day in log.closed]
            if log.today != "untouched":
                days.append((today, LogState(log.today)))
            register.logs |= {(day, log.origin, log.log): state for day, state in days}
        for taken in settings.taken:
            origin, name, series, number = taken.split("/")
            key = (origin, name, int(series), int(number))
            register.userdocs[key] = Userdoc(
                key=key,
                type="DESK",
                files=(),
                received=datetime.combine(today, datetime.min.time(), settings.zone),
                notes="entered at the reception desk",
                user=None,
            )
        return register

    def numbers(self, key: LogKey, settings: Settings) -> Iterator[int]:
        """The numbers received in one daily log, in no order."""
        for userdoc in self.userdocs.values():
            day = userdoc.received.astimezone(settings.zone).date()
            if (day, userdoc.key[0], userdoc.key[1]) == key:
                yield userdoc.key[3]

    def keep(self) -> None:
        """Write the state to its file, whole or not at all."""
        if self.file is None:
            return
        kept = _Kept(
            logs=list(self.logs.items()),
            userdocs=list(self.userdocs.values()),
            folder=[
                (path, base64.b64encode(stored.content).decode(), stored.kind) for path, stored in self.folder.items()
            ],
        )
        beside = self.file.with_suffix(".new")
        beside.write_bytes(msgspec.json.encode(kept))
        beside.replace(self.file)

    def _restore(self, content: bytes) -> None:
        kept = msgspec.json.decode(content, type=_Kept)
        self.logs = dict(kept.logs)
        self.userdocs = {userdoc.key: userdoc for userdoc in kept.userdocs}
        self.folder = {
            path: StoredFile(content=base64.b64decode(content), kind=kind) for path, content, kind in kept.folder
        }


def print_key(key: DocumentKey | FileKey) -> str:
    """A key as people write it: `1/E/2026/456`."""
    return "/".join(str(part) for part in key)
