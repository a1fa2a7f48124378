"""Reconciliation: what two offices must both know, as a tree of fixed shape whose nodes are compared, not lists.

Rules:
- A key is SHA-256 over what both sides know of a document (kind, office, right, normal number): neither the filing
  date, which can be corrected, nor a version number, which each side counts for itself. A value is the SHA-256 of the
  newest certified copy that went over, as certified.
- A leaf is SHA-256(0x00 || key || value): who does not hold the document's bytes cannot find out by guessing numbers
  whether it is there. The shape is the same for every set, so that it tells nothing either.
- The tree has 256 branches of 256 buckets, chosen by a key's first and second byte; a bucket is SHA-256(0x01 || leaves
  in the order of their keys), a branch SHA-256(0x02 || buckets), the root SHA-256(0x03 || branches).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from itertools import compress, count
from typing import Final

__all__ = [
    "BRANCHES",
    "BUCKETS",
    "DIGEST",
    "EMPTY_BUCKET",
    "OPPOSITE",
    "SERVED",
    "Book",
    "BookTree",
    "Copy",
    "Found",
    "Identity",
    "Named",
    "Standing",
    "Statement",
    "branch_hash",
    "bucket_hash",
    "bucket_of",
    "differing",
    "leaf_of",
    "root_hash",
    "standing_of",
]

DIGEST: Final = 32
#: Branches of the tree, and buckets of one branch.
BRANCHES: Final = 256
BUCKETS: Final = 256 * BRANCHES

_KEY_DOMAIN: Final = b"pouch reconcile v1\n"


class Book(Enum):
    """What an office has down about documents that passed between it and a partner.

    GIVEN and TAKEN went straight from one to the other, and both know it: they are equal. PLACED and FETCHED went by
    the Bureau, which does not tell who fetched what: FETCHED is a part of PLACED, and nobody's business but one's own.
    """

    GIVEN = "given"
    TAKEN = "taken"
    PLACED = "placed"
    FETCHED = "fetched"


OPPOSITE: Final = {
    Book.GIVEN: Book.TAKEN,
    Book.TAKEN: Book.GIVEN,
    Book.PLACED: Book.FETCHED,
    Book.FETCHED: Book.PLACED,
}
#: What a partner is shown: with FETCHED the Bureau's silence about who fetched would be broken.
SERVED: Final = frozenset({Book.GIVEN, Book.TAKEN, Book.PLACED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What both sides know of a document: the words of the interface, and the number in the form to compare by."""

    kind: str
    office: str
    right: str
    normal: str

    @property
    def key(self) -> bytes:
        """32 bytes; none of the first three words can hold a line feed, so that no two identities share a text."""
        text = "\n".join((self.kind, self.office, self.right, self.normal))
        return sha256(_KEY_DOMAIN + text.encode("utf-8")).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A certified copy that went over at a time, by our own clock."""

    value: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a book has of one identity now: the copies that went over, oldest first; whether more is under way."""

    copies: tuple[Copy, ...]
    under_way: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One leaf of a book, told in full; `number` as received, `filing_date` as the book's office has it."""

    leaf: bytes
    identity: Identity
    number: str
    filing_date: str
    value: bytes


class Standing(Enum):
    """How a copy that the other side names stands in one's own book, now."""

    SAME = "same"
    EARLIER = "earlier"  # it was the newest once
    UNSETTLED = "unsettled"  # something about this document is still under way
    OTHER = "other"  # another copy went over, this one never
    UNKNOWN = "unknown"  # nothing of this document went over
    NOT_SO = "not-so"  # OTHER or UNKNOWN, where telling which would tell what is not the other's business


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is signed: whose book about which partner, of what moment, with how many documents, under which root."""

    origin: str
    partner: str
    book: Book
    at: datetime
    documents: int
    root: bytes


def standing_of(value: bytes, found: Found, book: Book) -> Standing:
    """Tell how the copy `value` stands in a book."""
    copies = found.copies
    if copies and copies[-1].value == value:
        return Standing.SAME
    if any(copy.value == value for copy in copies):
        return Standing.EARLIER
    if found.under_way:
        return Standing.UNSETTLED
    if book is Book.PLACED:
        return Standing.NOT_SO
    return Standing.OTHER if copies else Standing.UNKNOWN


def leaf_of(key: bytes, value: bytes) -> bytes:
    """Hash a document's key and value, 32 bytes each."""
    return sha256(b"\x00" + key + value).digest()


def bucket_of(key: bytes) -> int:
    """The bucket a key is in: its first two bytes."""
    return int.from_bytes(key[:2])


def bucket_hash(leaves: bytes) -> bytes:
    """Hash the leaves of one bucket, one behind the other, in the order of their keys."""
    return sha256(b"\x01" + leaves).digest()


def branch_hash(buckets: bytes) -> bytes:
    """Hash the 256 bucket hashes of one branch."""
    return sha256(b"\x02" + buckets).digest()


EMPTY_BUCKET: Final = bucket_hash(b"")


class BookTree:
    """The tree over one book: 2 MiB, however many documents there are."""

    __slots__ = ("_branches", "_buckets", "documents", "root")

    def __init__(self, buckets: bytes, documents: int) -> None:
        """Build on 65,536 bucket hashes in order; ValueError if there are not so many."""
        if len(buckets) != BUCKETS * DIGEST:
            raise ValueError("a tree has 65,536 buckets of 32 bytes")
        self._buckets = buckets
        self.documents = documents
        self._branches = b"".join(branch_hash(self.branch(number)) for number in range(BRANCHES))
        self.root = root_hash(self._branches)

    @classmethod
    def of(cls, filled: Iterable[tuple[int, bytes]], documents: int) -> "BookTree":
        """Build on the hashes of those buckets that are not empty."""
        buckets = bytearray(EMPTY_BUCKET * BUCKETS)
        for number, digest in filled:
            buckets[number * DIGEST : (number + 1) * DIGEST] = digest
        return cls(bytes(buckets), documents)

    @property
    def branches(self) -> bytes:
        """The 256 branch hashes, one behind the other."""
        return self._branches

    def branch(self, number: int) -> bytes:
        """The 256 bucket hashes of a branch, one behind the other."""
        width = BUCKETS // BRANCHES * DIGEST
        return self._buckets[number * width : (number + 1) * width]


def root_hash(branches: bytes) -> bytes:
    """Hash the 256 branch hashes."""
    return sha256(b"\x03" + branches).digest()


def differing(ours: bytes, theirs: bytes) -> list[int]:
    """Name the places at which two rows of hashes differ; ValueError if they are not equally long."""
    if len(ours) != len(theirs):
        raise ValueError("rows of one level are equally long")
    steps = range(0, len(ours), DIGEST)
    return list(compress(count(), (ours[n : n + DIGEST] != theirs[n : n + DIGEST] for n in steps)))
