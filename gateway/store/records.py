"""The query port on PostgreSQL: rows back into core values."""

from collections.abc import Mapping

import asyncpg
import msgspec

from gateway.core.document import (
    Certification,
    Document,
    DocumentKind,
    ListedDocument,
    Publication,
    Role,
    Stored,
)
from gateway.core.exchange import Exchange, Fact, FactName, Party, State
from gateway.core.office import Application, OfficeCode, Right
from gateway.core.release import Condition, Decision, Outcome
from gateway.core.transmission import Leg, Task
from gateway.core.view import ExchangeView, TransmissionView
from gateway.ports import KnownMessage, WaitingNotification
from gateway.store.guard import guarded

__all__ = ["PostgresRecords"]


class PostgresRecords:
    """Records on PostgreSQL (ports.Records)."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", queries: Mapping[str, str]) -> None:
        self._pool = pool
        self._queries = queries

    async def _rows(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        with guarded():
            return await self._pool.fetch(self._queries[name], *arguments)

    async def _row(self, name: str, *arguments: object) -> asyncpg.Record | None:
        with guarded():
            return await self._pool.fetchrow(self._queries[name], *arguments)

    async def message(self, hosted: OfficeCode, sender: OfficeCode, message_id: str) -> KnownMessage | None:
        """Give what a message id stands for already, or None."""
        row = await self._row("find_message", hosted, sender, message_id)
        if row is None:
            return None
        exchange_id = row["exchange_id"]
        return KnownMessage(
            receipt=row["receipt"], digest=row["digest"], exchange_id=str(exchange_id) if exchange_id else None
        )

    async def exchange(self, hosted: OfficeCode, exchange_id: str) -> Exchange | None:
        """Give the head row of an exchange, or None."""
        row = await self._row("find_exchange", hosted, exchange_id)
        return None if row is None else _exchange(row)

    async def view(self, hosted: OfficeCode, exchange_id: str) -> ExchangeView | None:
        """Give an exchange with all that is known of it, or None."""
        exchange = await self.exchange(hosted, exchange_id)
        if exchange is None:
            return None
        return ExchangeView(
            exchange=exchange,
            decisions=tuple(_decision(r) for r in await self._rows("list_decisions", hosted, exchange_id)),
            facts=tuple(_fact(r) for r in await self._rows("list_facts", hosted, exchange_id)),
            documents=tuple(_document(r) for r in await self._rows("list_documents", hosted, exchange_id)),
            transmissions=tuple(_transmission(r) for r in await self._rows("list_transmissions", hosted, exchange_id)),
        )

    async def of_application(self, hosted: OfficeCode, party: Party, application: Application) -> tuple[Exchange, ...]:
        """Give the exchanges about an application, the newest first."""
        rows = await self._rows(
            "find_exchanges_by_application",
            hosted,
            party.value,
            application.office,
            application.right.value,
            application.normal,
        )
        return tuple(_exchange(row) for row in rows)

    async def list(
        self, hosted: OfficeCode, *, state: str | None, normal: str | None, before: str | None, limit: int
    ) -> tuple[Exchange, ...]:
        """List exchanges, the newest first, a page of `limit` that ends before the id `before`."""
        rows = await self._rows("list_exchanges", hosted, state, before, limit, normal)
        return tuple(_exchange(row) for row in rows)

    async def access_code(self, hosted: OfficeCode, exchange_id: str) -> bytes | None:
        """Give the sealed access code of an exchange, or None."""
        row = await self._row("find_access_code", hosted, exchange_id)
        return None if row is None else row["access_code"]

    async def notifications(
        self, hosted: OfficeCode, addressee: OfficeCode, limit: int
    ) -> tuple[WaitingNotification, ...]:
        """Give the oldest notifications that `addressee` has not confirmed."""
        rows = await self._rows("list_notifications", hosted, addressee, limit)
        return tuple(
            WaitingNotification(
                notification_id=str(row["notification_id"]),
                exchange_id=str(row["exchange_id"]),
                event=row["event"],
                content=row["content"],
                created_at=row["created_at"],
            )
            for row in rows
        )

    async def notification_exchange(
        self, hosted: OfficeCode, addressee: OfficeCode, notification_id: str
    ) -> str | None:
        """Give the exchange a notification is about, or None if there is none for `addressee`."""
        row = await self._row("find_notification", hosted, addressee, notification_id)
        return None if row is None else str(row["exchange_id"])

    async def waiting_for(self, hosted: OfficeCode, counterpart: OfficeCode, acknowledgement_id: str) -> str | None:
        """Give the transmission that waits under a counterpart's acknowledgement id, or None."""
        row = await self._row("find_transmission_by_acknowledgement", hosted, counterpart, acknowledgement_id)
        return None if row is None else str(row["transmission_id"])

    async def waiting_exchange(
        self, hosted: OfficeCode, counterpart: OfficeCode, acknowledgement_id: str
    ) -> str | None:
        """Give the exchange whose transmission waits under a counterpart's acknowledgement id, or None."""
        row = await self._row("find_transmission_by_acknowledgement", hosted, counterpart, acknowledgement_id)
        return None if row is None else str(row["exchange_id"])


def _exchange(row: asyncpg.Record) -> Exchange:
    return Exchange(
        exchange_id=str(row["exchange_id"]),
        hosted=OfficeCode(row["hosted"]),
        party=Party(row["party"]),
        kind=DocumentKind(row["kind"]),
        application=Application(
            office=OfficeCode(row["office"]),
            right=Right(row["right"]),
            number=row["number"],
            normal=row["normal"],
            filing_date=row["filing_date"],
        ),
        state=State(row["state"]),
        version=row["version"],
        revision=row["revision"],
        on_hold=row["on_hold"],
        office_stopped=row["office_stopped"],
        publication=Publication(row["publication"]),
        terms=msgspec.json.decode(row["terms"], type=dict[str, str]),
        created_at=row["created_at"],
    )


def _decision(row: asyncpg.Record) -> Decision:
    return Decision(
        condition=Condition(row["condition"]),
        outcome=Outcome(row["outcome"]),
        by=row["by"],
        basis=row["basis"],
        decided_at=row["decided_at"],
    )


def _fact(row: asyncpg.Record) -> Fact:
    return Fact(name=FactName(row["name"]), at=row["at"], value=row["value"])


def _document(row: asyncpg.Record) -> Document:
    certification: Certification | None = None
    if row["certification"] is not None:
        certification = msgspec.json.decode(row["certification"], type=Certification)
    return Document(
        listed=ListedDocument(
            content_id=row["content_id"],
            size=row["size"],
            sha256=row["sha256"],
            role=Role(row["role"]),
            media_type=row["media_type"],
            language=row["language"],
            certification=certification,
        ),
        version=row["version"],
        stored=Stored(
            document_id=str(row["document_id"]),
            wrapped_key=row["wrapped_key"] or b"",
            inline=row["inline"],
            address=row["address"],
        ),
    )


def _transmission(row: asyncpg.Record) -> TransmissionView:
    return TransmissionView(
        transmission_id=str(row["transmission_id"]),
        leg=Leg(
            counterpart=OfficeCode(row["counterpart"]),
            adapter=row["adapter"],
            task=Task(row["task"]),
            version=row["version"],
            agreement=row["agreement"],
            due_at=row["due_at"],
            progress=msgspec.json.decode(row["progress"], type=dict[str, str]),
        ),
        state=row["state"],
        attempts=row["attempts"],
        reason=row["reason"],
    )
