"""The office's digital library: its documents, the requests for them and the keys to fetch them.

Rules: a document is given only for the right kind, number, date and code; what differs is told by number,
never with the expected value; a key opens one document.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from datetime import date
from pathlib import Path

from sandbox.hostility import Hostility
from sandbox.office.config import Document

__all__ = ["Library"]

NOT_REGISTERED, WRONG_DATE, WRONG_CODE = -7, -12, -14


class Library:
    """Documents kept here, and what was asked of them."""

    def __init__(self, documents: tuple[Document, ...], hostility: Hostility) -> None:
        self._documents = list(documents)
        self._hostility = hostility
        self._asked: dict[str, Document] = {}
        self._opened: dict[str, Document] = {}

    def keep(self, document: Document) -> None:
        """Take one more document in; the same kind and number replaces the older."""
        known = (document.kind, document.number)
        self._documents = [kept for kept in self._documents if (kept.kind, kept.number) != known]
        self._documents.append(document)

    def differences(self, kind: str, number: str, day: date, access_code: str) -> list[int]:
        """-7 alone, or -12 and -14 as they apply; empty when the document can be given."""
        document = self._find(kind, number)
        if document is None:
            return [NOT_REGISTERED]
        wrong = [] if document.day == day else [WRONG_DATE]
        if not hmac.compare_digest((document.access_code or "").encode(), access_code.encode()):
            wrong.append(WRONG_CODE)
        return wrong

    def ask(self, kind: str, number: str) -> str:
        """A new acknowledgement for a document that is here; raises KeyError if it is not."""
        document = self._find(kind, number)
        if document is None:
            raise KeyError(number)
        ack = self._hostility.identifier(f"lib-{uuid.uuid4()}", "retrieve")
        self._asked[ack] = document
        return ack

    def open(self, ack: str, kind: str, number: str, day: date) -> str | None:
        """A key to the file asked for under this acknowledgement, if it is of that document; else None."""
        document = self._asked.get(ack)
        if document is None or (document.kind, document.number, document.day) != (kind, number, day):
            return None
        key = secrets.token_urlsafe(24)
        self._opened[key] = document
        return key

    def file(self, key: str) -> Path | None:
        """The file that the key opens, or None."""
        document = self._opened.get(key)
        return None if document is None else Path(document.file)

    def _find(self, kind: str, number: str) -> Document | None:
        wanted = (kind, number)
        here = (document for document in self._documents if document.hosting == "office")
        return next((document for document in here if (document.kind, document.number) == wanted), None)
