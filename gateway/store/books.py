"""The books of reconciliation, computed from the rows themselves: one pass for a tree, a few look-ups for what differs.

Rules:
- Nothing is kept beside the rows that could grow old: a book is what the tables say at its moment, each time anew.
- Memory does not grow with the number of documents: the pass merges three tables in the order of their keys, and what
  it gives lies in a file without a name.
- The pass runs in one process of the database and in small work memory, so that traffic keeps the rest.
"""

import os
import tempfile
import weakref
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

import asyncpg

from gateway.core.exchange import FactName, Party
from gateway.core.office import BUREAU, OfficeCode
from gateway.core.reconcile import (
    BUCKETS,
    DIGEST,
    Book,
    BookTree,
    Copy,
    Found,
    Identity,
    Named,
    bucket_hash,
    leaf_of,
)
from gateway.core.transmission import Task
from gateway.store.guard import guarded
from gateway.store.pool import Pool

__all__ = ["KeptBook", "PostgresBooks"]

#: A leaf and the exchange it is of.
_RECORD: Final = DIGEST + 16
_PREFETCH: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Which rows a book is made of; `fact` must be known besides."""

    party: Party
    tasks: tuple[Task, ...]
    fact: FactName | None = None
    by_bureau: bool = False


_SOURCES: Final = {
    Book.GIVEN: _Source(party=Party.DEPOSITING, tasks=(Task.ANSWER,), fact=FactName.TAKEN_BY_COUNTERPART),
    Book.TAKEN: _Source(party=Party.ACCESSING, tasks=(Task.OBTAIN,)),
    Book.PLACED: _Source(party=Party.DEPOSITING, tasks=(Task.PLACE, Task.REPLACE), by_bureau=True),
    Book.FETCHED: _Source(party=Party.ACCESSING, tasks=(Task.OBTAIN,), by_bureau=True),
}


class KeptBook:
    """One book at one moment: its tree in memory, its leaves in a file that vanishes with it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file: BinaryIO = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed by `close`, or with the book
        self._closing = weakref.finalize(self, self._file.close)
        self._starts = array("Q", bytes(8 * (BUCKETS + 1)))
        self._hashes: list[tuple[int, bytes]] = []
        self._next = 0
        self.tree: BookTree

    def add(self, bucket: int, records: bytes) -> None:
        """Take the records of the next bucket that is not empty, in the order of their keys."""
        self._reach(bucket)
        self._file.write(records)
        self._starts[bucket + 1] = self._starts[bucket] + len(records) // _RECORD
        self._next = bucket + 1
        self._hashes.append((bucket, bucket_hash(_leaves(records))))

    def complete(self) -> None:
        """All buckets have come: make the tree."""
        self._reach(BUCKETS)
        self._file.flush()
        self.tree = BookTree.of(self._hashes, documents=self._starts[BUCKETS])
        self._hashes.clear()

    def leaves(self, bucket: int) -> bytes:
        """The leaves of a bucket, one behind the other."""
        return _leaves(self._read(bucket))

    def records(self, bucket: int) -> Iterator[tuple[bytes, UUID]]:
        """Each leaf of a bucket with its exchange."""
        records = self._read(bucket)
        for place in range(0, len(records), _RECORD):
            yield records[place : place + DIGEST], UUID(bytes=records[place + DIGEST : place + _RECORD])

    def close(self) -> None:
        """Let the file go."""
        self._closing()

    def _reach(self, bucket: int) -> None:
        for empty in range(self._next, bucket):
            self._starts[empty + 1] = self._starts[empty]

    def _read(self, bucket: int) -> bytes:
        start, end = self._starts[bucket], self._starts[bucket + 1]
        return os.pread(self._file.fileno(), (end - start) * _RECORD, start * _RECORD)


class PostgresBooks:
    """Makes books; Deferred(DATABASE_UNAVAILABLE) from every method. `folder` takes the files of books."""

    def __init__(self, pool: Pool, queries: Mapping[str, str], folder: Path) -> None:
        self._pool = pool
        self._queries = queries
        self._folder = folder

    async def keep(self, hosted: OfficeCode, partner: OfficeCode, book: Book, at: datetime) -> KeptBook:
        """Make the book of `hosted` about `partner` as it was at a moment; the caller closes it. OSError: no room."""
        source = _SOURCES[book]
        # of the whole Bureau's traffic, the pair's: applications of the office that deposits
        office = None if not source.by_bureau else hosted if source.party is Party.DEPOSITING else partner
        kept = KeptBook(self._folder)
        try:
            with guarded():
                async with (
                    self._pool.acquire() as connection,
                    connection.transaction(isolation="repeatable_read", readonly=True),
                ):
                    await connection.execute(self._queries["reconcile_modestly"])
                    async for row in connection.cursor(
                        self._queries["reconcile_book"],
                        *self._arguments(hosted, partner, source),
                        at,
                        source.fact.value if source.fact else None,
                        office,
                        prefetch=_PREFETCH,
                    ):
                        kept.add(row["bucket"], row["records"])
            kept.complete()
        except BaseException:
            kept.close()
            raise
        return kept

    async def find(
        self, hosted: OfficeCode, partner: OfficeCode, book: Book, identities: Sequence[Identity]
    ) -> list[Found]:
        """Look up what the book has of each identity now."""
        source = _SOURCES[book]
        with guarded():
            rows = await self._pool.fetch(
                self._queries["reconcile_find"],
                *self._arguments(hosted, partner, source),
                source.fact.value if source.fact else None,
                [identity.kind for identity in identities],
                [identity.office for identity in identities],
                [identity.right for identity in identities],
                [identity.normal for identity in identities],
            )
        copies: list[list[Copy]] = [[] for _ in identities]
        under_way = [False] * len(identities)
        for row in rows:
            place = row["place"] - 1
            under_way[place] |= row["under_way"] or (row["at"] is not None and not row["taken"])
            if row["at"] is not None and row["taken"]:
                copies[place] += [Copy(value=value, at=row["at"]) for value in row["copies"]]
        return [Found(copies=tuple(c), under_way=u) for c, u in zip(copies, under_way, strict=True)]

    async def name(self, hosted: OfficeCode, records: Sequence[tuple[bytes, UUID]]) -> list[Named | None]:
        """Tell leaves in full, each with its exchange; None for one whose rows have changed since."""
        with guarded():
            rows = await self._pool.fetch(
                self._queries["reconcile_name"], hosted, [exchange_id for _, exchange_id in records]
            )
        known = {row["exchange_id"]: row for row in rows}
        return [_named(leaf, known.get(exchange_id)) for leaf, exchange_id in records]

    def _arguments(
        self, hosted: OfficeCode, partner: OfficeCode, source: _Source
    ) -> tuple[OfficeCode, OfficeCode, list[str], str]:
        counterpart = BUREAU if source.by_bureau else partner
        return hosted, counterpart, [task.value for task in source.tasks], source.party.value


def _named(leaf: bytes, row: asyncpg.Record | None) -> Named | None:
    if row is None:
        return None
    identity = Identity(kind=row["kind"], office=row["office"], right=row["right"], normal=row["normal"])
    key = identity.key
    for value in row["copies"]:
        if leaf_of(key, value) == leaf:
            return Named(
                leaf=leaf,
                identity=identity,
                number=row["number"],
                filing_date=row["filing_date"].isoformat(),
                value=value,
            )
    return None


def _leaves(records: bytes) -> bytes:
    return b"".join(records[place : place + DIGEST] for place in range(0, len(records), _RECORD))
