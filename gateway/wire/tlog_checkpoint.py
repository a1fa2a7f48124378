"""A log's checkpoint, the text that its signature is over: origin, tree size, root hash (C2SP tlog-checkpoint).

Rules:
- Parsing is strict and has one form: what is rendered again is the same text, byte for byte.
- Signatures are no matter of this file: pki/notes.py splits a signed note and gives the text that was verified.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from gateway.core.merkle import EMPTY_ROOT, HASH_SIZE
from gateway.wire.tlog_tiles import MalformedLog

__all__ = [
    "CHECKPOINT_LIMIT",
    "SIZE_LIMIT",
    "Checkpoint",
    "parse_checkpoint",
    "parse_hash",
    "parse_number",
    "render_checkpoint",
    "render_hash",
]

#: Bytes of a whole signed checkpoint: more than 100 signatures of post-quantum keys.
CHECKPOINT_LIMIT: Final = 512 * 1024
#: Sizes and indices are uint64.
SIZE_LIMIT: Final = 1 << 64

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,19}")
_CONTROLS: Final = re.compile(r"[\x00-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A log's head: `origin` names the log, `size` counts its leaves, `root` is 32 bytes; `extensions` are lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def render_checkpoint(checkpoint: Checkpoint) -> str:
    """Write the text to sign, ending in a newline; ValueError for a checkpoint that could not be read again."""
    lines = [checkpoint.origin, str(checkpoint.size), render_hash(checkpoint.root), *checkpoint.extensions]
    text = "".join(f"{line}\n" for line in lines)
    if parse_checkpoint(text) != checkpoint:
        raise ValueError("a checkpoint's lines are not empty and hold no line feed")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a signed note as a checkpoint; MalformedLog says what is wrong."""
    if not text.endswith("\n"):
        raise MalformedLog("a checkpoint ends with a newline")
    origin, *rest = text[:-1].split("\n")
    if not all((origin, *rest)) or any(_CONTROLS.search(line) for line in (origin, *rest)):
        raise MalformedLog("a checkpoint has no empty line and no control character")
    if len(rest) < 2:
        raise MalformedLog("a checkpoint has at least three lines: origin, size, root")
    size = parse_number(rest[0])
    root = parse_hash(rest[1])
    if size == 0 and root != EMPTY_ROOT:
        raise MalformedLog("the root of an empty tree is SHA-256 over nothing")
    return Checkpoint(origin=origin, size=size, root=root, extensions=tuple(rest[2:]))


def parse_number(text: str) -> int:
    """Read a size or an index: decimal, no leading zero, below 2**64. MalformedLog else."""
    if not _DECIMAL.fullmatch(text) or (number := int(text)) >= SIZE_LIMIT:
        raise MalformedLog("a size or index is a decimal number without leading zeroes, below 2**64")
    return number


def parse_hash(text: str) -> bytes:
    """Read 32 bytes in standard base64, in its one canonical form. MalformedLog else."""
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedLog("a hash is standard base64") from None
    if len(digest) != HASH_SIZE or render_hash(digest) != text:
        raise MalformedLog("a hash is 32 bytes in standard base64")
    return digest


def render_hash(digest: bytes) -> str:
    """Write a hash in standard base64."""
    return base64.b64encode(digest).decode("ascii")
