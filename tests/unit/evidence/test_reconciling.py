"""Two books are compared: exactly what differs is found, and a partner that lies or floods is refused."""

import pytest
from books_in_memory import AT, MemoryBook, Ours, Theirs, digest, identity
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.reconcile import Book, Standing, Statement
from gateway.evidence.differences import Kind, remedy_of
from gateway.evidence.findings import CannotTell, Tampered
from gateway.evidence.reconciling import reconcile
from gateway.wire.book_file import named_body
from gateway.wire.reconcile import AnsweredBody, StandingBody
from pki.verdict import Indication

numbers = st.integers(0, 60)
books = st.dictionaries(numbers, st.sampled_from([["a"], ["b"], ["a", "b"]]), max_size=40)


@settings(max_examples=60, deadline=None)
@given(ours=books, theirs=books)
async def test_exactly_what_differs_is_found(ours, theirs):
    result = await reconcile(Book.TAKEN, Ours(Book.TAKEN, ours), Theirs(Book.GIVEN, theirs))
    differing = {n for n in ours.keys() | theirs.keys() if ours.get(n, [None])[-1] != theirs.get(n, [None])[-1]}
    assert {int(difference.document.number) for difference in result.differences} == differing
    assert len(result.differences) == len(differing) and not result.unsettled and not result.settled
    for difference in result.differences:
        number = int(difference.document.number)
        if number not in ours:
            assert difference.kind is Kind.MISSING_HERE
        elif number not in theirs:
            assert difference.kind is Kind.MISSING_THERE
        elif ours[number][-1] in theirs[number] or theirs[number][-1] in ours[number]:
            assert difference.kind is Kind.OTHER_VERSION
        else:
            assert difference.kind is Kind.ALTERED
    assert result.indication is (Indication.FAILED if differing else Indication.PASSED)


@settings(max_examples=60, deadline=None)
@given(ours=books, theirs=books)
async def test_by_the_bureau_only_what_we_have_is_compared(ours, theirs):
    result = await reconcile(Book.FETCHED, Ours(Book.FETCHED, ours), Theirs(Book.PLACED, theirs))
    wrong = {n for n in ours if ours[n][-1] != theirs.get(n, [None])[-1]}
    assert {int(difference.document.number) for difference in result.differences} == wrong
    for difference in result.differences:
        number = int(difference.document.number)
        # by the Bureau nothing is told but that our own bytes were the newest once, or that they are not so there
        earlier = ours[number][-1] in theirs.get(number, [])
        assert difference.kind is (Kind.OTHER_VERSION if earlier else Kind.NOT_PLACED)


async def test_what_was_not_fetched_is_not_asked_about():
    placed = Theirs(Book.PLACED, {number: ["a"] for number in range(500)})
    result = await reconcile(Book.FETCHED, Ours(Book.FETCHED, {7: ["a"]}), placed)
    assert result.indication is Indication.PASSED
    assert {body.normal for asked in placed.asked for body in asked.documents} <= {"XA7"}
    assert not any(asked.leaves for asked in placed.asked)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Ours(Book.TAKEN, {}, {1: ["a"]}), Theirs(Book.GIVEN, {1: ["a"]})),  # came after the moment
        (Ours(Book.GIVEN, {1: ["a"]}), Theirs(Book.TAKEN, {}, {1: ["a"]})),
        (Ours(Book.TAKEN, {1: ["a"]}, {1: ["a", "b"]}), Theirs(Book.GIVEN, {1: ["b"]})),
    ],
)
async def test_what_arrived_since_is_no_difference(ours, theirs):
    result = await reconcile(ours.book, ours, theirs)
    assert (result.indication, result.settled) == (Indication.PASSED, 1)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Ours(Book.TAKEN, {}, open_now=[1]), Theirs(Book.GIVEN, {1: ["a"]})),
        (Ours(Book.GIVEN, {1: ["a"]}), Theirs(Book.TAKEN, {}, open_now=[1])),
        (Ours(Book.TAKEN, {1: ["a"]}), Theirs(Book.GIVEN, {1: ["b"]}, {1: ["a", "b"]}, since=AT)),
        (Ours(Book.FETCHED, {1: ["a"]}), Theirs(Book.PLACED, {}, open_now=[1])),
    ],
)
async def test_what_is_under_way_cannot_be_told_yet(ours, theirs):
    result = await reconcile(ours.book, ours, theirs)
    assert not result.differences and len(result.unsettled) == 1
    assert result.indication is Indication.INDETERMINATE


