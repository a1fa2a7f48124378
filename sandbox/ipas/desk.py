"""The reception desk: daily logs and user documents, with everything that is refused there.

Rules:
- A document is received only into a log of its day, origin and name that is open; its number is given by the caller
  and can be given once.
- A closed log is not opened again: its closing is undone. No log lies in the future.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sandbox.ipas.config import FileKey, Known, Settings
from sandbox.ipas.faults import IpasFault
from sandbox.ipas.register import DocumentKey, LogKey, LogState, Register, Userdoc, print_key
from sandbox.record import Record

__all__ = ["Desk"]

Values = dict[str, Any]


def file_key(values: Values) -> FileKey:
    """The key of a file; raises IpasFault if a part is missing."""
    try:
        return values["fileSeq"], values["fileType"], values["fileSeries"], values["fileNbr"]
    except KeyError:
        raise IpasFault("The file id is not complete") from None


def document_key(values: Values | None) -> DocumentKey:
    """The key of a document; raises IpasFault if a part is missing."""
    try:
        given = values or {}
        return given["docOrigin"], given["docLog"], given["docSeries"], given["docNbr"]
    except KeyError:
        raise IpasFault("The document id is not complete") from None


def document_values(key: DocumentKey) -> Values:
    """A document key as IPAS writes it."""
    return {"docOrigin": key[0], "docLog": key[1], "docSeries": key[2], "docNbr": key[3]}


def file_values(key: FileKey) -> Values:
    """A file key as IPAS writes it."""
    return {"fileSeq": key[0], "fileType": key[1], "fileSeries": key[2], "fileNbr": key[3]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The operations on logs and user documents; arguments and results as plain values after the shapes."""

    settings: Settings
    register: Register
    record: Record
    now: Callable[[], datetime]

    def today(self) -> date:
        """The present day in the office's zone."""
        return self.now().astimezone(self.settings.zone).date()

    def absent(self, text: str) -> None:
        """Answer "there is none" in the way this installation does: no value, or a fault."""
        if self.settings.says_no_by == "fault":
            raise IpasFault(text)

    # daily log

    def read_log(self, arguments: Values) -> Values | None:
        """DailyLogRead: the log, or nothing if that day was never opened."""
        key = self._log_key(arguments)
        state = self.register.logs.get(key)
        if state is None:
            self.absent("The daily log does not exist")
            return None
        numbers = sorted(self.register.numbers(key, self.settings))
        return {
            "dailyLogId": arguments["arg0"],
            "firstDocNbr": numbers[0] if numbers else None,
            "lastDocNbr": numbers[-1] if numbers else None,
            "indOpen": state is LogState.OPEN,
            "indClosed": state is LogState.CLOSED,
        }

    def open_log(self, arguments: Values) -> bool:
        """DailyLogOpen: a day that was never opened."""
        key = self._log_key(arguments)
        if key[0] > self.today():
            raise IpasFault("A daily log of a future date cannot be opened")
        if self.register.logs.get(key) is LogState.OPEN:
            raise IpasFault("The daily log is already open")
        if key in self.register.logs:
            raise IpasFault("The daily log is closed; undo its closing first")
        return self._set(key, LogState.OPEN, "log-opened")

    def close_log(self, arguments: Values) -> bool:
        """DailyLogClose: an open log."""
        key = self._log_key(arguments)
        if self.register.logs.get(key) is not LogState.OPEN:
            raise IpasFault("The daily log is not open")
        return self._set(key, LogState.CLOSED, "log-closed")

    def undo_close(self, arguments: Values) -> bool:
        """DailyLogUndoClose: a closed log becomes open again."""
        key = self._log_key(arguments)
        if self.register.logs.get(key) is not LogState.CLOSED:
            raise IpasFault("The daily log is not closed")
        return self._set(key, LogState.OPEN, "log-reopened")

    def _log_key(self, arguments: Values) -> LogKey:
        values = arguments.get("arg0") or {}
        try:
            day = values["dailyLogDate"].astimezone(self.settings.zone).date()
            key = (day, values["docOrigin"], values["docLog"])
        except KeyError:
            raise IpasFault("The daily log id is not complete") from None
        self._check_log(key[1], key[2])
        return key

    def _check_log(self, origin: str, log: str) -> None:
        if not any((known.origin, known.log) == (origin, log) for known in self.settings.log):
            raise IpasFault("There is no such log at this origin")

    def _set(self, key: LogKey, state: LogState, effect: str) -> bool:
        self.register.logs[key] = state
        self.register.keep()
        self.record.append(effect, day=key[0].isoformat(), origin=key[1], log=key[2])
        return True

    # user documents

    def check_new(self, arguments: Values) -> bool:
        """UserdocCheckIntegrityForNewDocId: whether the number can be given to a new document."""
        key = document_key(arguments.get("arg0"))
        self._check_log(key[0], key[1])
        if key in self.register.userdocs:
            self.absent("The document id already exists")
            return False
        return True

    def read_userdoc(self, arguments: Values) -> Values | None:
        """UserdocRead: a user document, or nothing."""
        userdoc = self.register.userdocs.get(document_key(arguments.get("arg0")))
        if userdoc is None:
            self.absent("The document does not exist")
            return None
        return self._view(userdoc)

    def receive(self, arguments: Values) -> Values:
        """UserdocReceive, in the order of these steps; nothing is changed before the last."""
        # 1. the key of the new document, in an existing log, of the origin the call names
        key = document_key(arguments.get("arg12"))
        if arguments.get("arg0") != key[0]:
            raise IpasFault("The origin differs from the origin of the document id")
        self._check_log(key[0], key[1])
        # 2. type, user, files, related documents
        if arguments.get("arg1") not in self.settings.userdoc_types:
            raise IpasFault("The userdoc type does not exist")
        user = arguments.get("arg8")
        if user not in self.settings.users:
            raise IpasFault("The user does not exist")
        files = tuple(file_key(values) for values in arguments.get("arg2", ()))
        if not files:
            raise IpasFault("There is no affected file")
        for one in files:
            if self.file(one) is None:
                raise IpasFault(f"The file {print_key(one)} does not exist")
        if "arg4" in arguments:
            raise IpasFault("The office document does not exist")
        related = document_key(arguments["arg10"]) if "arg10" in arguments else None
        if related is not None and related not in self.register.userdocs:
            raise IpasFault("The related document does not exist")
        # 3. the day, and its log
        received = arguments.get("arg6")
        if received is None:
            raise IpasFault("The reception date is missing")
        day = received.astimezone(self.settings.zone).date()
        if day > self.today():
            raise IpasFault("The reception date lies in the future")
        if self.register.logs.get((day, key[0], key[1])) is not LogState.OPEN:
            raise IpasFault(f"The daily log of {day.isoformat()} is not open")
        # 4. the number, once
        if key in self.register.userdocs:
            raise IpasFault(f"The document {print_key(key)} already exists")
        # 5. done
        userdoc = Userdoc(
            key=key,
            type=arguments["arg1"],
            files=files,
            received=received,
            notes=arguments.get("arg9"),
            user=user,
            section=arguments.get("arg5"),
            related=related,
        )
        self.register.userdocs[key] = userdoc
        self.register.keep()
        self.record.append(
            "userdoc-received",
            document=print_key(key),
            type=userdoc.type,
            files=" ".join(print_key(one) for one in files),
            day=day.isoformat(),
            notes=userdoc.notes,
        )
        return self._view(userdoc)

    def file(self, key: FileKey) -> Known | None:
        """A file of the register, or None."""
        return next((known for known in self.settings.file if known.key == key), None)

    def _view(self, userdoc: Userdoc) -> Values:
        document = document_values(userdoc.key)
        return {
            "affectedDocumentId": document_values(userdoc.related) if userdoc.related else None,
            "affectedFileIdList": [file_values(key) for key in userdoc.files],
            "documentId": document,
            "filingData": {
                "captureUserId": userdoc.user,
                "filingDate": userdoc.received,
                "receptionDate": userdoc.received,
                "receptionDocument": {"documentId": document},
                "userdocTypeList": [{"userdocType": userdoc.type, "userdocName": userdoc.type.title()}],
            },
            "notes": userdoc.notes,
            "officeSectionId": userdoc.section,
            "rowVersion": 1,
        }
