"""What the database holds on one exchange as evidence: messages, notifications, entries, and what anchors them.

Rules: everything is bounded; more than a bound says is told by one row more, which the caller looks for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.core.document import Stored
from gateway.core.office import OfficeCode
from gateway.store.guard import guarded
from gateway.store.ledger_read import Queryable

__all__ = [
    "ROWS_MOST",
    "CosignatureRow",
    "EntryRow",
    "EvidenceRow",
    "HeadRow",
    "NotificationRow",
    "PostgresDossiers",
    "TimeStampRow",
]

#: Rows of one kind that one exchange may have in a dossier; honest ones have some dozens.
ROWS_MOST: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """A message that was accepted; `raw` is where the message itself lies sealed, None where nothing was kept."""

    sender: str
    message_id: str
    operation: str
    digest: bytes
    receipt: bytes
    raw: Stored | None
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRow:
    """A notification: its signed XML, and when the office's own system confirmed it."""

    notification_id: str
    addressee: str
    event: str
    content: bytes
    created_at: datetime
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """An entry of the ledger; `seq` is None as long as it has no place. `salts` open its commitments, by name."""

    entry_id: str
    step: str
    at: datetime
    leaf: bytes
    seq: int | None
    salts: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRow:
    """A checkpoint with the number its anchors name."""

    number: int
    size: int
    root: bytes
    note: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CosignatureRow:
    """A witness's line under a checkpoint, without the line's end."""

    witness: str
    line: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStampRow:
    """A time-stamp token (DER) over a checkpoint's note."""

    authority: str
    token: bytes
    at: datetime


class PostgresDossiers:
    """The evidence of the hosted offices' exchanges. Deferred(DATABASE_UNAVAILABLE) from every method."""

    def __init__(self, database: Queryable, queries: Mapping[str, str]) -> None:
        self._database = database
        self._queries = queries

    async def _rows(self, name: str, *arguments: object) -> list[Any]:
        with guarded():
            return await self._database.fetch(self._queries[name], *arguments)

    async def messages(self, hosted: OfficeCode, exchange_id: str) -> list[EvidenceRow]:
        """The messages about an exchange, in the order of their acceptance; at most ROWS_MOST + 1."""
        rows = await self._rows("dossier_messages", hosted, exchange_id, ROWS_MOST + 1)
        return [
            EvidenceRow(
                sender=row["sender"],
                message_id=row["message_id"],
                operation=row["operation"],
                digest=row["digest"],
                receipt=row["receipt"],
                raw=_stored(row),
                accepted_at=row["accepted_at"],
            )
            for row in rows
        ]

    async def notifications(self, hosted: OfficeCode, exchange_id: str) -> list[NotificationRow]:
        """The notifications about an exchange, the oldest first; at most ROWS_MOST + 1."""
        rows = await self._rows("dossier_notifications", hosted, exchange_id, ROWS_MOST + 1)
        return [
            NotificationRow(
                notification_id=str(row["notification_id"]),
                addressee=row["addressee"],
                event=row["event"],
                content=row["content"],
                created_at=row["created_at"],
                confirmed_at=row["confirmed_at"],
            )
            for row in rows
        ]

    async def entries(self, hosted: OfficeCode, exchange_id: str) -> list[EntryRow]:
        """The entries about an exchange in the order of the log, those without a place last; at most ROWS_MOST + 1."""
        rows = await self._rows("dossier_entries", hosted, exchange_id, ROWS_MOST + 1)
        return [
            EntryRow(
                entry_id=str(row["entry_id"]),
                step=row["step"],
                at=row["at"],
                leaf=row["leaf"],
                seq=row["seq"],
                salts=dict(zip(row["names"] or (), row["salts"] or (), strict=True)),
            )
            for row in rows
        ]

    async def newest_head(self, hosted: OfficeCode) -> HeadRow | None:
        """The newest checkpoint, or None before the first."""
        return _head(await self._rows("dossier_newest_checkpoint", hosted))

    async def earliest_cosigned(self, hosted: OfficeCode, seq: int) -> HeadRow | None:
        """The earliest checkpoint over entry `seq` that a witness has cosigned, or None."""
        return _head(await self._rows("dossier_earliest_cosigned", hosted, seq))

    async def earliest_stamped(self, hosted: OfficeCode, seq: int) -> HeadRow | None:
        """The earliest checkpoint over entry `seq` that is under a time-stamp, or None."""
        return _head(await self._rows("dossier_earliest_stamped", hosted, seq))

    async def cosignatures(self, hosted: OfficeCode, number: int) -> list[CosignatureRow]:
        """The witnesses' lines under a checkpoint."""
        rows = await self._rows("dossier_cosignatures", hosted, number)
        return [CosignatureRow(witness=row["witness"], line=row["line"], at=row["at"]) for row in rows]

    async def time_stamps(self, hosted: OfficeCode, number: int) -> list[TimeStampRow]:
        """The time-stamps over a checkpoint."""
        rows = await self._rows("dossier_time_stamps", hosted, number)
        return [TimeStampRow(authority=row["authority"], token=row["token"], at=row["at"]) for row in rows]


def _stored(row: Any) -> Stored | None:
    if row["evidence_id"] is None:
        return None
    return Stored(
        document_id=str(row["evidence_id"]),
        wrapped_key=row["evidence_key"] or b"",
        inline=row["evidence_inline"],
        address=row["evidence_address"],
    )


def _head(rows: list[Any]) -> HeadRow | None:
    for row in rows:
        return HeadRow(
            number=row["number"], size=row["size"], root=row["root"], note=row["note"], created_at=row["created_at"]
        )
    return None
