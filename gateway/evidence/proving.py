"""Proofs made from a log's tiles by whoever can read them, and checked before they are handed on."""

from collections.abc import Iterable, Sequence

from gateway.core.merkle import (
    Node,
    consistency_nodes,
    consistency_path,
    inclusion_nodes,
    inclusion_path,
    verify_inclusion,
)
from gateway.evidence.checkpoints import are_consistent, believe_checkpoint
from gateway.evidence.findings import CannotTell, Tampered
from gateway.evidence.sources import LogSource
from gateway.evidence.tiles import read_contents
from gateway.wire.tlog_checkpoint import CHECKPOINT_LIMIT, Checkpoint
from gateway.wire.tlog_proof import LogProof
from gateway.wire.tlog_tiles import Tile, TileHashes, tiles_for
from pki.note_keys import NoteVerifier

__all__ = ["prove_consistency", "prove_entry"]


async def prove_entry(
    source: LogSource, verifiers: Sequence[NoteVerifier], index: int, *, origin: str | None = None
) -> tuple[LogProof, bytes]:
    """Prove entry `index` under the log's newest checkpoint; the proof, and the leaf hash it is about.

    Tampered if tiles and checkpoint do not belong together, CannotTell if a tile is missing or the log has no such
    entry under that checkpoint.
    """
    note = await source.read("checkpoint", CHECKPOINT_LIMIT)
    if note is None:
        raise CannotTell("checkpoint", "is not there")
    checkpoint = believe_checkpoint(note, verifiers, "checkpoint", origin=origin)
    if not 0 <= index < checkpoint.size:
        raise CannotTell(f"entry {index}", f"is not in the log, which has {checkpoint.size} entries")
    parts = inclusion_nodes(index, checkpoint.size)
    hashes = await _read_hashes(source, [*parts, [(0, index)]], checkpoint.size)
    leaf_hash = hashes(0, index)
    path = inclusion_path(index, checkpoint.size, hashes)
    if not verify_inclusion(leaf_hash, index, checkpoint.size, path, checkpoint.root):
        raise Tampered(f"entry {index}", "cannot be proved: the tiles on its way are not those of the checkpoint")
    return LogProof(index=index, proof=tuple(path), checkpoint=note), leaf_hash


async def prove_consistency(source: LogSource, old: Checkpoint, new: Checkpoint) -> list[bytes]:
    """Prove that the log of `new` begins with that of `old`, both verified; the proof's digests.

    Tampered if it does not, or the tiles are not those of the checkpoints; CannotTell if one is missing.
    """
    if old.size > new.size:
        raise CannotTell(f"size {old.size}", f"is not the older: the other checkpoint is that of size {new.size}")
    path: list[bytes] = []
    if old.size:
        hashes = await _read_hashes(source, consistency_nodes(old.size, new.size), new.size)
        path = consistency_path(old.size, new.size, hashes)
    if not are_consistent(old, new, path):
        raise Tampered(f"size {new.size}", f"the log does not begin with that of size {old.size}")
    return path


async def _read_hashes(source: LogSource, parts: Iterable[Iterable[Node]], size: int) -> TileHashes:
    """Read the tiles that the nodes of a tree of `size` are computed from."""
    tiles: dict[Tile, bytes] = {}
    for tile in tiles_for(parts, size):
        hashes = await read_contents(source, tile)
        if hashes is None:
            raise CannotTell(tile.path, "is not there")
        tiles[tile] = b"".join(hashes)
    return TileHashes(size, tiles.__getitem__)
