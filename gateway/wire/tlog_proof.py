"""Proofs on paper: `.tlog-proof` files (C2SP tlog-proof) and the JSON bodies of our proof addresses.

Rules:
- Parsing is strict; MalformedLog says what is wrong. A proof that can be read is not yet one that holds.
- The checkpoint goes verbatim, signatures and all; `extra` is not covered by any of them and proves nothing.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.wire.tlog_checkpoint import CHECKPOINT_LIMIT, parse_hash, parse_number, render_hash
from gateway.wire.tlog_tiles import MalformedLog

__all__ = [
    "PROOF_LIMIT",
    "PROOF_MEDIA_TYPE",
    "ConsistencyBody",
    "InclusionBody",
    "LogProof",
    "parse_proof",
    "render_proof",
]

#: Digests of a proof: a tree of 2**64 leaves needs no more.
PROOF_LIMIT: Final = 64
PROOF_MEDIA_TYPE: Final = "text/plain; charset=utf-8"

_HEAD: Final = "c2sp.org/tlog-proof@v1"
_EXTRA_LIMIT: Final = 64 * 1024

_Size = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
_Hash = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{43}=$(?!\n)", description="32 bytes in standard base64.")]
_Hashes = Annotated[list[_Hash], Meta(max_length=PROOF_LIMIT)]


class InclusionBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """That leaf `leaf_index` is in the tree of `tree_size`; `checkpoint` is the signed note of that size."""

    leaf_index: _Size
    tree_size: _Size
    leaf_hash: _Hash
    root_hash: _Hash
    proof: _Hashes
    checkpoint: str | None = None


class ConsistencyBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """That the tree of `new_size` begins with that of `old_size`; the checkpoints are their signed notes."""

    old_size: _Size
    new_size: _Size
    old_root_hash: _Hash
    new_root_hash: _Hash
    proof: _Hashes
    old_checkpoint: str | None = None
    new_checkpoint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProof:
    """That an entry is at `index` of the tree whose signed `checkpoint` (the whole note) is given."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def render_proof(proof: LogProof) -> bytes:
    """Write a .tlog-proof file; ValueError for one that could not be read again."""
    lines = [_HEAD]
    if proof.extra is not None:
        lines.append(f"extra {base64.b64encode(proof.extra).decode('ascii')}")
    lines.append(f"index {proof.index}")
    lines += [render_hash(digest) for digest in proof.proof]
    written = "".join(f"{line}\n" for line in lines).encode("ascii") + b"\n" + proof.checkpoint
    if parse_proof(written) != proof:
        raise ValueError("a proof has an index, at most 64 hashes and a checkpoint")
    return written


def parse_proof(content: bytes) -> LogProof:
    """Read a .tlog-proof file; MalformedLog says what is wrong."""
    head, blank, checkpoint = content.partition(b"\n\n")
    if not blank or not checkpoint or len(checkpoint) > CHECKPOINT_LIMIT or len(head) > 2 * _EXTRA_LIMIT:
        raise MalformedLog("a proof has an empty line, and a checkpoint after it")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise MalformedLog("a proof is text up to its empty line") from None
    if first != _HEAD:
        raise MalformedLog(f"a proof begins with {_HEAD}")
    extra = _parse_extra(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise MalformedLog("a proof names its index")
    index = parse_number(lines[0].removeprefix("index "))
    if len(lines) > 1 + PROOF_LIMIT:
        raise MalformedLog("a proof has at most 64 hashes")
    digests = tuple(parse_hash(line) for line in lines[1:])
    return LogProof(index=index, proof=digests, checkpoint=checkpoint, extra=extra)


def _parse_extra(text: str) -> bytes:
    try:
        extra = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedLog("the extra line of a proof is standard base64") from None
    if base64.b64encode(extra).decode("ascii") != text or len(extra) > _EXTRA_LIMIT:
        raise MalformedLog("the extra line of a proof is standard base64, at most 64 KiB")
    return extra
