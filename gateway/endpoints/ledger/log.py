"""What the ledger's door is given: the logs of the hosted offices, and who may read them."""

from dataclasses import dataclass
from typing import Protocol

from gateway.core.office import OfficeCode
from gateway.wire.tlog_tiles import Tile

__all__ = ["Head", "Log", "LogReading"]


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

    async def seq_of(self, hosted: OfficeCode, leaf_hash: bytes) -> int | None: ...

    async def leaf_hash(self, hosted: OfficeCode, seq: int) -> bytes: ...

    async def tile(self, hosted: OfficeCode, tile: Tile) -> bytes: ...

    async def bundle(self, hosted: OfficeCode, tile: Tile) -> bytes: ...

    async def inclusion(self, hosted: OfficeCode, seq: int, size: int) -> list[bytes]: ...

    async def consistency(self, hosted: OfficeCode, old: int, new: int) -> list[bytes]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReading:
    """The logs and their readers: other offices than the hosted one, as agreed with the operator."""

    log: Log
    readers: frozenset[OfficeCode]
