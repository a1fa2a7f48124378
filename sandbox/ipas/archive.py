"""The register of files and the server folder: what can be searched, read and written there.

Rules: one root; a path is absolute, without dots or odd characters, and below it.
"""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sandbox.ipas.config import Known
from sandbox.ipas.desk import Desk, Values, file_key, file_values
from sandbox.ipas.faults import IpasFault
from sandbox.ipas.register import StoredFile, print_key

__all__ = ["Archive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The operations on files, folder and environment; arguments and results as plain values after the shapes."""

    desk: Desk

    # the register of files

    def read_file(self, arguments: Values) -> Values | None:
        """FileRead: a file, or nothing."""
        known = self.desk.file(file_key(arguments.get("arg0") or {}))
        if known is None:
            self.desk.absent("The file does not exist")
            return None
        return {
            "fileId": file_values(known.key),
            "filingData": self._filing(known),
            "ownershipData": {"ownerList": [{"orderNbr": 1, "person": {"personName": known.owner}}]},
            "priorityData": {
                "parisPriorityList": [
                    {
                        "countryCode": priority.country,
                        "applicationId": priority.number,
                        "priorityDate": self._midnight(priority.date),
                    }
                    for priority in known.priority
                ]
            },
            "rowVersion": 1,
        }

    def count_patents(self, arguments: Values) -> int:
        """PatentCount: how many files PatentGetList would give."""
        return len(self._find(arguments))

    def list_patents(self, arguments: Values) -> list[Values]:
        """PatentGetList: all files that fulfil the criteria, without paging."""
        return [
            {
                "fileId": file_values(known.key),
                "fileIdAsString": print_key(known.key),
                "fileSummaryDescription": known.title,
                "fileSummaryOwner": known.owner,
                "filingData": self._filing(known),
                "indMark": False,
                "indPatent": True,
            }
            for known in self._find(arguments)
        ]

    def _find(self, arguments: Values) -> list[Known]:
        criteria = dict(arguments.get("arg0") or {})
        priority = criteria.pop("criteriaPriority", {})
        filing = criteria.pop("criteriaFilingData", {})
        if (
            criteria
            or priority.keys() - {"priorityCountryCode", "priorityApplicationNbr", "priorityDate"}
            or filing.keys() - {"filingDateFrom", "filingDateTo"}
        ):
            raise IpasFault("This criterion cannot be searched by here")
        return [
            known
            for known in self.desk.settings.file
            if self._claims(known, priority) and self._filed_within(known, filing)
        ]

    def _claims(self, known: Known, wanted: Values) -> bool:
        date = wanted.get("priorityDate")
        return not wanted or any(
            wanted.get("priorityCountryCode") in (None, priority.country)
            and wanted.get("priorityApplicationNbr") in (None, priority.number)
            and (date is None or date.astimezone(self.desk.settings.zone).date() == priority.date)
            for priority in known.priority
        )

    def _filed_within(self, known: Known, wanted: Values) -> bool:
        filed = self._midnight(known.filed)
        after, before = wanted.get("filingDateFrom"), wanted.get("filingDateTo")
        return (after is None or after <= filed) and (before is None or filed <= before)

    def _filing(self, known: Known) -> Values:
        return {"filingDate": self._midnight(known.filed)}

    def _midnight(self, day: Any) -> datetime:
        return datetime.combine(day, time(), self.desk.settings.zone)

    # the server folder

    def write_document(self, arguments: Values) -> bool:
        """OutputFieldWriteDocument: write a file; an existing one is overwritten, as file systems do."""
        path = self._path(arguments.get("arg1"))
        image = arguments.get("arg0") or {}
        content = image.get("content")
        if content is None:
            raise IpasFault("The document has no content")
        folder = self.desk.register.folder
        existed = path in folder
        folder[path] = StoredFile(content=content, kind=image.get("contentType"))
        self.desk.register.keep()
        self.desk.record.append(
            "file-written",
            path=path,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            overwritten=existed,
        )
        return True

    def read_document(self, arguments: Values) -> Values:
        """OutputFieldReadDocument: a file with its bytes."""
        stored = self.desk.register.folder.get(self._path(arguments.get("arg0")))
        if stored is None:
            raise IpasFault("The document was not found on the server")
        return {"content": stored.content, "contentType": stored.kind}

    def list_folder(self, arguments: Values) -> list[Values]:
        """OutputFieldGetFolderContent: the names of the files in a folder."""
        folder = arguments.get("arg0")
        if folder != self.desk.settings.output_root:
            self._path(folder)
        names = [posixpath.split(path) for path in self.desk.register.folder]
        return [{"value": name} for parent, name in names if parent == folder]

    def _path(self, path: str | None) -> str:
        root = self.desk.settings.output_root
        if (
            path is None
            or posixpath.normpath(path) != path
            or not path.startswith(f"{root}/")
            or not path.isprintable()
            or "\\" in path
        ):
            raise IpasFault("The path is not allowed")
        return path

    # the environment

    def list_environments(self, _: Values) -> list[Values]:
        """CommonServicesEnvironmentGetList: this one."""
        return [{"name": self.desk.settings.environment, "description": "sandbox", "indProduction": False}]
