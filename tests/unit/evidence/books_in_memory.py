"""Books that lie in memory: one's own and a partner's, with every answer as the real ones give it."""

import hashlib
from datetime import UTC, datetime

from gateway.core.reconcile import (
    Book,
    BookTree,
    Copy,
    Found,
    Identity,
    Named,
    Statement,
    bucket_hash,
    bucket_of,
    leaf_of,
    standing_of,
)
from gateway.wire.book_file import named_body
from gateway.wire.reconcile import AnsweredBody, StandingBody, render_moment

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEFORE = datetime(2026, 11, 22, 12, tzinfo=UTC)


def digest(text):
    return hashlib.sha256(text.encode()).digest()


def identity(number):
    return Identity(kind="priority-document", office="XA", right="patent", normal=f"XA{number}")


class MemoryBook:
    """`then` and `now` say which copies went over, oldest first, by number: at the moment, and when asked."""

    def __init__(self, book, then, now=None, *, open_now=(), since=BEFORE):
        self.book = book
        self.now = then if now is None else now
        self.open_now = frozenset(open_now)
        self.since = since
        self.asked = []
        self.by_leaf, rows = {}, {}
        for number in sorted((n for n in then if then[n]), key=lambda n: identity(n).key):
            one, value = identity(number), digest(then[number][-1])
            leaf = leaf_of(one.key, value)
            self.by_leaf[leaf] = Named(
                leaf=leaf, identity=one, number=str(number), filing_date="2026-02-27", value=value
            )
            rows.setdefault(bucket_of(one.key), []).append(leaf)
        self.rows = {bucket: b"".join(leaves) for bucket, leaves in rows.items()}
        hashes = ((bucket, bucket_hash(row)) for bucket, row in self.rows.items())
        self.made = BookTree.of(hashes, len(self.by_leaf))

    def found(self, one):
        number = type(next(iter(self.now), 0))(one.normal[2:])
        copies = tuple(Copy(value=digest(text), at=self.since) for text in self.now.get(number, ()))
        return Found(copies=copies, under_way=number in self.open_now)


class Ours(MemoryBook):
    async def tree(self):
        return self.made

    async def leaves(self, bucket):
        return self.rows.get(bucket, b"")

    async def name(self, leaves):
        return [self.by_leaf[leaf] for _, leaf in leaves]

    async def find(self, identities):
        return [self.found(one) for one in identities]


class Theirs(MemoryBook):
    async def statement(self):
        return Statement(
            origin="xa.example/ledger",
            partner="XB",
            book=self.book,
            at=AT,
            documents=self.made.documents,
            root=self.made.root,
        )

    async def branches(self):
        return self.made.branches

    async def branch(self, number):
        return self.made.branch(number)

    async def leaves(self, buckets):
        assert self.book is not Book.PLACED, "what was not fetched is not asked about"
        return [self.rows.get(bucket, b"") for bucket in buckets]

    async def ask(self, asked):
        self.asked.append(asked)
        documents = []
        for body in asked.documents:
            found = self.found(body.identity)
            told = found.copies and self.book is not Book.PLACED
            standing = standing_of(bytes.fromhex(body.sha256), found, self.book)
            documents.append(
                StandingBody(
                    standing=standing,
                    since=render_moment(self.since) if found.copies else None,
                    sha256=found.copies[-1].value.hex() if told else None,
                )
            )
        named = [self.by_leaf.get(bytes.fromhex(item.leaf)) for item in asked.leaves]
        return AnsweredBody(documents=documents, leaves=[one and named_body(one) for one in named])
