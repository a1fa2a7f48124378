"""The tree against the recursive definitions of RFC 6962 section 2.1, written out once more here."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import merkle

LEAVES = [merkle.leaf_hash(b"leaf %d" % number) for number in range(130)]
#: Sizes around the powers of two, where a tree changes its form.
SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 128, 129, 130]

sizes = st.integers(1, len(LEAVES))


def sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def split(count: int) -> int:
    power = 1
    while 2 * power < count:
        power *= 2
    return power


def tree_hash(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1, over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha(b"")
    k = split(len(leaves))
    return sha(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:]))


def audit_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*audit_path(index, leaves[:k]), tree_hash(leaves[k:])]
    return [*audit_path(index - k, leaves[k:]), tree_hash(leaves[:k])]


def subproof(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of section 2.1.2; PROOF is that of a whole tree."""
    if old == len(leaves):
        return [] if whole else [tree_hash(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*subproof(old, leaves[:k], whole), tree_hash(leaves[k:])]
    return [*subproof(old - k, leaves[k:], False), tree_hash(leaves[:k])]


def read_hash(level: int, index: int) -> bytes:
    assert (index + 1) << level <= len(LEAVES), "a node beyond the tree was asked for"
    return tree_hash(LEAVES[index << level : (index + 1) << level])


def test_hashes_are_told_apart_by_their_first_byte() -> None:
    assert sha(b"") == merkle.EMPTY_ROOT
    assert merkle.leaf_hash(b"a") == sha(b"\x00a")
    assert merkle.node_hash(b"l" * 32, b"r" * 32) == sha(b"\x01" + b"l" * 32 + b"r" * 32)


@pytest.mark.parametrize("size", [0, *SIZES])
def test_roots_are_those_of_the_definition(size: int) -> None:
    frontier = merkle.Frontier()
    frontier.extend(LEAVES[:size])
    assert frontier.size == size
    assert frontier.root() == merkle.root_of(LEAVES[:size]) == tree_hash(LEAVES[:size])


@given(st.integers(0, 130), st.integers(0, 130))
def test_frontier_goes_on_from_where_it_was_written_down(one: int, other: int) -> None:
    first, last = sorted((one, other))
    frontier = merkle.Frontier()
    frontier.extend(LEAVES[:first])
    kept = frontier.hashes
    resumed = merkle.Frontier(first, kept)
    resumed.extend(LEAVES[first:last])
    assert resumed.root() == tree_hash(LEAVES[:last])
    assert kept == frontier.hashes, "going on changed what was written down"


def test_complete_subtrees_are_appended_at_once() -> None:
    frontier = merkle.Frontier()
    frontier.append_perfect(tree_hash(LEAVES[:64]), 6)
    frontier.append_perfect(tree_hash(LEAVES[64:128]), 6)
    frontier.append(LEAVES[128])
    assert (frontier.size, frontier.root()) == (129, tree_hash(LEAVES[:129]))
    with pytest.raises(ValueError, match="multiple"):
        frontier.append_perfect(LEAVES[129], 1)


@pytest.mark.parametrize(("size", "hashes"), [(-1, []), (0, LEAVES[:1]), (3, LEAVES[:1]), (1, [b"short"])])
def test_frontier_that_cannot_be_is_refused(size: int, hashes: list[bytes]) -> None:
    with pytest.raises(ValueError, match="frontier"):
        merkle.Frontier(size, hashes)


@given(sizes.flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_inclusion_paths_are_those_of_the_definition_and_hold(case: tuple[int, int]) -> None:
    size, index = case
    path = merkle.inclusion_path(index, size, read_hash)
    assert path == audit_path(index, LEAVES[:size])
    assert merkle.verify_inclusion(LEAVES[index], index, size, path, tree_hash(LEAVES[:size]))


@given(sizes, sizes)
def test_consistency_paths_are_those_of_the_definition_and_hold(one: int, other: int) -> None:
    old, new = sorted((one, other))
    path = merkle.consistency_path(old, new, read_hash)
    assert path == subproof(old, LEAVES[:new])
    assert merkle.verify_consistency(old, new, path, tree_hash(LEAVES[:old]), tree_hash(LEAVES[:new]))


@given(sizes.flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))), st.integers(0, 7), st.data())
def test_changed_inclusion_proof_does_not_hold(case: tuple[int, int], bit: int, draw: st.DataObject) -> None:
    size, index = case
    digests = [LEAVES[index], tree_hash(LEAVES[:size]), *audit_path(index, LEAVES[:size])]
    which = draw.draw(st.integers(0, len(digests) - 1))
    changed = bytearray(digests[which])
    changed[draw.draw(st.integers(0, 31))] ^= 1 << bit
    digests[which] = bytes(changed)
    leaf, root, *path = digests
    assert not merkle.verify_inclusion(leaf, index, size, path, root)


