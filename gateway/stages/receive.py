"""Receive: a request becomes an Arrival, with its root part whole and its attachments still to come.

Rules: the root part comes first and is bounded; nothing of it is kept before it is authentic.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from gateway.core.office import OfficeCode
from gateway.stages.line import Line
from gateway.wire.media import parse_media_type
from gateway.wire.mtom import IncomingPart, read_message, read_whole
from gateway.wire.multipart import MimeLimits

__all__ = ["Arrival", "Encounter", "receive"]


@dataclass(slots=True, kw_only=True)
class Encounter:
    """Who is at which door, as far as it is known: `office` is set by authenticate and by nobody else."""

    door: str
    source: str
    office: OfficeCode | None = None
    hosted: OfficeCode | None = None
    exchange_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message at a door: the root part's bytes as they came, and the attachments that follow it, if any."""

    encounter: Encounter
    content_type: str
    root: bytes
    parts: AsyncGenerator[IncomingPart, None] | None
    received_at: datetime


async def receive(
    encounter: Encounter, content_type: str, chunks: AsyncIterator[bytes], *, limits: MimeLimits, line: Line
) -> Arrival:
    """Take a message up to the end of its root part.

    Refused as wire.mtom.read_message does, and BODY_TOO_LARGE while streaming.
    """
    received_at = line.clock.now()
    if parse_media_type(content_type).name.startswith("multipart/"):
        message = await read_message(content_type, chunks, limits=limits)
        return Arrival(
            encounter=encounter,
            content_type=message.head.headers.get("content-type", ""),
            root=message.root,
            parts=message.parts(),
            received_at=received_at,
        )
    root = await read_whole(chunks, limit=limits.root)
    return Arrival(encounter=encounter, content_type=content_type, root=root, parts=None, received_at=received_at)
