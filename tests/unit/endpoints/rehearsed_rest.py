"""REST messages with documents as parts, and what delivery would leave behind for a poll."""

import json

from memory_line import XA, signed_words
from rehearsed_door import bearer

from gateway.core.receipt import Event
from gateway.stages.notify import notification_row


def form(metadata: dict, parts: dict[str, bytes], boundary="b") -> tuple[bytes, bytes]:
    """The JSON, and a multipart/form-data body that has it first."""
    root = json.dumps(metadata).encode()
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="metadata"\r\nContent-Type: application/json\r\n\r\n'
    ).encode()
    body += root + b"\r\n"
    for name, content in parts.items():
        body += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="x"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        ).encode()
        body += content + b"\r\n"
    return root, body + f"--{boundary}--\r\n".encode()


async def send_form(door, metadata, parts, boundary="b", *, path="/api/v1/deposits", proof=None, kind=None):
    """Send metadata and documents; gives (status, JSON)."""
    root, body = form(metadata, parts, boundary)
    headers = {
        **bearer("XA/exchange"),
        "Content-Type": kind or f"multipart/form-data; boundary={boundary}",
        "Pouch-Signature": proof or signed_words("XA", root),
    }
    async with door.http.post(path, data=body, headers=headers) as response:
        return response.status, json.loads(await response.read())


def put_notice(door, exchange_id, event=Event.PLACED) -> str:
    """Put a notification about an exchange where a delivery would; gives its id."""
    store, line = door.line.journal, door.line
    exchange = store.exchanges[exchange_id]
    entry = store.entries[0]
    row = notification_row(event, exchange, entry, line)
    store.notices[row.notification_id] = (row, XA, exchange_id)
    return row.notification_id
