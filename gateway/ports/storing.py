"""What the line needs of its storage: documents, the journal, the query port, the queue."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gateway.core.document import Document, Role, Stored
from gateway.core.entry import Entry
from gateway.core.exchange import Exchange, Fact, Party
from gateway.core.office import Application, OfficeCode
from gateway.core.release import Decision
from gateway.core.secret import Secret
from gateway.core.transmission import Delivered, Ended, Leg, Obtained, Pending, Transmission
from gateway.core.view import ExchangeView

__all__ = [
    "Append",
    "Appended",
    "Documents",
    "Forget",
    "Guesses",
    "Journal",
    "KnownMessage",
    "MessageRow",
    "NotificationRow",
    "Outbox",
    "Progress",
    "Records",
    "Sealing",
    "Spool",
    "Stops",
    "WaitingNotification",
]


class Spool(Protocol):
    """One incoming document: digested and sealed while it streams. `finish` or `discard` ends it."""

    async def write(self, chunk: bytes) -> None: ...
    async def finish(self) -> "Obtained": ...
    async def discard(self) -> None: ...


class Documents(Protocol):
    """The sealed bytes of documents."""

    def spool(self, *, document_id: str, name: str, role: Role, media_type: str, limit: int) -> Spool:
        """Begin to take a document of at most `limit` bytes; more is Refused(BODY_TOO_LARGE) while streaming."""
        ...

    def read(self, document: Document) -> AsyncIterator[bytes]:
        """Give the certified bytes, verified as they are opened; Refused(DOCUMENT_FORGOTTEN) without a key."""
        ...

    async def discard(self, stored: Stored) -> None:
        """Remove the bytes of what was never recorded; nothing to do for what was small."""
        ...

    def has_room(self) -> bool:
        """Whether new work may be taken (office-practice: refuse early, not in the middle)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """The idempotency row: key, payload digest, the signed receipt, and the raw message as sealed evidence."""

    hosted: OfficeCode
    sender: OfficeCode
    message_id: str
    operation: str
    digest: bytes
    receipt: bytes
    evidence: Obtained | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRow:
    """A signed notification for the office's own system, waiting to be polled."""

    notification_id: str
    addressee: OfficeCode
    event: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """A person's hold of one exchange (`exchange_id`) or of the whole office (None), or its end (`lift`)."""

    exchange_id: str | None
    lift: bool
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Everything one state change writes, in one transaction.

    `exchange` is the head row as it shall be, with the revision that was read (0 creates it); `settles` ends or puts
    off a claimed transmission under its fence; `wakes` makes waiting transmissions due now, and keeps those that run
    from being put off by what they found before.
    """

    hosted: OfficeCode
    entry: Entry
    message: MessageRow | None = None
    exchange: Exchange | None = None
    documents: tuple[Document, ...] = ()
    decisions: tuple[Decision, ...] = ()
    facts: tuple[Fact, ...] = ()
    access_code: bytes | None = None
    legs: tuple[tuple[str, Leg], ...] = ()
    notifications: tuple[NotificationRow, ...] = ()
    settles: "tuple[Transmission, Delivered | Pending | Ended] | None" = None
    wakes: tuple[str, ...] = ()
    confirms: str | None = None
    stops: Stops | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """The erasing of one exchange: `revision` is the one that was read, `basis` stays as the fact's value.

    Destroyed are the keys of its documents and messages, its access code, its receipts, what it says of persons, and
    the salts of all its entries but this one; what is open ends with DOCUMENT_FORGOTTEN.
    """

    entry: Entry
    exchange_id: str
    revision: int
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What the journal answers: `fresh` False means the message was there, and `receipt` is the one given then."""

    fresh: bool
    receipt: bytes | None
    digest: bytes | None


class Journal(Protocol):
    """The one way to change anything.

    Raises Deferred(DATABASE_UNAVAILABLE), Deferred(LEASE_LOST) if the fence has moved, Overtaken if the exchange has
    changed since it was read, Refused(ALREADY_DEPOSITED), and Deferred(BEING_WITHDRAWN) while a former deposit of the
    same document has something under way at a counterpart.
    """

    async def append(self, change: Append) -> Appended: ...
    async def forget(self, change: "Forget") -> None:
        """Erase an exchange with the entry that says so, whole or not at all; Overtaken as above."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMessage:
    """What a message id stands for already."""

    receipt: bytes
    digest: bytes
    exchange_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingNotification:
    """A notification that has not been confirmed."""

    notification_id: str
    exchange_id: str
    event: str
    content: bytes
    created_at: datetime


class Records(Protocol):
    """The query port: reads that change nothing. Raises Deferred(DATABASE_UNAVAILABLE)."""

    async def message(self, hosted: OfficeCode, sender: OfficeCode, message_id: str) -> KnownMessage | None: ...
    async def exchange(self, hosted: OfficeCode, exchange_id: str) -> Exchange | None: ...
    async def view(self, hosted: OfficeCode, exchange_id: str) -> ExchangeView | None: ...
    async def of_application(
        self, hosted: OfficeCode, party: Party, application: Application
    ) -> tuple[Exchange, ...]: ...
    async def list(
        self, hosted: OfficeCode, *, state: str | None, normal: str | None, before: str | None, limit: int
    ) -> tuple[Exchange, ...]: ...
    async def access_code(self, hosted: OfficeCode, exchange_id: str) -> bytes | None: ...
    async def notifications(
        self, hosted: OfficeCode, addressee: OfficeCode, limit: int
    ) -> tuple[WaitingNotification, ...]: ...
    async def notification_exchange(
        self, hosted: OfficeCode, addressee: OfficeCode, notification_id: str
    ) -> str | None: ...
    async def waiting_exchange(
        self, hosted: OfficeCode, counterpart: OfficeCode, acknowledgement_id: str
    ) -> str | None:
        """Give the id of the exchange whose transmission waits under the counterpart's acknowledgement id."""
        ...

    async def waiting_for(self, hosted: OfficeCode, counterpart: OfficeCode, acknowledgement_id: str) -> str | None:
        """Give the id of the transmission that waits under the counterpart's acknowledgement id."""
        ...


class Guesses(Protocol):
    """Wrong access codes: counted per caller and document, never stored."""

    async def count(self, hosted: OfficeCode, caller: str, application: Application) -> int: ...
    async def so_far(self, hosted: OfficeCode, caller: str, application: Application) -> int: ...
    async def forgive(self, hosted: OfficeCode, application: Application) -> None: ...


class Sealing(Protocol):
    """Seals short secrets and unseals them; the key lies outside the database."""

    def seal_secret(self, secret: Secret, *, owner: str) -> bytes: ...
    def open_secret(self, sealed: bytes, *, owner: str) -> Secret: ...


class Progress(Protocol):
    """What a transmission has committed so far: the intent before each write, the ids that came back after it.

    Rules: never a secret; values short. `commit` writes under the fence (Deferred(LEASE_LOST) if it moved), and
    returns only when the database has it, so that a retry knows what may have happened and reads back first.
    """

    @property
    def known(self) -> Mapping[str, str]: ...
    async def commit(self, **values: str | None) -> None: ...


class Outbox(Protocol):
    """The queue of transmissions, leased and fenced."""

    async def claim(self, *, busy: frozenset[OfficeCode], lease: timedelta) -> Transmission | None: ...
    async def renew(self, transmission: Transmission, *, lease: timedelta) -> bool: ...
    async def postpone(self, transmission: Transmission, *, until: datetime) -> None: ...
    def progress(self, transmission: Transmission) -> Progress: ...
