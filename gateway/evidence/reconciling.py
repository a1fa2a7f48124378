"""Comparing one's own book with a partner's: down from two signed roots, only where nodes differ.

The procedure:
1. The partner's root is read and believed, while our own tree is made; equal roots end it.
2. The nodes below the root, then those below each differing branch, are fetched; each row must hash to the node above.
3. Where both books must be equal, the leaves of differing buckets are fetched, and must hash to their bucket.
4. Documents of ours that the partner's leaves lack are named to it, and leaves that ours lack are named by it.
5. What differs is judged by how both sides say it stands now, not by how it stood at the moment of the trees.

Rules: nothing of the partner's is believed unless it is signed or hashes to what is; everything has a bound.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from gateway.core.reconcile import (
    BUCKETS,
    DIGEST,
    Book,
    BookTree,
    Found,
    Identity,
    Named,
    Standing,
    Statement,
    branch_hash,
    bucket_hash,
    bucket_of,
    differing,
    leaf_of,
    root_hash,
)
from gateway.evidence.differences import Difference, Kind, Reconciliation
from gateway.evidence.findings import CannotTell, Tampered
from gateway.wire.reconcile import (
    MOST_ASKED,
    MOST_BUCKETS,
    AnsweredBody,
    AskedBody,
    DocumentBody,
    LeafBody,
    NamedBody,
    StandingBody,
    parse_moment,
)
from gateway.wire.tlog_tiles import MalformedLog

__all__ = ["OwnBook", "PartnerBook", "reconcile"]

#: Buckets that may differ where both books must be equal: beyond, they are not the same books.
_MOST_DIFFERING: Final = 4096
#: Own documents that are named to the partner at most.
_MOST_NAMED: Final = 200_000

_WIDTH: Final = 256
_Item = TypeVar("_Item")


class OwnBook(Protocol):
    """Our own book at the moment that is compared."""

    async def tree(self) -> BookTree: ...

    async def leaves(self, bucket: int) -> bytes: ...

    async def name(self, leaves: Sequence[tuple[int, bytes]]) -> list[Named | None]:
        """Tell leaves, each with its bucket, in full; None for one that is gone since."""
        ...

    async def find(self, identities: Sequence[Identity]) -> list[Found]:
        """What the book has of these documents now."""
        ...


class PartnerBook(Protocol):
    """The partner's opposite book; Tampered or CannotTell from everything. Texts are verified as signed."""

    async def statement(self) -> Statement: ...

    async def branches(self) -> bytes: ...

    async def branch(self, number: int) -> bytes: ...

    async def leaves(self, buckets: Sequence[int]) -> list[bytes]: ...

    async def ask(self, asked: AskedBody) -> AnsweredBody: ...


@dataclass(slots=True)
class _Judged:
    """What has been found so far."""

    differences: list[Difference] = field(default_factory=list)
    unsettled: list[Named] = field(default_factory=list)
    settled: int = 0


async def reconcile(book: Book, ours: OwnBook, theirs: PartnerBook) -> Reconciliation:
    """Compare our `book` with the partner's opposite one; Tampered, CannotTell."""
    # 1
    making = asyncio.create_task(ours.tree())
    try:
        statement = await theirs.statement()
    except BaseException:
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
        raise
    tree = await making
    judged = _Judged()
    if statement.root != tree.root:
        # 2
        buckets = await _differing_buckets(tree, theirs, statement)
        comparison = _Comparison(book, ours, theirs, statement)
        if book is Book.FETCHED:
            await comparison.name_all([bucket for bucket, _ in buckets], judged)
        else:
            await comparison.name_differing(buckets, judged)
    elif statement.documents != tree.documents:
        raise Tampered("root", "is signed for another number of documents than it is the root of")
    return Reconciliation(
        book=book,
        partner=statement.partner,
        at=statement.at,
        documents=tree.documents,
        theirs=statement.documents,
        differences=tuple(judged.differences),
        unsettled=tuple(judged.unsettled),
        settled=judged.settled,
    )


async def _differing_buckets(tree: BookTree, theirs: PartnerBook, statement: Statement) -> list[tuple[int, bytes]]:
    """The buckets whose hashes differ, each with the partner's hash."""
    branches = await theirs.branches()
    if len(branches) != _WIDTH * DIGEST or root_hash(branches) != statement.root:
        raise Tampered("nodes", "do not hash to the signed root")
    found = []
    for number in differing(tree.branches, branches):
        row = await theirs.branch(number)
        if len(row) != _WIDTH * DIGEST or branch_hash(row) != _at(branches, number):
            raise Tampered(f"nodes/{number}", "do not hash to the node above them")
        found += [(number * _WIDTH + place, _at(row, place)) for place in differing(tree.branch(number), row)]
    return found


