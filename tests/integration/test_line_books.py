"""Books are made of the rows that the line itself writes: both offices' are equal after a document went over."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
sys.path += [str(ROOT), str(ROOT / "store"), *(str(ROOT.parent / "unit" / folder) for folder in ("stages", "core"))]

from core_values import ALL_GIVEN, IB, PDF, XA, XB, agreement, application, listed, obtained  # noqa: E402
from line_in_memory import Counterpart  # noqa: E402
from real_line import bench, shared  # noqa: E402, F401  fixtures

from gateway.core.reconcile import Book, Identity, Standing, standing_of  # noqa: E402
from gateway.core.request import Hosting, Inquiry, Replacement  # noqa: E402
from gateway.core.secret import Secret  # noqa: E402
from gateway.core.transmission import Delivered, Task  # noqa: E402
from gateway.stages.lend import issue_ticket, lend, record_taken  # noqa: E402
from gateway.store.books import PostgresBooks  # noqa: E402
from gateway.store.named_queries import load_queries  # noqa: E402

NEWER = b"%PDF-newer"
#: What the line makes of the number of core_values.
NORMAL = "XA 2026123"


@pytest.fixture
def books(bench, tmp_path):  # noqa: F811
    return PostgresBooks(bench.pool, load_queries(), tmp_path)


async def root_of(books, hosted, partner, book, at):
    kept = await books.keep(hosted, partner, book, at)
    tree = kept.tree
    kept.close()
    return tree.root, tree.documents


async def ask_straight(bench):  # noqa: F811
    """XB asks XA's library for the document, and takes it whole."""
    await bench.accept(Inquiry(head=bench.head(sender=XB), application=application(), access_code=Secret("A1b2")))
    await bench.work()


async def take(bench):  # noqa: F811
    lent = await lend(await issue_ticket(XA, XB, application(normal=NORMAL), bench.line), bench.line)
    taken = b"".join([chunk async for chunk in lent.chunks])
    await record_taken(lent, bench.line)
    return taken


async def test_what_went_straight_is_in_both_books_once_it_was_taken(bench, books):  # noqa: F811
    bench.agreements[:0] = [
        agreement(name="XA-XB", counterpart=XB, tasks=frozenset({Task.ANSWER})),
        agreement(name="XB-XA", hosted=XB, counterpart=XA, tasks=frozenset({Task.OBTAIN})),
    ]
    bench.counterparts |= {(XA, "das"): Counterpart(), (XB, "das"): Counterpart()}
    exchange_id = await bench.placed(ALL_GIVEN, hosting=Hosting.OFFICE)
    identity = Identity(kind="priority-document", office=XA, right="patent", normal=NORMAL)
    await ask_straight(bench)
    # told ready and not yet taken: in no book, and under way
    assert (await root_of(books, XA, XB, Book.GIVEN, bench.clock.now()))[1] == 0
    [found] = await books.find(XA, XB, Book.GIVEN, [identity])
    assert standing_of(bytes(32), found, Book.GIVEN) is Standing.UNSETTLED
    assert await take(bench) == PDF
    await bench.requested()
    await bench.work()
    given = await root_of(books, XA, XB, Book.GIVEN, bench.clock.now())
    assert given == await root_of(books, XB, XA, Book.TAKEN, bench.clock.now())
    assert given[1] == 1
    # nobody else's book knows of it, nor did this one before
    assert (await root_of(books, XA, "XC", Book.GIVEN, bench.clock.now()))[1] == 0
    assert (await root_of(books, XB, XA, Book.FETCHED, bench.clock.now()))[1] == 0
    assert (await root_of(books, XA, XB, Book.GIVEN, bench.clock.now() - timedelta(days=1)))[1] == 0

    # replaced, asked for and taken again: XB's copy is an earlier one until it obtains the newer
    await bench.accept(
        Replacement(head=bench.head(), exchange_id=exchange_id, explanation="x", documents=(listed(NEWER),))
    )
    await bench.work()
    assert given == await root_of(books, XA, XB, Book.GIVEN, bench.clock.now())
    await ask_straight(bench)
    assert await take(bench) == NEWER
    assert given != await root_of(books, XA, XB, Book.GIVEN, bench.clock.now())
    [found] = await books.find(XA, XB, Book.GIVEN, [identity])
    assert standing_of(listed(PDF).sha256, found, Book.GIVEN) is Standing.EARLIER
    assert standing_of(listed(NEWER).sha256, found, Book.GIVEN) is Standing.SAME


async def test_what_went_by_the_bureau_is_fetched_from_what_was_placed(bench, books):  # noqa: F811
    exchange_id = await bench.placed(ALL_GIVEN)
    await bench.requested()
    await bench.work()
    placed = await root_of(books, XA, XB, Book.PLACED, bench.clock.now())
    assert placed == await root_of(books, XB, XA, Book.FETCHED, bench.clock.now())
    assert placed[1] == 1
    await bench.accept(
        Replacement(head=bench.head(), exchange_id=exchange_id, explanation="x", documents=(listed(NEWER),))
    )
    assert placed == await root_of(books, XA, XB, Book.PLACED, bench.clock.now()), "the Bureau still has the former"
    await bench.work()
    newer = await root_of(books, XA, XB, Book.PLACED, bench.clock.now())
    assert newer != placed and newer[1] == 1
    bench.clock.at += timedelta(days=1)
    bench.bureau.plays.extend([Delivered(changed=True), Delivered(documents=(obtained(NEWER),))])
    await bench.work()
    assert newer == await root_of(books, XB, XA, Book.FETCHED, bench.clock.now())
    assert placed == await root_of(books, XB, XA, Book.FETCHED, bench.clock.now() - timedelta(days=1)), "as it was"
    assert bench.counterparts[(IB, "das")] is bench.bureau
