"""One book of a partner, read at its door: what is signed is verified and read, what is not is only handed on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from gateway.core.reconcile import BRANCHES, DIGEST, Book, Statement
from gateway.evidence.findings import Tampered
from gateway.evidence.partner_door import PartnerDoor
from gateway.wire.reconcile import (
    LEAVES_LIMIT,
    AnsweredBody,
    AskedBody,
    BucketsBody,
    parse_answer,
    parse_leaves,
    parse_statement,
    render_moment,
)
from gateway.wire.tlog_tiles import MalformedLog

__all__ = ["DoorBook"]

_NODES: Final = BRANCHES * DIGEST
_TEXT_LIMIT: Final = 512 * 1024


class DoorBook:
    """The partner's `book` about us, as it was at a moment (reconciling.PartnerBook)."""

    def __init__(self, door: PartnerDoor, book: Book, at: datetime) -> None:
        self._door = door
        self._book = book
        self._at = at
        self._path = f"reconcile/{book.value}/{render_moment(at)}"

    async def statement(self) -> Statement:
        """The signed root; one about another office, book or moment is Tampered, such as an old one shown again."""
        address = self._door.address
        content = await self._door.read(f"{self._path}/root", None, _TEXT_LIMIT)
        text = self._door.verified(content, "root")
        try:
            statement = parse_statement(text, origin=address.origin, partner=address.office)
        except MalformedLog as error:
            raise Tampered("root", str(error)) from None
        if (statement.book, statement.at) != (self._book, self._at):
            raise Tampered("root", "is of another book or of another moment than was asked for")
        return statement

    async def branches(self) -> bytes:
        """The 256 nodes below the root."""
        return await self._door.read(f"{self._path}/nodes", None, _NODES)

    async def branch(self, number: int) -> bytes:
        """The 256 nodes below a branch."""
        return await self._door.read(f"{self._path}/nodes/{number}", None, _NODES)

    async def leaves(self, buckets: Sequence[int]) -> list[bytes]:
        """The leaves of some buckets."""
        body = msgspec.json.encode(BucketsBody(buckets=list(buckets)))
        content = await self._door.read(f"{self._path}/leaves", body, LEAVES_LIMIT)
        try:
            return parse_leaves(content, len(buckets))
        except MalformedLog as error:
            raise Tampered("leaves", str(error)) from None

    async def ask(self, asked: AskedBody) -> AnsweredBody:
        """The signed answer to this very question."""
        address = self._door.address
        body = msgspec.json.encode(asked)
        content = await self._door.read(f"{self._path}/question", body, _TEXT_LIMIT)
        text = self._door.verified(content, "question")
        try:
            return parse_answer(
                text, origin=address.origin, partner=address.office, book=self._book, at=self._at, asked=asked
            )
        except MalformedLog as error:
            raise Tampered("question", str(error)) from None
