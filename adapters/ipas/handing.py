"""What is handed over, and what tells our documents from others'."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from adapters.ipas.keys import DocumentKey
from gateway.core.office import Application

__all__ = ["HandedOver", "Handing", "Sheet"]

_NOTES: Final = 200  # characters; the length of the column is not documented


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One document of the cargo: what its file on the server is called, and what must be read back.

    `name` may hold `{number}`, filled in when the document has one.
    """

    name: str
    suffix: str
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """One hand-over: `earlier` is the key under which an earlier version went in."""

    exchange_id: str
    version: int
    application: Application
    own_number: str | None
    received_at: datetime
    now: datetime
    sheets: tuple[Sheet, ...]
    earlier: DocumentKey | None

    @property
    def mark(self) -> str:
        """One word in the notes: exchange and version."""
        return f"pouch/{self.exchange_id}/{self.version}"

    @property
    def notes(self) -> str:
        """The mark, then words for people."""
        return f"{self.mark} {self.application.office} {self.application.number}"[:_NOTES]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What became of it: the key in the register, the receipt date, and whether its files were read back."""

    document: DocumentKey
    day: date
    compared: bool
