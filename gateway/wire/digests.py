"""Digests of a whole source by several algorithms in one reading."""

import hashlib
from collections.abc import Iterable
from typing import BinaryIO, Final

__all__ = ["TRUSTED", "digests_of"]

#: Algorithms whose digest proves something; others are taken to be told, never to be believed.
TRUSTED: Final = frozenset({"sha256", "sha384", "sha512"})
_PIECE: Final = 1 << 20


def digests_of(source: BinaryIO, algorithms: Iterable[str]) -> dict[str, bytes]:
    """Give the digest of a seekable source, from its beginning, by each algorithm (names of hashlib)."""
    running = {name: hashlib.new(name, usedforsecurity=name in TRUSTED) for name in algorithms}
    source.seek(0)
    while piece := source.read(_PIECE):
        for each in running.values():
            each.update(piece)
    return {name: each.digest() for name, each in running.items()}
