"""Identifiers: UUID version 7 (RFC 9562, 5.7), so that rows written together lie together in the index."""

from datetime import datetime

__all__ = ["RANDOM_BYTES", "new_id"]

#: Random bytes one identifier takes.
RANDOM_BYTES = 10


def new_id(at: datetime, random: bytes) -> str:
    """Make an identifier from a time and RANDOM_BYTES of randomness; written as a lower-case UUID."""
    if len(random) != RANDOM_BYTES:
        raise ValueError("an identifier takes 10 random bytes")
    value = bytearray(int(at.timestamp() * 1000).to_bytes(6, "big") + random)
    value[6] = 0x70 | value[6] & 0x0F  # version 7
    value[8] = 0x80 | value[8] & 0x3F  # variant of RFC 9562
    written = value.hex()
    return f"{written[:8]}-{written[8:12]}-{written[12:16]}-{written[16:20]}-{written[20:]}"
