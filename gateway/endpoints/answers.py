"""Answers to questions, the same at every door: status, waiting notifications, and an opened package.

Rules: the bytes of a package are read while they are sent, never held, unless they fit into the message.
"""

from gateway.core.document import Document
from gateway.core.receipt import Event
from gateway.core.request import Read
from gateway.ports import WaitingNotification
from gateway.stages.line import Line
from gateway.stages.tell import FetchedPackage, fetch_package, poll_notifications, tell_status
from gateway.wire.replies import Notifications, Package, Status, WaitingNotice, package_document, status_of

__all__ = ["fits_inline", "inline_package", "notifications", "open_package", "package_list", "status"]


async def status(question: Read, line: Line) -> Status:
    """Tell an exchange; Refused(EXCHANGE_UNKNOWN)."""
    return status_of(await tell_status(question, line))


async def notifications(question: Read, line: Line) -> Notifications:
    """Tell what waits for the sender."""
    waiting = await poll_notifications(question, line)
    return Notifications(notifications=tuple(map(_notice, waiting)))


def _notice(waiting: WaitingNotification) -> WaitingNotice:
    return WaitingNotice(
        notification_id=waiting.notification_id,
        exchange_id=waiting.exchange_id,
        event=Event(waiting.event),
        created_at=waiting.created_at,
        content=waiting.content,
    )


async def open_package(question: Read, line: Line, *, with_code: bool = True) -> FetchedPackage:
    """Open a package for its owner, which is an entry; see stages.tell for what is refused."""
    return await fetch_package(question, line, with_code=with_code)


def fits_inline(fetched: FetchedPackage, limit: int) -> bool:
    """Whether all documents together are at most `limit` bytes."""
    return sum(document.listed.size for document in fetched.documents) <= limit


def package_list(fetched: FetchedPackage) -> Package:
    """Tell a package, its bytes beside it."""
    return _package(fetched, {})


async def inline_package(fetched: FetchedPackage, line: Line) -> Package:
    """Tell a package with its bytes in it."""
    contents = {document.listed.content_id: await _whole(document, line) for document in fetched.documents}
    return _package(fetched, contents)


def _package(fetched: FetchedPackage, contents: dict[str, bytes]) -> Package:
    return Package(
        exchange_id=fetched.view.exchange.exchange_id,
        version=fetched.version,
        access_code=fetched.access_code,
        documents=tuple(
            package_document(document, contents.get(document.listed.content_id)) for document in fetched.documents
        ),
    )


async def _whole(document: Document, line: Line) -> bytes:
    return b"".join([chunk async for chunk in line.documents.read(document)])
