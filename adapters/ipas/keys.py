"""The keys of IPAS: of a file, of a document, of a daily log; as people print them and as they go over the wire."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from adapters.ipas.values import instant, integer

__all__ = ["DocumentKey", "FileKey", "LogKey"]

_DOCUMENT = re.compile(r"([^/]+)/([^/]+)/(\d{1,9})/(\d{1,15})")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKey:
    """cFileId: the key of an application's file, printed `XX/P/2026/123`."""

    seq: str
    type: str
    series: int
    number: int

    def __str__(self) -> str:
        return f"{self.seq}/{self.type}/{self.series}/{self.number}"

    def wrap(self) -> dict[str, Any]:
        """As cFileId."""
        return {
            "fileNbr": integer(self.number),
            "fileSeq": self.seq,
            "fileSeries": integer(self.series),
            "fileType": self.type,
        }

    @classmethod
    def read(cls, answer: Any) -> "FileKey | None":
        """Read a plain cFileId; None if a part is missing, since every field is optional on the wire."""
        parts = _parts(answer, seq="fileSeq", type="fileType", series="fileSeries", number="fileNbr")
        return None if parts is None else cls(**parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKey:
    """cDocumentId: a line of a daily log, printed `1/E/2026/456`; whoever receives the document gives the number."""

    origin: str
    log: str
    series: int
    number: int

    def __str__(self) -> str:
        return f"{self.origin}/{self.log}/{self.series}/{self.number}"

    def wrap(self) -> dict[str, Any]:
        """As cDocumentId."""
        return {
            "docLog": self.log,
            "docNbr": integer(self.number),
            "docOrigin": self.origin,
            "docSeries": integer(self.series),
        }

    @classmethod
    def read(cls, answer: Any) -> "DocumentKey | None":
        """Read a plain cDocumentId; None if a part is missing."""
        parts = _parts(answer, origin="docOrigin", log="docLog", series="docSeries", number="docNbr")
        return None if parts is None else cls(**parts)

    @classmethod
    def parse(cls, text: str) -> "DocumentKey | None":
        """Read the printed form, None if it is none."""
        found = _DOCUMENT.fullmatch(text)
        if found is None:
            return None
        return cls(origin=found[1], log=found[2], series=int(found[3]), number=int(found[4]))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKey:
    """cDailyLogId: the register of one day, in the office's own calendar."""

    day: date
    origin: str
    log: str
    zone: ZoneInfo

    @property
    def midnight(self) -> datetime:
        """The day as clients send it: its beginning, with the office's offset."""
        return datetime.combine(self.day, time(), self.zone)

    def wrap(self) -> dict[str, Any]:
        """As cDailyLogId."""
        return {"dailyLogDate": instant(self.midnight), "docLog": self.log, "docOrigin": self.origin}


def _parts(answer: Any, **fields: str) -> dict[str, Any] | None:
    try:
        parts = {name: answer[field] for name, field in fields.items()}
    except (KeyError, TypeError):
        return None
    return None if None in parts.values() else parts
