"""What a log and a witness say to each other: the add-checkpoint request and its answers (C2SP tlog-witness).

Rules:
- A request is read strictly: what would not be rendered again byte for byte is malformed.
- The checkpoint goes verbatim; whether it is signed, and by whom, is no matter of this file.
"""

from dataclasses import dataclass
from typing import Final

from gateway.wire.tlog_checkpoint import parse_hash, parse_number, render_hash
from gateway.wire.tlog_tiles import MalformedLog

__all__ = [
    "ADD_CHECKPOINT_LIMIT",
    "PROOF_LINES",
    "SIZE_MEDIA_TYPE",
    "AddCheckpoint",
    "parse_add_checkpoint",
    "parse_size",
    "render_add_checkpoint",
    "render_size",
]

#: A client must not send more lines of proof.
PROOF_LINES: Final = 63
#: Bytes of a whole request: the proof, and a checkpoint with more signatures than a log or its witnesses have keys.
ADD_CHECKPOINT_LIMIT: Final = 64 * 1024
SIZE_MEDIA_TYPE: Final = "text/x.tlog.size"

_OLD: Final = "old "


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """A log asks for a cosignature: `old` is the size that the witness knows, `proof` leads from it to the checkpoint.

    `note` is the whole signed checkpoint.
    """

    old: int
    proof: tuple[bytes, ...]
    note: bytes


def render_add_checkpoint(request: AddCheckpoint) -> bytes:
    """Write the body of a request; ValueError for one that could not be read again."""
    lines = [f"{_OLD}{request.old}", *map(render_hash, request.proof)]
    written = "".join(f"{line}\n" for line in lines).encode("ascii") + b"\n" + request.note
    if parse_add_checkpoint(written) != request:
        raise ValueError("a request has an old size, at most 63 hashes and a checkpoint")
    return written


def parse_add_checkpoint(content: bytes) -> AddCheckpoint:
    """Read the body of a request; MalformedLog says what is wrong."""
    if len(content) > ADD_CHECKPOINT_LIMIT:
        raise MalformedLog(f"a request has at most {ADD_CHECKPOINT_LIMIT} bytes")
    head, blank, note = content.partition(b"\n\n")
    if not blank or not note.endswith(b"\n"):
        raise MalformedLog("a request has an empty line, and a checkpoint after it")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise MalformedLog("a request is text up to its empty line") from None
    if not first.startswith(_OLD):
        raise MalformedLog("a request begins with the old size")
    if len(lines) > PROOF_LINES:
        raise MalformedLog(f"a request has at most {PROOF_LINES} lines of proof")
    return AddCheckpoint(
        old=parse_number(first.removeprefix(_OLD)), proof=tuple(parse_hash(line) for line in lines), note=note
    )


def render_size(size: int) -> bytes:
    """Write the body of "409 Conflict": the size of the newest checkpoint that the witness has cosigned."""
    return f"{size}\n".encode("ascii")


def parse_size(content: bytes) -> int:
    """Read the body of "409 Conflict"; MalformedLog says what is wrong."""
    if len(content) > 21 or not content.endswith(b"\n") or not content.isascii():
        raise MalformedLog("a size is one decimal number and a newline")
    return parse_number(content[:-1].decode("ascii"))
