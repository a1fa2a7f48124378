"""What the ledger's door is given: the logs of the hosted offices, who may read them, and the mind of the witness."""

from dataclasses import dataclass
from typing import Protocol

from gateway.core.office import OfficeCode
from gateway.wire.tlog_tiles import Tile

__all__ = ["Conflicts", "Cosigned", "Head", "Inconsistent", "Log", "LogReading", "Witness"]


class Head(Protocol):
    """A checkpoint as it was signed: the tree's size and root, and the whole note."""

    @property
    def size(self) -> int: ...

    @property
    def root(self) -> bytes: ...

    @property
    def note(self) -> bytes: ...


class Log(Protocol):
    """The logs; everything may raise Deferred(DATABASE_UNAVAILABLE)."""

    async def newest(self, hosted: OfficeCode) -> Head | None: ...

    async def signed(self, hosted: OfficeCode, size: int) -> Head | None: ...

    async def cosignatures(self, hosted: OfficeCode, size: int, root: bytes) -> bytes: ...

    async def newest_cosigned(self, hosted: OfficeCode, least: int) -> Head | None: ...

    async def seq_of(self, hosted: OfficeCode, leaf_hash: bytes) -> int | None: ...

    async def leaf_hash(self, hosted: OfficeCode, seq: int) -> bytes: ...

    async def tile(self, hosted: OfficeCode, tile: Tile) -> bytes: ...

    async def bundle(self, hosted: OfficeCode, tile: Tile) -> bytes: ...

    async def inclusion(self, hosted: OfficeCode, seq: int, size: int) -> list[bytes]: ...

    async def consistency(self, hosted: OfficeCode, old: int, new: int) -> list[bytes]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """The checkpoint is recorded and cosigned; `lines` are signature lines, each with its newline."""

    lines: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts:
    """Another checkpoint was cosigned last; `size` is that one's."""

    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconsistent:
    """The proof does not lead from what was cosigned last to the checkpoint."""


class Witness(Protocol):
    """The mind of the witness."""

    async def cosign(self, content: bytes, source: str) -> Cosigned | Conflicts | Inconsistent:
        """Judge a request's body; `source` is where it came from.

        Refused with SCHEMA_VIOLATION (malformed), LOG_UNKNOWN, CHECKPOINT_UNPROVEN; Deferred(RATE_EXCEEDED,
        DATABASE_UNAVAILABLE).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReading:
    """The logs, and their readers: other offices than the hosted one, as agreed with the operator.

    With `witness`, this gateway cosigns others' logs.
    """

    log: Log
    readers: frozenset[OfficeCode]
    witness: Witness | None = None