@pytest.mark.parametrize("size", SIZES)
def test_proof_holds_for_no_other_place_size_or_length(size: int) -> None:
    root = tree_hash(LEAVES[:size])
    index = size // 2
    path = audit_path(index, LEAVES[:size])
    other = [place for place in range(-1, size + 2) if place != index]
    assert not any(merkle.verify_inclusion(LEAVES[index], place, size, path, root) for place in other)
    assert not merkle.verify_inclusion(LEAVES[index], index, size, [*path, root], root)
    assert not merkle.verify_inclusion(LEAVES[index], index, size, [root, *path], root)
    assert not path or not merkle.verify_inclusion(LEAVES[index], index, size, path[:-1], root)


@pytest.mark.parametrize("new", SIZES)
def test_consistency_proof_holds_for_no_other_tree(new: int) -> None:
    old = max(new // 2, 1)
    before, after = tree_hash(LEAVES[:old]), tree_hash(LEAVES[:new])
    path = subproof(old, LEAVES[:new])
    forked = tree_hash([LEAVES[-1], *LEAVES[1:new]])
    assert not merkle.verify_consistency(old, new, path, before, forked)
    assert not merkle.verify_consistency(old, new, path, forked, after)
    assert not merkle.verify_consistency(old, new, [*path, before], before, after)
    assert not path or not merkle.verify_consistency(old, new, path[1:], before, after)


@pytest.mark.parametrize("empty", [b"", b"short", LEAVES[0] + b"\x00"])
def test_what_is_no_digest_proves_nothing(empty: bytes) -> None:
    assert not merkle.verify_inclusion(empty, 0, 1, [], empty)
    assert not merkle.verify_inclusion(LEAVES[0], 0, 2, [empty], merkle.node_hash(LEAVES[0], empty))
    assert not merkle.verify_consistency(1, 2, [empty], LEAVES[0], merkle.node_hash(LEAVES[0], empty))


def test_nothing_is_proved_from_an_empty_tree_or_a_larger_one() -> None:
    root = tree_hash(LEAVES[:2])
    assert not merkle.verify_consistency(0, 0, [], merkle.EMPTY_ROOT, merkle.EMPTY_ROOT)
    assert not merkle.verify_consistency(0, 2, [], merkle.EMPTY_ROOT, root)
    assert not merkle.verify_consistency(2, 1, [], root, LEAVES[0])
    assert not merkle.verify_consistency(2, 2, [root], root, root)
    assert merkle.verify_consistency(2, 2, [], root, root)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_inclusion_proof_is_made_beyond_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="proved in a tree"):
        merkle.inclusion_path(index, size, read_hash)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 0)])
def test_no_consistency_proof_is_made_backwards_or_from_nothing(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="not empty"):
        merkle.consistency_path(old, new, read_hash)


def test_proofs_of_a_large_tree_are_short() -> None:
    size = 10_000_000
    assert len(merkle.inclusion_nodes(4_999_999, size)) == 24
    assert sum(len(nodes) for nodes in merkle.inclusion_nodes(4_999_999, size)) < 48
    assert len(merkle.consistency_nodes(9_999_999, size)) <= 25
