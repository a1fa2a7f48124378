"""The tree of a book: its shape, its hashes, and how a copy stands."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.core.reconcile import (
    BRANCHES,
    BUCKETS,
    DIGEST,
    EMPTY_BUCKET,
    OPPOSITE,
    SERVED,
    Book,
    BookTree,
    Copy,
    Found,
    Identity,
    Standing,
    branch_hash,
    bucket_hash,
    bucket_of,
    differing,
    leaf_of,
    root_hash,
    standing_of,
)

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
IDENTITY = Identity(kind="priority-document", office="XA", right="patent", normal="XA20261")


def found(*values, under_way=False):
    return Found(copies=tuple(Copy(value=value, at=AT) for value in values), under_way=under_way)


def test_a_key_is_frozen_and_tells_every_word_apart():
    text = b"pouch reconcile v1\npriority-document\nXA\npatent\nXA20261"
    assert IDENTITY.key == hashlib.sha256(text).digest()
    assert IDENTITY.key.hex() == "0ea64a9f9b2984001396424a949e6aa3aa2590e0a1ce4e072bda6ea2df9a962d"
    others = [replace(IDENTITY, **{name: "other"}) for name in ("kind", "office", "right", "normal")]
    assert len({IDENTITY.key, *(other.key for other in others)}) == 5


def test_a_leaf_needs_both_key_and_value():
    key, value = IDENTITY.key, hashlib.sha256(b"copy").digest()
    assert leaf_of(key, value) == hashlib.sha256(b"\x00" + key + value).digest()
    assert len({leaf_of(key, value), leaf_of(value, key), leaf_of(key, key)}) == 3


def test_every_level_has_a_domain_of_its_own():
    row = EMPTY_BUCKET * 256
    assert len({bucket_hash(row), branch_hash(row), root_hash(row)}) == 3
    assert hashlib.sha256(b"\x01").digest() == EMPTY_BUCKET


def test_a_tree_has_one_shape_however_much_is_in_it():
    empty = BookTree.of([], 0)
    one = BookTree.of([(258, bucket_hash(b"x" * DIGEST))], 1)
    assert len(empty.branches) == len(one.branches) == BRANCHES * DIGEST
    assert empty.root == root_hash(branch_hash(EMPTY_BUCKET * 256) * BRANCHES)
    assert differing(empty.branches, one.branches) == [1]
    assert differing(empty.branch(1), one.branch(1)) == [2]
    assert one.branch(1)[2 * DIGEST : 3 * DIGEST] == bucket_hash(b"x" * DIGEST)


def test_a_tree_of_another_shape_is_no_tree():
    with pytest.raises(ValueError, match="65,536"):
        BookTree(EMPTY_BUCKET * (BUCKETS - 1), 0)
    with pytest.raises(ValueError, match="equally long"):
        differing(b"x" * 32, b"x" * 64)


def test_the_bucket_is_the_first_two_bytes():
    assert bucket_of(b"\x01\x02" + bytes(30)) == 258
    assert bucket_of(b"\xff\xff" + bytes(30)) == BUCKETS - 1


@pytest.mark.parametrize(
    ("book", "known", "standing"),
    [
        (Book.GIVEN, found(b"new"), Standing.SAME),
        (Book.GIVEN, found(b"new", under_way=True), Standing.SAME),
        (Book.GIVEN, found(b"new", b"newer"), Standing.EARLIER),
        (Book.GIVEN, found(b"other"), Standing.OTHER),
        (Book.GIVEN, found(), Standing.UNKNOWN),
        (Book.GIVEN, found(under_way=True), Standing.UNSETTLED),
        (Book.TAKEN, found(b"other", under_way=True), Standing.UNSETTLED),
        (Book.PLACED, found(b"new", b"newer"), Standing.EARLIER),
        (Book.PLACED, found(b"other"), Standing.NOT_SO),
        (Book.PLACED, found(), Standing.NOT_SO),
    ],
)
def test_how_a_copy_stands(book, known, standing):
    assert standing_of(b"new", known, book) is standing


def test_nobody_is_shown_who_fetched_what():
    assert Book.FETCHED not in SERVED
    assert all(OPPOSITE[OPPOSITE[book]] is book for book in Book)
