"""What the ledger's door is given to reconcile: the books of the hosted offices, and with whom they are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.core.office import OfficeCode
from gateway.core.reconcile import Book, BookTree
from gateway.wire.reconcile import AskedBody

__all__ = ["Books", "Reconciling"]


class Books(Protocol):
    """The books of the hosted offices; what is refused is said in gateway/app/reconciling.py."""

    async def statement(self, hosted: OfficeCode, partner: OfficeCode, book: Book, at: datetime) -> bytes: ...

    async def tree(self, hosted: OfficeCode, partner: OfficeCode, book: Book, at: datetime) -> BookTree: ...

    async def leaves(
        self, hosted: OfficeCode, partner: OfficeCode, book: Book, at: datetime, buckets: Sequence[int]
    ) -> list[bytes]: ...

    async def answer(
        self, hosted: OfficeCode, partner: OfficeCode, book: Book, at: datetime, *, asked: AskedBody, came: bytes
    ) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciling:
    """The books, and the offices with which it is agreed to compare them."""

    books: Books
    partners: frozenset[OfficeCode]
