"""The edge of a log: tiles and roots are those of the tree as it is defined, however it grew."""

import hashlib
import random

import pytest

from gateway.core.merkle import EMPTY_ROOT, root_of
from gateway.store.ledger_edge import Edge, levels


def leaves(count):
    return [hashlib.sha256(b"%d" % number).digest() for number in range(count)]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 700])
def test_the_root_is_that_of_all_leaves(size):
    edge = Edge()
    edge.extend(leaves(size))
    assert edge.size == size
    assert edge.root() == root_of(leaves(size))


def test_an_empty_edge_has_the_empty_root():
    assert Edge().root() == EMPTY_ROOT


def test_growing_in_any_steps_gives_the_same_tiles():
    whole = leaves(256 * 5 + 17)
    at_once = Edge().extend(whole)
    steps, edge, left = [], Edge(), list(whole)
    pick = random.Random(6)
    while left:
        count = pick.randint(1, 300)
        steps += edge.extend(left[:count])
        del left[:count]
    assert steps == at_once
    assert [(tile.level, tile.index) for tile in at_once] == [(0, index) for index in range(5)]
    assert at_once[3].hashes == b"".join(whole[768:1024])
    assert at_once[3].root == root_of(whole[768:1024])


def test_a_tile_of_tiles_becomes_full():
    whole = leaves(256 * 256)
    edge = Edge()
    *below, top = edge.extend(whole)
    assert len(below) == 256
    assert (top.level, top.index) == (1, 0)
    assert top.hashes == b"".join(tile.root for tile in below)
    assert edge.root() == top.root == root_of(whole)


def test_a_copy_grows_by_itself():
    edge = Edge()
    edge.extend(leaves(3))
    copy = edge.copy()
    copy.extend(leaves(1))
    assert (edge.size, copy.size) == (3, 4)
    assert edge.root() == root_of(leaves(3))


def test_an_edge_goes_on_from_its_rows():
    whole = leaves(300)
    edge = Edge(256 + 44, [whole[256:], [root_of(whole[:256])]])
    assert edge.root() == root_of(whole)


@pytest.mark.parametrize(("size", "rows"), [(1, []), (0, [[b"x" * 32]]), (256, [[b"x" * 32], []]), (256, [[]])])
def test_rows_that_do_not_fit_are_refused(size, rows):
    with pytest.raises(ValueError, match="rows of an edge"):
        Edge(size, rows)


def test_levels_are_as_many_as_the_size_has_bytes():
    assert [levels(size) for size in (0, 1, 255, 256, 65535, 65536)] == [0, 1, 1, 2, 2, 3]
