"""The two answers, never confused: a Receipt says "we hold these bytes", a Notification "this became of it"."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from gateway.core.document import ListedDocument
from gateway.core.exchange import State
from gateway.core.office import OfficeCode

__all__ = ["Event", "Notification", "Receipt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the gateway signs before it commits and sends after. It certifies nothing about the documents' content.

    `unwitnessed`: the log is suspended, and the entry in no checkpoint before it is whole again or a person decides.
    """

    issuer: OfficeCode
    sender: OfficeCode
    message_id: str
    operation: str
    exchange_id: str | None
    state: State | None
    received_at: datetime
    payload_sha256: bytes
    documents: tuple[ListedDocument, ...]
    log_origin: str
    entry_id: str
    leaf_hash: bytes
    unwitnessed: bool = False


class Event(Enum):
    """What a notification tells the office's own system."""

    RELEASED = "released"
    PLACED = "placed"
    CORRECTED = "corrected"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    TAKEN = "taken"
    RECEIVED = "received"
    HANDED_OVER = "handed-over"
    CHANGED = "changed"
    REFUSED = "refused"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One signed message to the office's own system about an exchange; `reason_code` a code of the Reason table."""

    notification_id: str
    issuer: OfficeCode
    addressee: OfficeCode
    exchange_id: str
    event: Event
    state: State
    version: int
    at: datetime
    reason_code: str | None
    entry_id: str
    leaf_hash: bytes
    log_origin: str