def test_every_difference_that_can_be_found_has_a_remedy():
    for kind in Kind:
        books_of = (Book.FETCHED,) if kind is Kind.NOT_PLACED else (Book.TAKEN, Book.GIVEN)
        assert all(remedy_of(kind, book) for book in books_of)
    assert remedy_of(Kind.OTHER_VERSION, Book.FETCHED)


# --- a partner that lies ----------------------------------------------------------------------------------------------

OURS = {number: ["a"] for number in range(20)}
THEIRS = {**OURS, 3: ["b"], 30: ["a"]}


class Liar(Theirs):
    """Answers one thing as told; `lies` maps a method's name to what it makes of the honest answer."""

    def __init__(self, book=Book.GIVEN, then=THEIRS, **lies):
        super().__init__(book, then)
        self.lies = lies

    async def statement(self):
        return self._told("statement", await super().statement())

    async def branches(self):
        return self._told("branches", await super().branches())

    async def branch(self, number):
        return self._told("branch", await super().branch(number))

    async def leaves(self, buckets):
        return self._told("leaves", await super().leaves(buckets))

    async def ask(self, asked):
        return self._told("ask", await super().ask(asked))

    def _told(self, name, honest):
        return self.lies.get(name, lambda answer: answer)(honest)


def flipped(row):
    return bytes([row[0] ^ 1]) + row[1:]


def other_count(statement):
    names = {name: getattr(statement, name) for name in Statement.__slots__}
    return Statement(**{**names, "documents": statement.documents + 1})


@pytest.mark.parametrize(
    ("place", "lies"),
    [
        ("nodes", {"branches": flipped}),
        ("nodes", {"branches": lambda row: row * 2}),
        ("nodes", {"branches": lambda row: b""}),
        ("nodes/", {"branch": flipped}),
        ("nodes/", {"branch": lambda row: row + row}),
        ("leaves of", {"leaves": lambda rows: [row + bytes(32) for row in rows]}),
        ("leaves of", {"leaves": lambda rows: [row[:-1] for row in rows]}),
        ("leaves of", {"leaves": lambda rows: [b"" for _ in rows]}),
    ],
)
async def test_nodes_that_do_not_hash_upwards_are_refused(place, lies):
    with pytest.raises(Tampered) as finding:
        await reconcile(Book.TAKEN, Ours(Book.TAKEN, OURS), Liar(**lies))
    assert finding.value.place.startswith(place)


async def test_a_leaf_named_as_another_document_is_refused():
    def another(answered):
        other = MemoryBook(Book.GIVEN, {99: ["x"]}).by_leaf
        return AnsweredBody(documents=answered.documents, leaves=[named_body(*other.values()) for _ in answered.leaves])

    with pytest.raises(Tampered, match="what they are not"):
        await reconcile(Book.TAKEN, Ours(Book.TAKEN, OURS), Liar(ask=another))


async def test_an_answer_in_words_of_another_book_is_refused():
    def not_so(answered):
        standings = [StandingBody(standing=Standing.NOT_SO) for _ in answered.documents]
        return AnsweredBody(documents=standings, leaves=answered.leaves)

    with pytest.raises(Tampered, match="another book"):
        await reconcile(Book.TAKEN, Ours(Book.TAKEN, OURS), Liar(ask=not_so))


async def test_a_moment_that_is_none_is_refused():
    def no_moment(answered):
        standings = [StandingBody(standing=Standing.EARLIER, since="yesterday") for _ in answered.documents]
        return AnsweredBody(documents=standings, leaves=answered.leaves)

    with pytest.raises(Tampered, match="moment"):
        await reconcile(Book.TAKEN, Ours(Book.TAKEN, OURS), Liar(ask=no_moment))


async def test_one_root_for_two_numbers_of_documents_is_refused():
    with pytest.raises(Tampered, match="number of documents"):
        await reconcile(Book.TAKEN, Ours(Book.TAKEN, OURS), Liar(then=OURS, statement=other_count))


async def test_books_that_have_nothing_in_common_are_not_walked_through():
    theirs = Theirs(Book.GIVEN, {number: ["a"] for number in range(5000)})
    with pytest.raises(CannotTell, match="not the same books"):
        await reconcile(Book.TAKEN, Ours(Book.TAKEN, {}), theirs)
    assert not theirs.asked


async def test_our_own_tree_is_not_left_being_made_when_the_partner_fails():
    class Broken(Theirs):
        async def statement(self):
            raise CannotTell("root", "is away")

    with pytest.raises(CannotTell):
        await reconcile(Book.TAKEN, Ours(Book.TAKEN, OURS), Broken(Book.GIVEN, THEIRS))


def test_the_fixture_is_what_the_words_say():
    assert MemoryBook(Book.GIVEN, {1: ["a"]}).found(identity(1)).copies[-1].value == digest("a")
