"""Notify: the signed message that tells an office's own system what became of an exchange."""

from gateway.core.entry import Entry
from gateway.core.exchange import Exchange
from gateway.core.office import OfficeCode
from gateway.core.reason import Reason
from gateway.core.receipt import Event, Notification
from gateway.ports import NotificationRow
from gateway.stages.line import Line
from gateway.wire.receipt import render_notification

__all__ = ["notification_row"]


def notification_row(
    event: Event, exchange: Exchange, entry: Entry, line: Line, *, reason: Reason | None = None
) -> NotificationRow:
    """Make and sign the notification of `event` to the system that deposited or asked."""
    notification = Notification(
        notification_id=line.new_id(),
        issuer=exchange.hosted,
        addressee=OfficeCode(exchange.terms["owner"]),
        exchange_id=exchange.exchange_id,
        event=event,
        state=exchange.state,
        version=exchange.version,
        at=entry.at,
        reason_code=reason.code if reason else None,
        entry_id=entry.entry_id,
        leaf_hash=entry.leaf_hash,
        log_origin=line.log_of(exchange.hosted).origin,
    )
    return NotificationRow(
        notification_id=notification.notification_id,
        addressee=notification.addressee,
        event=event.value,
        content=line.signers[exchange.hosted].sign_document(render_notification(notification)),
    )
