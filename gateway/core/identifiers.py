"""Identifiers: UUID version 7 (RFC 9562, 5.7), so that rows written together lie together in the index."""

from datetime import datetime
from uuid import UUID

__all__ = ["RANDOM_BYTES", "new_id"]

#: Random bytes one identifier takes.
RANDOM_BYTES = 10


def new_id(at: datetime, random: bytes) -> str:
    """Make an identifier from a time and RANDOM_BYTES of randomness; written as a lower-case UUID."""
    if len(random) != RANDOM_BYTES:
        raise ValueError("an identifier takes 10 random bytes")
    milliseconds = int(at.timestamp() * 1000)
    value = (milliseconds << 80) | int.from_bytes(random, "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)  # version 7
    value = (value & ~(0x3 << 62)) | (0x2 << 62)  # variant of RFC 9562
    return str(UUID(int=value))
