"""Receipts and notifications as XML: one small document each, in Exclusive Canonical XML, ready to be signed.

Rules: no white space between elements, no declaration, one default namespace and no attribute, so that the bytes
written are the bytes digested. Reading back takes what was verified: an element, never bytes of unknown origin.
"""

from datetime import datetime
from enum import Enum
from typing import Final, TypeVar

from lxml import etree

from gateway.core.document import ListedDocument, Role
from gateway.core.exchange import State
from gateway.core.instant import rfc3339
from gateway.core.office import office_code
from gateway.core.reason import Reason, Refused, by_code
from gateway.core.receipt import Event, Notification, Receipt
from gateway.wire import xml
from gateway.wire.markup import optional, tag, wrap
from gateway.wire.schema import NOTIFICATION, RECEIPT, validate

__all__ = ["read_notification", "read_receipt", "render_notification", "render_receipt"]

_Listed = TypeVar("_Listed", bound=Enum)
#: All that a receipt says (schemas/receipt-1.xsd).
_STATEMENT: Final = "We hold these bytes."
_UNWITNESSED: Final = "unwitnessed"
_IN_RECEIPT: Final = f"{{{RECEIPT}}}"
_IN_NOTIFICATION: Final = f"{{{NOTIFICATION}}}"


def render_receipt(receipt: Receipt) -> bytes:
    """Write an unsigned receipt after schemas/receipt-1.xsd, in canonical form."""
    documents = [
        wrap(
            "Document",
            (
                tag("ContentId", document.content_id),
                tag("Size", document.size),
                tag("Sha256", document.sha256.hex()),
                tag("Role", document.role.value),
                tag("MediaType", document.media_type),
            ),
        )
        for document in receipt.documents
    ]
    contents = (
        tag("Statement", _STATEMENT),
        tag("Issuer", receipt.issuer),
        tag("Sender", receipt.sender),
        tag("MessageId", receipt.message_id),
        tag("Operation", receipt.operation),
        optional("ExchangeId", receipt.exchange_id),
        optional("State", receipt.state.value if receipt.state else None),
        tag("ReceivedAt", rfc3339(receipt.received_at)),
        tag("PayloadSha256", receipt.payload_sha256.hex()),
        wrap("Documents", documents) if documents else "",
        _ledger(receipt, _UNWITNESSED if receipt.unwitnessed else None),
    )
    return f'<Receipt xmlns="{RECEIPT}">{"".join(contents)}</Receipt>'.encode()


def render_notification(notification: Notification) -> bytes:
    """Write an unsigned notification after schemas/notification-1.xsd, in canonical form."""
    reason = ""
    if notification.reason_code is not None:
        row = by_code(notification.reason_code)
        reason = wrap("Reason", (tag("Code", row.code), tag("Text", row.text), tag("Remedy", row.remedy)))
    contents = (
        tag("NotificationId", notification.notification_id),
        tag("Issuer", notification.issuer),
        tag("Addressee", notification.addressee),
        tag("ExchangeId", notification.exchange_id),
        tag("Event", notification.event.value),
        tag("State", notification.state.value),
        tag("Version", notification.version),
        tag("At", rfc3339(notification.at)),
        reason,
        _ledger(notification),
    )
    return f'<Notification xmlns="{NOTIFICATION}">{"".join(contents)}</Notification>'.encode()


def _ledger(answer: Receipt | Notification, standing: str | None = None) -> str:
    return wrap(
        "Ledger",
        (
            tag("Origin", answer.log_origin),
            tag("EntryId", answer.entry_id),
            tag("LeafHash", answer.leaf_hash.hex()),
            optional("Standing", standing),
        ),
    )


def read_receipt(root: etree._Element) -> Receipt:
    """Read a receipt, with or without its signature, which is not verified here.

    Refused as schema.validate does. Its documents have what a receipt names of them: no language, no certification.
    """
    validate(root, RECEIPT)
    values = _texts(root)
    documents = root.find(f"{_IN_RECEIPT}Documents")
    return Receipt(
        issuer=office_code(values["Issuer"]),
        sender=office_code(values["Sender"]),
        message_id=values["MessageId"],
        operation=values["Operation"],
        exchange_id=values.get("ExchangeId"),
        state=_one_of(State, values["State"], root) if "State" in values else None,
        received_at=datetime.fromisoformat(values["ReceivedAt"]),
        payload_sha256=bytes.fromhex(values["PayloadSha256"]),
        documents=() if documents is None else tuple(_document(element) for element in documents.iter(_DOCUMENT)),
        log_origin=values["Ledger/Origin"],
        entry_id=values["Ledger/EntryId"],
        leaf_hash=bytes.fromhex(values["Ledger/LeafHash"]),
        unwitnessed=values.get("Ledger/Standing") == _UNWITNESSED,
    )


_DOCUMENT: Final = f"{_IN_RECEIPT}Document"


def _document(element: etree._Element) -> ListedDocument:
    values = _texts(element)
    return ListedDocument(
        content_id=values["ContentId"],
        size=int(values["Size"]),
        sha256=bytes.fromhex(values["Sha256"]),
        role=_one_of(Role, values["Role"], element),
        media_type=values["MediaType"],
    )


def read_notification(root: etree._Element) -> Notification:
    """Read a notification, with or without its signature, which is not verified here; Refused as schema.validate."""
    validate(root, NOTIFICATION)
    values = _texts(root)
    return Notification(
        notification_id=values["NotificationId"],
        issuer=office_code(values["Issuer"]),
        addressee=office_code(values["Addressee"]),
        exchange_id=values["ExchangeId"],
        event=_one_of(Event, values["Event"], root),
        state=_one_of(State, values["State"], root),
        version=int(values["Version"]),
        at=datetime.fromisoformat(values["At"]),
        reason_code=values.get("Reason/Code"),
        entry_id=values["Ledger/EntryId"],
        leaf_hash=bytes.fromhex(values["Ledger/LeafHash"]),
        log_origin=values["Ledger/Origin"],
    )


def _texts(root: etree._Element) -> dict[str, str]:
    """The texts of an element's simple children, and as `Parent/Child` of its compound ones."""
    values: dict[str, str] = {}
    namespace = xml.namespace_of(root)
    for child in root:
        name = xml.local_name(child)
        if xml.namespace_of(child) != namespace or name == "Documents":
            continue
        if name in ("Ledger", "Reason"):
            values.update({f"{name}/{inner}": text for inner, text in _texts(child).items()})
        else:
            values[name] = xml.text_of(child)
    return values


def _one_of(kind: type[_Listed], text: str, element: etree._Element) -> _Listed:
    """A value of a list that may have grown since this program was made."""
    try:
        return kind(text)
    except ValueError:
        raise Refused(Reason.SCHEMA_VIOLATION, xml.place_of(element)) from None
