"""Reconciling: the books of the hosted offices, made when they are asked for, and what is signed about them.

Rules:
- One book is made at a time in a process, and a few are kept while a partner walks down them: whoever asks for another
  moment waits, or is asked to. Another process makes the same book of the same moment.
- A moment lies back at least so far that two clocks do not disagree about it, and at most a day.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from gateway.app.log_keys import LogKeys
from gateway.app.opening import Gateway
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.reconcile import Book, BookTree, Found, Standing, Statement, standing_of
from gateway.endpoints.ledger.reconciling import Reconciling
from gateway.ports import Clock
from gateway.store.books import KeptBook, PostgresBooks
from gateway.wire.book_file import named_body
from gateway.wire.reconcile import (
    AnsweredBody,
    AskedBody,
    StandingBody,
    render_answer,
    render_moment,
    render_statement,
)
from pki.note_keys import NoteKey
from pki.notes import sign_note

__all__ = ["Bookkeeper", "make_reconciling"]

#: How far a moment lies back at least and at most.
_LEAST: Final = timedelta(minutes=1)
_MOST: Final = timedelta(days=1)
#: Books kept at once, for how long after they were last asked for, and how long lies between two
#: moments of one partner.
_KEPT: Final = 4
_IDLE_SECONDS: Final = 300.0
_BETWEEN_SECONDS: Final = 10.0

#: Who names a copy that is there, or was, has had it.
_HELD: Final = frozenset({Standing.SAME, Standing.EARLIER})

#: Hosted office, partner, book, moment.
_Which = tuple[OfficeCode, OfficeCode, Book, datetime]


def make_reconciling(gateway: Gateway) -> Reconciling:
    """Give the ledger's door the books of an open gateway."""
    settings = gateway.settings
    books = PostgresBooks(gateway.pool, gateway.queries, settings.gateway.storage)
    return Reconciling(
        books=Bookkeeper(books, gateway.log_keys, gateway.line.clock),
        partners=frozenset(map(OfficeCode, settings.ledger.reconciles)),
    )


class Bookkeeper:
    """Keeps books for the ledger's door, and signs what it says about them (endpoints.ledger.reconciling.Books)."""

    def __init__(self, books: PostgresBooks, keys: LogKeys, clock: Clock) -> None:
        self._books = books
        self._keys = keys
        self._clock = clock
        self._kept: OrderedDict[_Which, tuple[KeptBook, asyncio.TimerHandle]] = OrderedDict()
        self._making = asyncio.Lock()
        self._made: dict[OfficeCode, tuple[datetime, float]] = {}

    async def statement(self, hosted: OfficeCode, partner: OfficeCode, book: Book, at: datetime) -> bytes:
        """The signed root of the book at that moment.

        As from every method: Refused with NO_SUCH_ADDRESS (nothing signs here), LEDGER_OUT_OF_RANGE (the moment),
        Deferred with RATE_EXCEEDED, DISK_FAILED, DATABASE_UNAVAILABLE.
        """
        keys = self._signing(hosted)
        tree = await self.tree(hosted, partner, book, at)
        statement = Statement(
            origin=keys[0].name, partner=partner, book=book, at=at, documents=tree.documents, root=tree.root
        )
        return sign_note(render_statement(statement), keys)

    async def tree(self, hosted: OfficeCode, partner: OfficeCode, book: Book, at: datetime) -> BookTree:
        """The nodes below that root."""
        return (await self._open((hosted, partner, book, at))).tree

    async def leaves(
        self, hosted: OfficeCode, partner: OfficeCode, book: Book, at: datetime, buckets: Sequence[int]
    ) -> list[bytes]:
        """The leaves of those buckets."""
        kept = await self._open((hosted, partner, book, at))
        return [kept.leaves(bucket) for bucket in buckets]

    async def answer(
        self, hosted: OfficeCode, partner: OfficeCode, book: Book, at: datetime, *, asked: AskedBody, came: bytes
    ) -> bytes:
        """Say, signed, how documents stand now and what leaves are; `came` is the question's body as it came.

        Refused(LEDGER_NOT_OPEN) for leaves of PLACED: a partner is not told what it did not fetch.
        """
        keys = self._signing(hosted)
        if asked.leaves and book is Book.PLACED:
            raise Refused(Reason.LEDGER_NOT_OPEN, "leaves")
        kept = await self._open((hosted, partner, book, at))
        known = {
            leaf: exchange_id
            for bucket in {item.bucket for item in asked.leaves}
            for leaf, exchange_id in kept.records(bucket)
        }
        wanted = [bytes.fromhex(item.leaf) for item in asked.leaves]
        named = await self._books.name(hosted, [(leaf, known[leaf]) for leaf in wanted if leaf in known])
        told = {one.leaf: named_body(one) for one in named if one is not None}
        found = await self._books.find(hosted, partner, book, [document.identity for document in asked.documents])
        standings = []
        for document, one in zip(asked.documents, found, strict=True):
            standings.append(_standing_body(bytes.fromhex(document.sha256), one, book))
        answered = AnsweredBody(documents=standings, leaves=[told.get(leaf) for leaf in wanted])
        return sign_note(render_answer(keys[0].name, partner, book, at, came, answered), keys)

    def close(self) -> None:
        """Let all books go."""
        for which in list(self._kept):
            self._drop(which)

    def _signing(self, hosted: OfficeCode) -> tuple[NoteKey, ...]:
        keys = self._keys.get(hosted, ())
        if not keys:
            raise Refused(Reason.NO_SUCH_ADDRESS)
        return keys

    async def _open(self, which: _Which) -> KeptBook:
        age = self._clock.now() - which[3]
        if not _LEAST <= age <= _MOST:
            raise Refused(Reason.LEDGER_OUT_OF_RANGE, "at")
        async with self._making:
            loop = asyncio.get_running_loop()
            if (found := self._kept.pop(which, None)) is not None:
                kept, timer = found
                timer.cancel()
            else:
                self._check_pace(which[1], which[3], loop.time())
                kept = await self._make(which)
            self._kept[which] = kept, loop.call_later(_IDLE_SECONDS, self._drop, which)
            while len(self._kept) > _KEPT:
                self._drop(next(iter(self._kept)))
            return kept

    async def _make(self, which: _Which) -> KeptBook:
        try:
            return await self._books.keep(*which)
        except OSError as error:
            raise Deferred(Reason.DISK_FAILED) from error

    def _check_pace(self, partner: OfficeCode, at: datetime, now: float) -> None:
        """A book costs seconds of the database: who asks for one moment after the other is asked to wait."""
        former, made = self._made.get(partner, (at, now))
        waited = now - made
        if former != at and waited < _BETWEEN_SECONDS:
            raise Deferred(Reason.RATE_EXCEEDED, delay=timedelta(seconds=_BETWEEN_SECONDS - waited))
        self._made[partner] = at, now

    def _drop(self, which: _Which) -> None:
        kept, timer = self._kept.pop(which)
        timer.cancel()
        kept.close()


def _standing_body(value: bytes, found: Found, book: Book) -> StandingBody:
    standing = standing_of(value, found, book)
    if not found.copies or (book is Book.PLACED and standing not in _HELD):
        return StandingBody(standing=standing)
    newest = found.copies[-1]
    told = book is not Book.PLACED or newest.value == value
    return StandingBody(standing=standing, since=render_moment(newest.at), sha256=newest.value.hex() if told else None)
