"""Reconciliation on the line: the signed text of a book's root, what is asked below it, and what is answered.

Rules:
- Parsing is strict and bounded; MalformedLog says what is wrong. What can be read is not yet to be believed: texts are
  verified as signed notes (pki/notes.py), nodes by the hash of the node above them.
- The second line of a signed text begins with a word, so that none can be taken for a checkpoint of a log.
- An answer repeats the SHA-256 of the question: it cannot be shown as the answer to another one.
"""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.core.reconcile import BUCKETS, DIGEST, Book, Identity, Standing, Statement
from gateway.wire.tlog_checkpoint import parse_hash, parse_number, render_hash
from gateway.wire.tlog_tiles import MalformedLog

__all__ = [
    "ASKED_LIMIT",
    "LEAVES_LIMIT",
    "MOST_ASKED",
    "MOST_BUCKETS",
    "AnsweredBody",
    "AskedBody",
    "BucketsBody",
    "DocumentBody",
    "LeafBody",
    "NamedBody",
    "StandingBody",
    "origin_with",
    "parse_answer",
    "parse_leaves",
    "parse_moment",
    "parse_statement",
    "render_answer",
    "render_leaves",
    "render_moment",
    "render_statement",
]

#: Documents, leaves and buckets of one question.
MOST_ASKED: Final = 256
MOST_BUCKETS: Final = 256
#: Bytes of a question, and of the leaves of MOST_BUCKETS buckets: at 16 million documents a bucket has 250 leaves.
ASKED_LIMIT: Final = 512 * 1024
LEAVES_LIMIT: Final = 8 << 20

_STATEMENT: Final = "pouch-reconcile/v1"
_ANSWER: Final = "pouch-reconcile-answer/v1"
_MOMENT: Final = "%Y-%m-%dT%H:%MZ"
_COUNT: Final = 4

_Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
_Word = Annotated[str, Meta(min_length=1, max_length=100)]


class DocumentBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A document as both sides know it, with the SHA-256 of its newest certified copy."""

    kind: _Word
    office_code: _Word
    right: _Word
    normal: _Word
    sha256: _Hex

    @property
    def identity(self) -> Identity:
        """What its key is made of."""
        return Identity(kind=self.kind, office=self.office_code, right=self.right, normal=self.normal)


class NamedBody(DocumentBody, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A document with what people call it by."""

    number: _Word
    filing_date: _Word


class LeafBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A leaf, and the bucket it is in."""

    bucket: Annotated[int, Meta(ge=0, lt=BUCKETS)]
    leaf: _Hex


class AskedBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How these documents stand in the other book, and what these leaves of it are."""

    documents: Annotated[list[DocumentBody], Meta(max_length=MOST_ASKED)] = []
    leaves: Annotated[list[LeafBody], Meta(max_length=MOST_ASKED)] = []


class StandingBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How one document stands; `since` which minute the newest copy in the book that answers is there, and its digest.

    Neither is told where it is not the asking office's business.
    """

    standing: Standing
    since: Annotated[str, Meta(max_length=17)] | None = None
    sha256: _Hex | None = None


class AnsweredBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One line for each document and each leaf, in the order of the question; a leaf that is not there is null."""

    documents: Annotated[list[StandingBody], Meta(max_length=MOST_ASKED)] = []
    leaves: Annotated[list[NamedBody | None], Meta(max_length=MOST_ASKED)] = []


class BucketsBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The buckets whose leaves are asked for."""

    buckets: Annotated[list[Annotated[int, Meta(ge=0, lt=BUCKETS)]], Meta(min_length=1, max_length=MOST_BUCKETS)]


def origin_with(origin: str, partner: str) -> str:
    """The first line of what is signed for a partner: it belongs to the log of `origin`, and is no checkpoint of it."""
    return f"{origin}/reconcile/{partner}"


def render_moment(at: datetime) -> str:
    """Write the moment of a book, a whole minute."""
    return at.astimezone(UTC).strftime(_MOMENT)


def parse_moment(text: str) -> datetime:
    """Read the moment of a book: a whole minute in UTC, in its one form. MalformedLog else."""
    try:
        at = datetime.strptime(text, _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        raise MalformedLog("a moment is a whole minute such as 2026-11-23T09:30Z") from None
    if render_moment(at) != text:
        raise MalformedLog("a moment has one form")
    return at


def render_statement(statement: Statement) -> str:
    """Write the text to sign, ending in a newline."""
    return "".join(
        f"{line}\n"
        for line in (
            origin_with(statement.origin, statement.partner),
            f"{_STATEMENT} {statement.book.value} {render_moment(statement.at)}",
            str(statement.documents),
            render_hash(statement.root),
        )
    )


def parse_statement(text: str, *, origin: str, partner: str) -> Statement:
    """Read a verified text as the statement of that log about that partner; MalformedLog says what is wrong."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != 4 or lines[0] != origin_with(origin, partner):
        raise MalformedLog("is no statement of that office about this one")
    book, at = _parse_head(lines[1], _STATEMENT)
    statement = Statement(
        origin=origin,
        partner=partner,
        book=book,
        at=at,
        documents=parse_number(lines[2]),
        root=parse_hash(lines[3]),
    )
    if render_statement(statement) != text:
        raise MalformedLog("a statement has one form")
    return statement


def render_leaves(buckets: list[bytes]) -> bytes:
    """Write the leaves of buckets: how many, then 32 bytes each."""
    return b"".join((len(leaves) // DIGEST).to_bytes(_COUNT) + leaves for leaves in buckets)


def parse_leaves(content: bytes, count: int) -> list[bytes]:
    """Read the leaves of `count` buckets; MalformedLog unless it is exactly so many."""
    buckets, place = [], 0
    for _ in range(count):
        begins = place + _COUNT
        place = begins + int.from_bytes(content[place:begins]) * DIGEST
        if begins > len(content) or place > len(content):
            raise MalformedLog("leaves end early")
        buckets.append(content[begins:place])
    if place != len(content):
        raise MalformedLog("leaves of more buckets than were asked for")
    return buckets


def render_answer(origin: str, partner: str, book: Book, at: datetime, asked: bytes, answered: AnsweredBody) -> str:
    """Write the text of an answer to the question with the body `asked`, to be signed."""
    head = (origin_with(origin, partner), f"{_ANSWER} {book.value} {render_moment(at)}", render_hash(_digest(asked)))
    return "".join(f"{line}\n" for line in (*head, msgspec.json.encode(answered).decode("utf-8")))


def parse_answer(text: str, *, origin: str, partner: str, book: Book, at: datetime, asked: AskedBody) -> AnsweredBody:
    """Read a verified text as the answer to that very question; MalformedLog says what is wrong."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != 4 or lines[0] != origin_with(origin, partner):
        raise MalformedLog("is no answer of that office to this one")
    if _parse_head(lines[1], _ANSWER) != (book, at) or lines[2] != render_hash(_digest(msgspec.json.encode(asked))):
        raise MalformedLog("answers another question")
    try:
        answered = msgspec.json.decode(lines[3], type=AnsweredBody)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MalformedLog("is an answer that cannot be read") from None
    if len(answered.documents) != len(asked.documents) or len(answered.leaves) != len(asked.leaves):
        raise MalformedLog("answers more or less than was asked")
    return answered


def _parse_head(line: str, form: str) -> tuple[Book, datetime]:
    words = line.split(" ")
    if len(words) != 3 or words[0] != form:
        raise MalformedLog("is of another form")
    try:
        book = Book(words[1])
    except ValueError:
        raise MalformedLog("is of an unknown book") from None
    return book, parse_moment(words[2])


def _digest(asked: bytes) -> bytes:
    return sha256(asked).digest()
