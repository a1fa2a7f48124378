"""What IPAS means by a fault: its one free text, matched against a table that each office can extend.

Rules:
- No codes and no wording are documented, so the built-in rows are guesses for common wordings; an office's own rows
  are asked first. What no row knows is UNKNOWN and held for a person, who then adds a row.
- The text itself goes nowhere: what leaves here is a Meaning.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adapters.ipas.operations import Operation
from gateway.core.reason import Reason

__all__ = ["BUILT_IN", "REASONS", "Faulted", "Meaning", "Row", "classify"]


class Meaning(StrEnum):
    """What a fault says."""

    ABSENT = "absent"  # what was asked for does not exist
    TAKEN = "taken"  # the document number is used already
    LOG_NOT_OPEN = "log-not-open"
    LOG_OPEN = "log-open"  # it is open already
    LOG_CLOSED = "log-closed"  # it was closed; the closing must be undone
    FILE_UNKNOWN = "file-unknown"
    BUSY = "busy"
    UNAUTHORISED = "unauthorised"
    REFUSED = "refused"  # no repetition can help
    UNKNOWN = "unknown"


#: How an attempt ends by a fault that the steps of the hand-over do not overcome themselves.
REASONS: Final[Mapping[Meaning, Reason]] = {
    Meaning.ABSENT: Reason.REMOTE_UNKNOWN_ERROR,
    Meaning.TAKEN: Reason.ALREADY_REGISTERED,
    Meaning.LOG_NOT_OPEN: Reason.RECEIVER_NOT_READY,
    Meaning.LOG_OPEN: Reason.RECEIVER_NOT_READY,
    Meaning.LOG_CLOSED: Reason.RECEIVER_NOT_READY,
    Meaning.FILE_UNKNOWN: Reason.LOCAL_FILE_UNKNOWN,
    Meaning.BUSY: Reason.REMOTE_BUSY,
    Meaning.UNAUTHORISED: Reason.REMOTE_UNAUTHORIZED,
    Meaning.REFUSED: Reason.REMOTE_REFUSED,
    Meaning.UNKNOWN: Reason.REMOTE_UNKNOWN_ERROR,
}


class Faulted(Exception):
    """IPAS refused an operation: nothing was done. Carries the meaning and never the text."""

    def __init__(self, operation: Operation, meaning: Meaning) -> None:
        super().__init__(f"{operation.value}: {meaning.value}")
        self.operation = operation
        self.meaning = meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: for these operations (None: any), a text in which the pattern is found means that."""

    operations: frozenset[Operation] | None
    pattern: re.Pattern[str]
    meaning: Meaning


def _row(meaning: Meaning, pattern: str, *operations: Operation) -> Row:
    return Row(
        operations=frozenset(operations) or None,
        pattern=re.compile(pattern, re.IGNORECASE),
        meaning=meaning,
    )


_O = Operation
_NONE = r"\b(?:not? (?:exist|found)|doesn't exist|no existe|no encontrad|n'existe pas|introuvable|não existe)"

#: Asked from the top; the first row that fits decides.
BUILT_IN: Final = (
    _row(Meaning.BUSY, r"deadlock|lock wait|time[d-]? ?out|try again|row ?version"),
    _row(Meaning.UNAUTHORISED, r"not authori[sz]ed|unauthori[sz]ed|permission|access denied"),
    _row(Meaning.LOG_OPEN, r"already open|is open|not closed", _O.LOG_OPEN, _O.LOG_UNDO_CLOSE),
    _row(Meaning.LOG_CLOSED, r"\bclos(?:ed|ing)\b", _O.LOG_OPEN),
    _row(Meaning.LOG_NOT_OPEN, r"not open|already closed|is closed", _O.LOG_CLOSE),
    _row(Meaning.LOG_NOT_OPEN, r"\blog\b.{0,60}\b(?:not open|is closed|not exist)", _O.USERDOC_RECEIVE),
    _row(Meaning.FILE_UNKNOWN, rf"\bfile\b.{{0,80}}{_NONE}", _O.USERDOC_RECEIVE),
    _row(
        Meaning.TAKEN,
        r"already exists|duplicate|unique (?:key|index|constraint)|ya existe|existe déjà|já existe",
        _O.USERDOC_RECEIVE,
        _O.USERDOC_CHECK,
    ),
    _row(Meaning.ABSENT, _NONE, _O.USERDOC_READ, _O.LOG_READ, _O.FILE_READ, _O.DOCUMENT_READ),
)


def classify(operation: Operation, text: str, own: Iterable[Row] = ()) -> Meaning:
    """Find what a fault text means, the office's `own` rows first; UNKNOWN if no row fits."""
    for row in (*own, *BUILT_IN):
        if (row.operations is None or operation in row.operations) and row.pattern.search(text):
            return row.meaning
    return Meaning.UNKNOWN
