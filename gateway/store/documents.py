"""Documents: the port by which stages and adapters take in and read back the sealed bytes of documents.

Rules:
- The database holds a document's wrapped key and its inline bytes or address; this room holds the large files.
- Sweeping removes files whose commit was lost. It looks only at files older than any transaction can take.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.core.document import Document, Role, Stored
from gateway.core.reason import Deferred, Reason, Refused
from gateway.store.files import Files, disk_trouble, remove_file
from gateway.store.sealing import BrokenSeal, Opener, open_sealed
from gateway.store.spool import Spool
from gateway.store.wrapping import WrappingKey

__all__ = ["INLINE_LIMIT", "SealedDocuments", "Swept"]

#: Documents up to this many bytes travel in the journal's own transaction.
INLINE_LIMIT: Final = 256 * 1024

_Result = TypeVar("_Result")

_READ: Final = 256 * 1024
_THREADS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep removed: files that no row names, temporary files left behind, and the bytes of both."""

    unreferenced: int
    temporary: int
    size: int


class SealedDocuments:
    """The documents of one gateway process, below one folder; satisfies ports.Documents."""

    def __init__(
        self, folder: Path, *, wrapping: WrappingKey, reserve_bytes: int, inline_limit: int = INLINE_LIMIT
    ) -> None:
        """Use `folder` for large documents; below `reserve_bytes` of free room there is no room for new work."""
        self._files = Files(folder)
        self._wrapping = wrapping
        self._reserve_bytes = reserve_bytes
        self._inline_limit = inline_limit
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="documents")

    def spool(self, *, document_id: str, name: str, role: Role, media_type: str, limit: int) -> Spool:
        """Begin to take a document of at most `limit` bytes; more is Refused(BODY_TOO_LARGE) while streaming."""
        return Spool(
            document_id=document_id,
            name=name,
            role=role,
            media_type=media_type,
            limit=limit,
            inline_limit=self._inline_limit,
            files=self._files,
            wrapping=self._wrapping,
            threads=self._threads,
        )

    async def read(self, document: Document) -> AsyncIterator[bytes]:
        """Give the plain bytes in pieces, each verified before it is given.

        Raises Refused(DOCUMENT_FORGOTTEN) without a key, and Deferred(DISK_FAILED) if the file is missing, changed or
        cut: then what was given before is right as far as it goes but is not the document.
        """
        stored = document.stored
        if not stored.wrapped_key:
            raise Refused(Reason.DOCUMENT_FORGOTTEN)
        bound_to = stored.document_id.encode()
        try:
            key = self._wrapping.unwrap(stored.wrapped_key)
            if stored.inline is not None:
                yield open_sealed(stored.inline, key=key, bound_to=bound_to)
            elif stored.address is not None:
                async for piece in self._read_file(stored.address, Opener(key=key, bound_to=bound_to)):
                    yield piece
            else:
                raise Refused(Reason.DOCUMENT_FORGOTTEN)
        except BrokenSeal as error:
            raise Deferred(Reason.DISK_FAILED) from error

    async def discard(self, stored: Stored) -> None:
        """Remove the file of what was never recorded. Another document's cannot be meant: each has a key of its own."""
        if stored.address is not None:
            await self._in_thread(self._files.remove, stored.address)

    def free_bytes(self) -> int:
        """Say how many bytes of large documents the disk can still take. Raises Deferred(DISK_FAILED)."""
        return self._files.free_bytes()

    def has_room(self) -> bool:
        """Whether new work may be taken: one system call, so it may be asked for every message."""
        return self._files.free_bytes() >= self._reserve_bytes

    async def sweep(
        self, is_referenced: Callable[[Sequence[str]], Awaitable[set[str]]], *, older_than: datetime
    ) -> Swept:
        """Remove files last written before `older_than` that no row names, and temporary files as old.

        `is_referenced` gives those of some addresses that a row names. `older_than` lies at least a day back: an
        upload or transaction under way is younger. Raises Deferred.
        """
        size = unreferenced = temporary = 0
        for path in await self._in_thread(self._files.temporaries, older_than):
            size += await self._in_thread(remove_file, path)
            temporary += 1
        batches = self._files.addresses(older_than)
        while addresses := await self._in_thread(next, batches, []):
            for address in sorted(set(addresses) - await is_referenced(addresses)):
                size += await self._in_thread(self._files.remove, address)
                unreferenced += 1
        return Swept(unreferenced=unreferenced, temporary=temporary, size=size)

    def close(self) -> None:
        """End the threads, once their work is done."""
        self._threads.shutdown()

    async def _read_file(self, address: str, opener: Opener) -> AsyncIterator[bytes]:
        file = await self._in_thread(self._files.open, address)

        def next_piece() -> bytes | None:
            with disk_trouble():
                sealed = file.read(_READ)
            return opener.update(sealed) if sealed else None

        with file:
            while (plain := await self._in_thread(next_piece)) is not None:
                if plain:
                    yield plain
            yield opener.finish()

    async def _in_thread(self, work: Callable[..., _Result], *arguments: Any) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