class _Comparison:
    """Steps 3 to 5 for one book."""

    def __init__(self, book: Book, ours: OwnBook, theirs: PartnerBook, statement: Statement) -> None:
        self._book = book
        self._ours = ours
        self._theirs = theirs
        self._at = statement.at

    async def name_differing(self, buckets: Sequence[tuple[int, bytes]], judged: _Judged) -> None:
        """Find the leaves that only one side has, and judge them."""
        if len(buckets) > _MOST_DIFFERING:
            raise CannotTell(
                "the books",
                f"differ in {len(buckets)} of {BUCKETS} places: these are not the same books. Do both sides have the "
                "same number formats, and is the same link meant?",
            )
        # 3
        here: list[tuple[int, bytes]] = []
        there: list[tuple[int, bytes]] = []
        for some in _batches(buckets, MOST_BUCKETS):
            rows = await self._theirs.leaves([bucket for bucket, _ in some])
            for (bucket, digest), row in zip(some, rows, strict=True):
                if bucket_hash(row) != digest:
                    raise Tampered(f"leaves of {bucket}", "do not hash to the node above them")
                own, other = _split(await self._ours.leaves(bucket)), _split(row)
                here += [(bucket, leaf) for leaf in own if leaf not in other]
                there += [(bucket, leaf) for leaf in other if leaf not in own]
        # 4
        keys = set()
        for batch in _batches(here, MOST_ASKED):
            named = [one for one in await self._ours.name(batch) if one is not None]
            judged.settled += len(batch) - len(named)
            keys |= {one.identity.key for one in named}
            await self._judge_ours(named, judged)
        for batch in _batches(there, MOST_ASKED):
            await self._judge_theirs(await self._named_by_partner(batch, judged), keys, judged)

    async def name_all(self, buckets: Sequence[int], judged: _Judged) -> None:
        """Name to the partner all we have in these buckets: what it has besides is none of our business."""
        here = [(bucket, leaf) for bucket in buckets for leaf in _split(await self._ours.leaves(bucket))]
        if len(here) > _MOST_NAMED:
            raise CannotTell("the books", f"differ where we have {len(here)} documents: too many to be named")
        for batch in _batches(here, MOST_ASKED):
            named = [one for one in await self._ours.name(batch) if one is not None]
            await self._judge_ours(named, judged)

    async def _judge_ours(self, named: Sequence[Named], judged: _Judged) -> None:
        """5, for documents that we have at that moment."""
        if not named:
            return
        answered = await self._theirs.ask(AskedBody(documents=[_document_body(one) for one in named]))
        found = await self._ours.find([one.identity for one in named])
        for one, body, now in zip(named, answered.documents, found, strict=True):
            self._judge(one, body, now, judged)

    def _judge(self, ours: Named, body: StandingBody, now: Found, judged: _Judged) -> None:
        theirs = None if body.sha256 is None else bytes.fromhex(body.sha256)
        newest = now.copies[-1].value if now.copies else ours.value
        if body.standing is Standing.SAME or theirs == newest:
            # by the Bureau, buckets also differ by what we never asked for: that settles nothing
            judged.settled += self._book is not Book.FETCHED
        elif body.standing is Standing.UNSETTLED or now.under_way or self._is_since(body.since):
            judged.unsettled.append(ours)
        else:
            earlier_here = any(copy.value == theirs for copy in now.copies)
            kind = Kind.OTHER_VERSION if earlier_here else self._kind(body.standing)
            judged.differences.append(Difference(kind=kind, document=ours, ours=newest, theirs=theirs))

    def _kind(self, standing: Standing) -> Kind:
        if standing is Standing.EARLIER:
            return Kind.OTHER_VERSION
        if self._book is Book.FETCHED:
            return Kind.NOT_PLACED
        if standing not in _KINDS:
            raise Tampered("question", "is answered in words of another book")
        return _KINDS[standing]

    async def _named_by_partner(self, batch: Sequence[tuple[int, bytes]], judged: _Judged) -> list[Named]:
        asked = AskedBody(leaves=[LeafBody(bucket=bucket, leaf=leaf.hex()) for bucket, leaf in batch])
        answered = await self._theirs.ask(asked)
        named = []
        for (bucket, leaf), body in zip(batch, answered.leaves, strict=True):
            if body is None:
                judged.settled += 1  # its row has changed since
                continue
            key, value = body.identity.key, bytes.fromhex(body.sha256)
            if leaf_of(key, value) != leaf or bucket_of(key) != bucket:
                raise Tampered(f"leaves of {bucket}", "are named as what they are not")
            named.append(_named(body, leaf, value))
        return named

    async def _judge_theirs(self, named: Sequence[Named], keys: set[bytes], judged: _Judged) -> None:
        """5, for documents that the partner has at that moment and we do not; pairs of `keys` are judged already."""
        alone = [one for one in named if one.identity.key not in keys]
        for one, now in zip(alone, await self._ours.find([one.identity for one in alone]), strict=True):
            if now.under_way:
                judged.unsettled.append(one)
            elif not now.copies:
                judged.differences.append(Difference(kind=Kind.MISSING_HERE, document=one, theirs=one.value))
            elif any(copy.value == one.value for copy in now.copies):
                judged.settled += 1
            else:
                judged.differences.append(
                    Difference(kind=Kind.ALTERED, document=one, ours=now.copies[-1].value, theirs=one.value)
                )

    def _is_since(self, moment: str | None) -> bool:
        """Whether the partner's newest copy went over after the moment that is compared."""
        try:
            return moment is not None and parse_moment(moment) >= self._at
        except MalformedLog as error:
            raise Tampered("question", str(error)) from None


_KINDS: Final = {
    Standing.OTHER: Kind.ALTERED,
    Standing.UNKNOWN: Kind.MISSING_THERE,
}


def _document_body(named: Named) -> DocumentBody:
    identity = named.identity
    return DocumentBody(
        kind=identity.kind,
        office_code=identity.office,
        right=identity.right,
        normal=identity.normal,
        sha256=named.value.hex(),
    )


def _named(body: NamedBody, leaf: bytes, value: bytes) -> Named:
    return Named(leaf=leaf, identity=body.identity, number=body.number, filing_date=body.filing_date, value=value)


def _at(row: bytes, place: int) -> bytes:
    return row[place * DIGEST : (place + 1) * DIGEST]


def _split(leaves: bytes) -> dict[bytes, None]:
    """Leaves apart, in their order."""
    return dict.fromkeys(leaves[place : place + DIGEST] for place in range(0, len(leaves), DIGEST))


def _batches(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
