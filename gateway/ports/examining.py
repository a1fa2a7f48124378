"""What the line needs of whoever looks into documents."""

from collections.abc import AsyncIterator
from typing import Protocol

from gateway.core.document import ListedDocument
from gateway.core.finding import Report
from gateway.core.office import Application

__all__ = ["Examiner"]


class Examiner(Protocol):
    """Looks into one document: what is wrong with it is in the report, and nothing of it is ever an exception."""

    @property
    def refuses_unreadable(self) -> bool:
        """Whether what nobody can read is turned away."""
        ...

    async def examine(
        self, listed: ListedDocument, application: Application | None, content: AsyncIterator[bytes]
    ) -> Report:
        """Examine a document whose bytes are `content`; `application` is the one it is said to belong to."""
        ...
