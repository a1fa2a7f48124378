"""What comparing two offices' books finds: each difference by its kind, named as people name it, with what to do next.

Rules: a difference is told only after both sides were asked how it stands now; what is still under way is none yet.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from gateway.core.reconcile import Book, Named
from gateway.wire.reconcile import render_moment
from pki.verdict import Indication

__all__ = ["Difference", "Kind", "Reconciliation", "remedy_of"]


class Kind(Enum):
    """How a document differs, seen from here."""

    MISSING_HERE = "missing-here"
    MISSING_THERE = "missing-there"
    ALTERED = "altered"
    OTHER_VERSION = "other-version"
    NOT_PLACED = "not-placed"  # by the Bureau: these bytes were never placed under this number, if anything was


_COMPARE: Final = "compare both certified copies with the dossiers of both sides before anybody relies on either"
_REMEDIES: Final = {
    Kind.MISSING_HERE: {
        Book.TAKEN: "retrieve it again (pouch retrieve); was this database restored from a backup?",
        Book.GIVEN: "the partner has it from us and nothing here says so: was this database restored from a backup?",
    },
    Kind.MISSING_THERE: {
        Book.TAKEN: "the partner has no record of having given it: ask it whether its database was restored",
        Book.GIVEN: "tell the partner to retrieve it again: it took the document and does not have it",
    },
    Kind.ALTERED: {
        Book.TAKEN: f"{_COMPARE}; then retrieve it again",
        Book.GIVEN: f"{_COMPARE}; then let the partner retrieve it again",
    },
    Kind.OTHER_VERSION: {
        Book.TAKEN: "one side has a newer copy: retrieve it again (pouch retrieve), and tell the examiner",
        Book.GIVEN: "one side has a newer copy: tell the partner that it was replaced",
        Book.FETCHED: "it was replaced since it was fetched: retrieve it again (pouch retrieve), and tell the examiner",
    },
    Kind.NOT_PLACED: {
        Book.FETCHED: f"the first office never placed these bytes under this number: {_COMPARE}",
    },
}


def remedy_of(kind: Kind, book: Book) -> str:
    """What to do about a difference of one's own `book`."""
    return _REMEDIES[kind][book]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One document: `ours` and `theirs` are SHA-256 of the newest copies, as far as there are any and they are told."""

    kind: Kind
    document: Named
    ours: bytes | None = None
    theirs: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """One of our books compared with the partner's opposite one, as both were `at` a moment.

    `documents` are in our book, `theirs` in the other. `unsettled` differ and are under way at one side; `settled` did
    at that moment and do no longer.
    """

    book: Book
    partner: str
    at: datetime
    documents: int
    theirs: int
    differences: tuple[Difference, ...] = ()
    unsettled: tuple[Named, ...] = ()
    settled: int = 0

    @property
    def indication(self) -> Indication:
        """PASSED for equal, FAILED for different, INDETERMINATE while something has not come to its end."""
        if self.differences:
            return Indication.FAILED
        return Indication.INDETERMINATE if self.unsettled else Indication.PASSED

    def as_json(self) -> dict[str, Any]:
        """All of it, in plain values."""
        return {
            "book": self.book.value,
            "partner": self.partner,
            "at": render_moment(self.at),
            "result": self.indication.value.lower(),
            "documents": self.documents,
            "partnerDocuments": self.theirs,
            "differences": [_difference(difference, self.book) for difference in self.differences],
            "unsettled": [_name(named) for named in self.unsettled],
            "settledSince": self.settled,
        }


def _difference(difference: Difference, book: Book) -> dict[str, Any]:
    value: dict[str, Any] = {"kind": difference.kind.value, **_name(difference.document)}
    for side, digest in (("ours", difference.ours), ("theirs", difference.theirs)):
        if digest is not None:
            value[side] = digest.hex()
    return {**value, "remedy": remedy_of(difference.kind, book)}


def _name(named: Named) -> dict[str, str]:
    identity = named.identity
    return {
        "documentKind": identity.kind,
        "officeCode": identity.office,
        "right": identity.right,
        "number": named.number,
        "filingDate": named.filing_date,
    }
