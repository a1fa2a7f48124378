"""The Merkle tree of the ledger: roots, proofs and their verification, SHA-256, as RFC 6962 section 2.1 defines them.

Rules:
- A node is named (level, index): the hash over leaves [index << level, (index + 1) << level), all of them there.
- Verification gives a bool and raises nothing: digests that are not 32 bytes and sizes that cannot be are just False.
- A proof from the empty tree proves nothing and is False; two heads of the same size are consistent if they are equal.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from itertools import chain
from typing import Final

__all__ = [
    "EMPTY_ROOT",
    "HASH_SIZE",
    "Frontier",
    "Node",
    "ReadHash",
    "consistency_nodes",
    "consistency_path",
    "fold",
    "inclusion_nodes",
    "inclusion_path",
    "leaf_hash",
    "node_hash",
    "perfect_nodes",
    "root_of",
    "verify_consistency",
    "verify_inclusion",
]

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()

#: (level, index) of a complete subtree.
Node = tuple[int, int]
#: Gives the hash of a complete subtree; what it raises goes through.
ReadHash = Callable[[int, int], bytes]


def leaf_hash(leaf: bytes) -> bytes:
    """Hash a leaf: SHA-256(0x00 || leaf)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Join complete subtrees of falling size, left to right, into the root over them all; EMPTY_ROOT for none."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Compute the root over leaf hashes that are all at hand; EMPTY_ROOT for none."""
    if not leaf_hashes:
        return EMPTY_ROOT
    # Joining neighbours and letting an odd last one rise gives the same tree as the recursive definition.
    level = list(leaf_hashes)
    while len(level) > 1:
        rising = level[-1:] if len(level) & 1 else []
        pairs = iter(level)
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        level += rising
    return level[0]


class Frontier:
    """The right edge of a growing tree: what is needed to append and to know the root, at most 64 hashes.

    `hashes` are those of the complete subtrees that make up the tree, left to right, one per set bit of `size`.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Start empty, or go on from `size` and its `hashes`; ValueError if the two cannot belong together."""
        self._size = size
        self._hashes = list(hashes)
        if size < 0 or len(self._hashes) != size.bit_count():
            raise ValueError("a frontier has one hash per set bit of its size")
        if any(len(digest) != HASH_SIZE for digest in self._hashes):
            raise ValueError("a hash of a frontier has 32 bytes")

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def hashes(self) -> list[bytes]:
        """What a later Frontier goes on from."""
        return self._hashes.copy()

    def append(self, leaf_hash: bytes) -> None:
        """Put one more leaf hash (32 bytes) at the end."""
        hashes = self._hashes
        digest = leaf_hash
        joins = self._size
        while joins & 1:
            digest = sha256(b"\x01" + hashes.pop() + digest).digest()
            joins >>= 1
        hashes.append(digest)
        self._size += 1

    def append_perfect(self, digest: bytes, level: int) -> None:
        """Put the hash of 1 << `level` leaves at the end; ValueError if the size is no multiple of so many."""
        if self._size & ((1 << level) - 1):
            raise ValueError("a complete subtree begins at a multiple of its size")
        hashes = self._hashes
        joins = self._size >> level
        while joins & 1:
            digest = sha256(b"\x01" + hashes.pop() + digest).digest()
            joins >>= 1
        hashes.append(digest)
        self._size += 1 << level

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Put leaf hashes at the end, in their order."""
        for digest in leaf_hashes:
            self.append(digest)

    def root(self) -> bytes:
        """Compute the root over all leaves so far."""
        return fold(self._hashes)


def perfect_nodes(start: int, end: int) -> list[Node]:
    """Split leaves [start, end) into the complete subtrees the tree has there, left to right.

    `start` is a multiple of the least power of two that is >= end - start, as every subtree's is.
    """
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def inclusion_nodes(index: int, size: int) -> list[list[Node]]:
    """Name what an inclusion proof is made of: one list per digest, to be folded, from the leaf's sibling to the root.

    RFC 6962 section 2.1.1. ValueError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError("a leaf is proved in a tree that has it")
    parts = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            parts.append(perfect_nodes(middle, end))
            end = middle
        else:
            parts.append(perfect_nodes(start, middle))
            start = middle
    return parts[::-1]


def consistency_nodes(old: int, new: int) -> list[list[Node]]:
    """Name what a consistency proof is made of, as `inclusion_nodes` does; none for two equal sizes.

    RFC 6962 section 2.1.2. ValueError unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError("consistency is proved from a tree that is not empty to one that is not smaller")
    if old == new:
        return []
    parts = []
    start, end = 0, new
    whole = True  # the old tree is a subtree of the new one as it stands, its root known to the asker
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            parts.append(perfect_nodes(middle, end))
            end = middle
        else:
            parts.append(perfect_nodes(start, middle))
            start = middle
            whole = False
    if not whole:
        parts.append(perfect_nodes(start, end))
    return parts[::-1]


def inclusion_path(index: int, size: int, read_hash: ReadHash) -> list[bytes]:
    """Make the proof that leaf `index` is in the tree of `size`; ValueError unless 0 <= index < size."""
    return [_read(nodes, read_hash) for nodes in inclusion_nodes(index, size)]


def consistency_path(old: int, new: int, read_hash: ReadHash) -> list[bytes]:
    """Make the proof that the tree of `new` begins with that of `old`; ValueError unless 0 < old <= new."""
    return [_read(nodes, read_hash) for nodes in consistency_nodes(old, new)]


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the proof shows leaf `index` in the tree of `size` under `root` (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size or not _are_digests(chain((leaf_hash, root), proof)):
        return False
    first, last, digest = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            digest = node_hash(sibling, digest)
            while not first & 1 and first:
                first >>= 1
                last >>= 1
        else:
            digest = node_hash(digest, sibling)
        first >>= 1
        last >>= 1
    return last == 0 and digest == root


def verify_consistency(old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Tell whether the proof shows that the new tree begins with the old one (RFC 9162 section 2.1.4.2)."""
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if not proof or not _are_digests(chain((old_root, new_root), proof)):
        return False
    # A complete old tree is itself the first digest, and is not repeated in the proof.
    digests = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    first, last = old_size - 1, new_size - 1
    while first & 1:
        first >>= 1
        last >>= 1
    old_digest = new_digest = digests[0]
    for sibling in digests[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old_digest = node_hash(sibling, old_digest)
            new_digest = node_hash(sibling, new_digest)
            while not first & 1 and first:
                first >>= 1
                last >>= 1
        else:
            new_digest = node_hash(new_digest, sibling)
        first >>= 1
        last >>= 1
    return last == 0 and old_digest == old_root and new_digest == new_root


def _split(count: int) -> int:
    """The largest power of two smaller than `count`, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1


def _read(nodes: Iterable[Node], read_hash: ReadHash) -> bytes:
    return fold([read_hash(level, index) for level, index in nodes])


def _are_digests(digests: Iterable[bytes]) -> bool:
    return all(len(digest) == HASH_SIZE for digest in digests)
