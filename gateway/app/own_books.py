"""A hosted office's own books for a command: made from its database, to be compared with a partner's or written out."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from gateway.app.log_keys import load_log_keys
from gateway.app.opening import CannotOpen, open_database
from gateway.core.office import OfficeCode
from gateway.core.reconcile import BUCKETS, Book, BookTree, Found, Identity, Named, Statement
from gateway.settings import Settings
from gateway.store.books import KeptBook, PostgresBooks
from gateway.store.named_queries import load_queries
from gateway.store.pool import DatabaseUnavailable, Pool, open_pool
from gateway.wire.book_file import BookHead, LeafLine, named_body
from gateway.wire.reconcile import render_statement
from pki.notes import sign_note

__all__ = ["DatabaseBook", "opened_books", "write_book"]


#: Buckets written at once: some 250 documents of a million.
_AT_ONCE: Final = 16


class DatabaseBook:
    """One of our books at a moment (evidence.reconciling.OwnBook); its tree is made when it is first asked for."""

    def __init__(self, books: PostgresBooks, hosted: OfficeCode, partner: OfficeCode, book: Book, at: datetime) -> None:
        self._books = books
        self._which = (hosted, partner, book)
        self._at = at
        self._kept: KeptBook | None = None

    async def tree(self) -> BookTree:
        """The tree; Deferred(DATABASE_UNAVAILABLE), OSError where there is no room."""
        return (await self._open()).tree

    async def leaves(self, bucket: int) -> bytes:
        """The leaves of a bucket."""
        return (await self._open()).leaves(bucket)

    async def name(self, leaves: Sequence[tuple[int, bytes]]) -> list[Named | None]:
        """Tell leaves in full; None for one whose rows have changed since."""
        kept = await self._open()
        known = {leaf: of for bucket in {b for b, _ in leaves} for leaf, of in kept.records(bucket)}
        return await self._books.name(self._which[0], [(leaf, known[leaf]) for _, leaf in leaves])

    async def find(self, identities: Sequence[Identity]) -> list[Found]:
        """What the book has of these documents now."""
        return await self._books.find(*self._which, identities)

    async def _open(self) -> KeptBook:
        if self._kept is None:
            self._kept = await self._books.keep(*self._which, self._at)
        return self._kept


@asynccontextmanager
async def opened_books(settings: Settings) -> AsyncIterator[PostgresBooks]:
    """Open the books of a gateway for a command; CannotOpen."""
    async with open_database(settings) as dsn:
        try:
            pool: Pool = await open_pool(dsn, application="pouch reconcile", smallest=1, largest=2)
        except DatabaseUnavailable as error:
            raise CannotOpen(str(error)) from None
        try:
            yield PostgresBooks(pool, load_queries(), settings.gateway.storage)
        finally:
            await pool.close()


async def write_book(
    settings: Settings, hosted: OfficeCode, partner: OfficeCode, book: Book, at: datetime, file: Path
) -> Statement:
    """Write a book with its signed root into a file, to be compared elsewhere; CannotOpen without keys, OSError.

    What was placed at the Bureau is written as leaves only: a partner knows those that it has fetched.
    """
    keys = load_log_keys(settings).get(hosted, ())
    if not keys:
        raise CannotOpen("ledger.keys names no key: nothing can be signed")
    async with opened_books(settings) as books:
        kept = await books.keep(hosted, partner, book, at)
        tree = kept.tree
        statement = Statement(
            origin=keys[0].name, partner=partner, book=book, at=at, documents=tree.documents, root=tree.root
        )
        head = BookHead(note=sign_note(render_statement(statement), keys).decode("utf-8"))
        with file.open("xb") as out:
            out.write(msgspec.json.encode(head) + b"\n")
            for start in range(0, BUCKETS, _AT_ONCE):
                out.write(await _lines(books, kept, hosted, book, range(start, start + _AT_ONCE)))
    return statement


async def _lines(books: PostgresBooks, kept: KeptBook, hosted: OfficeCode, book: Book, buckets: range) -> bytes:
    if book is Book.PLACED:
        lines = [LeafLine(bucket=bucket, leaf=leaf.hex()) for bucket in buckets for leaf, _ in kept.records(bucket)]
        return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    named = await books.name(hosted, [record for bucket in buckets for record in kept.records(bucket)])
    if None in named:
        raise CannotOpen("documents changed while the book was written; try again")
    return b"".join(msgspec.json.encode(named_body(one)) + b"\n" for one in named if one is not None)
