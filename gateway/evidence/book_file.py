"""A book read from a file, to be compared without either gateway: as one's own, or as the partner's.

Rules: it is believed if it hashes to the root that its first line has signed; it is read through again for each
question, so that a million documents take no more memory than their leaves.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from gateway.core.reconcile import (
    DIGEST,
    Book,
    BookTree,
    Copy,
    Found,
    Identity,
    Named,
    Standing,
    Statement,
    bucket_hash,
    bucket_of,
    leaf_of,
    standing_of,
)
from gateway.evidence.findings import CannotTell, Tampered
from gateway.wire.book_file import LINE_LIMIT, BookHead, LeafLine, named_body
from gateway.wire.reconcile import AnsweredBody, AskedBody, NamedBody, StandingBody, parse_statement
from gateway.wire.tlog_tiles import MalformedLog
from pki.note_keys import MalformedNote, NoteVerifier, UnverifiedNote
from pki.notes import parse_note, verify_note

__all__ = ["OwnBookFile", "PartnerBookFile"]

_BETWEEN: Final = "/reconcile/"


class _BookFile:
    """One exported book."""

    def __init__(self, path: Path, verifiers: Sequence[NoteVerifier] | None) -> None:
        """Read it through; without `verifiers` it is one's own, whose signature nobody doubts. Tampered, CannotTell."""
        self._path = path
        self.signed = self._read_statement(verifiers)
        self._leaves: dict[int, bytes] = {}
        rows: dict[int, bytearray] = {}
        documents = 0
        for bucket, leaf, _ in self._documents():
            rows.setdefault(bucket, bytearray()).extend(leaf)
            documents += 1
        self._leaves = {bucket: bytes(row) for bucket, row in rows.items()}
        hashes = ((bucket, bucket_hash(row)) for bucket, row in self._leaves.items())
        self._tree = BookTree.of(hashes, documents)
        if (self._tree.root, documents) != (self.signed.root, self.signed.documents):
            raise Tampered(str(path), "is not what was signed in its first line")

    async def statement(self) -> Statement:
        """What the first line says."""
        return self.signed

    async def tree(self) -> BookTree:
        """The tree over all lines."""
        return self._tree

    async def branches(self) -> bytes:
        """The 256 nodes below the root."""
        return self._tree.branches

    async def branch(self, number: int) -> bytes:
        """The 256 nodes below a branch."""
        return self._tree.branch(number)

    def _named(self, leaves: Sequence[bytes]) -> list[Named | None]:
        wanted: dict[bytes, Named | None] = dict.fromkeys(leaves)
        for _, leaf, body in self._documents():
            if leaf in wanted and body is not None:
                value = bytes.fromhex(body.sha256)
                wanted[leaf] = Named(
                    leaf=leaf, identity=body.identity, number=body.number, filing_date=body.filing_date, value=value
                )
        return [wanted[leaf] for leaf in leaves]

    def _found(self, identities: Sequence[Identity]) -> list[Found]:
        wanted = {identity: Found(copies=(), under_way=False) for identity in identities}
        for _, _, body in self._documents():
            if body is not None and body.identity in wanted:
                copy = Copy(value=bytes.fromhex(body.sha256), at=self.signed.at)
                wanted[body.identity] = Found(copies=(copy,), under_way=False)
        return [wanted[identity] for identity in identities]

    def _placed(self, key: bytes, value: bytes) -> Standing:
        """Whether this very document is among the leaves."""
        row, leaf = self._leaves.get(bucket_of(key), b""), leaf_of(key, value)
        there = any(row[place : place + DIGEST] == leaf for place in range(0, len(row), DIGEST))
        return Standing.SAME if there else Standing.NOT_SO

    def _read_statement(self, verifiers: Sequence[NoteVerifier] | None) -> Statement:
        with self._opened() as file:
            line = file.readline(LINE_LIMIT + 1)
        try:
            note = msgspec.json.decode(line, type=BookHead).note.encode("utf-8")
            text = parse_note(note).text if verifiers is None else verify_note(note, verifiers).text
            origin, between, partner = text.partition("\n")[0].rpartition(_BETWEEN)
            if not between or (verifiers is not None and origin != verifiers[0].name):
                raise MalformedLog("is not of the log that the key is of")
            return parse_statement(text, origin=origin, partner=partner)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise CannotTell(str(self._path), "is no book") from None
        except (MalformedNote, MalformedLog, UnverifiedNote) as error:
            raise Tampered(str(self._path), str(error)) from None

    def _documents(self) -> Iterator[tuple[int, bytes, NamedBody | None]]:
        """Bucket and leaf of each line, and what it tells besides."""
        shape: type[NamedBody | LeafLine] = LeafLine if self.signed.book is Book.PLACED else NamedBody
        decoder = msgspec.json.Decoder(shape)
        with self._opened() as file:
            file.readline(LINE_LIMIT)
            while line := file.readline(LINE_LIMIT + 1):
                try:
                    body = decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    raise Tampered(str(self._path), "has a line that is not as the others") from None
                if isinstance(body, LeafLine):
                    yield body.bucket, bytes.fromhex(body.leaf), None
                else:
                    key = body.identity.key
                    yield bucket_of(key), leaf_of(key, bytes.fromhex(body.sha256)), body

    def _opened(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except OSError as error:
            raise CannotTell(str(self._path), f"cannot be read ({error.strerror})") from None


class OwnBookFile(_BookFile):
    """One's own book in a file (reconciling.OwnBook)."""

    async def leaves(self, bucket: int) -> bytes:
        """The leaves of a bucket."""
        return self._leaves.get(bucket, b"")

    async def name(self, leaves: Sequence[tuple[int, bytes]]) -> list[Named | None]:
        """Tell leaves in full."""
        return self._named([leaf for _, leaf in leaves])

    async def find(self, identities: Sequence[Identity]) -> list[Found]:
        """What is in the file of these documents: it knows the newest copies only, and nothing that is under way."""
        return self._found(identities)


class PartnerBookFile(_BookFile):
    """The partner's book in a file (reconciling.PartnerBook)."""

    async def leaves(self, buckets: Sequence[int]) -> list[bytes]:
        """The leaves of some buckets."""
        return [self._leaves.get(bucket, b"") for bucket in buckets]

    async def ask(self, asked: AskedBody) -> AnsweredBody:
        """How documents stand in the file, and what leaves are."""
        book = self.signed.book
        values = [bytes.fromhex(document.sha256) for document in asked.documents]
        identities = [document.identity for document in asked.documents]
        if book is Book.PLACED:
            pairs = zip(identities, values, strict=True)
            placed = [StandingBody(standing=self._placed(identity.key, value)) for identity, value in pairs]
            return AnsweredBody(documents=placed, leaves=[None for _ in asked.leaves])
        standings = [
            StandingBody(
                standing=standing_of(value, found, book), sha256=found.copies[0].value.hex() if found.copies else None
            )
            for value, found in zip(values, self._found(identities), strict=True)
        ]
        named = self._named([bytes.fromhex(item.leaf) for item in asked.leaves])
        return AnsweredBody(documents=standings, leaves=[None if one is None else named_body(one) for one in named])
