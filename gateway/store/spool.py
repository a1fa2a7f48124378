"""Spool: takes one incoming document, digesting and sealing it while it streams.

Small documents (up to the inline limit) stay in memory and travel in the journal's own transaction. Larger ones go to a
temporary file from the first byte over the limit on, in batches that a thread seals and writes while the next batch
comes in from the network: the event loop stays free and memory stays at a few batches, however large the document.
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final, TypeVar

from gateway.core.document import Role, Stored
from gateway.core.reason import Reason, Refused
from gateway.core.transmission import Obtained
from gateway.store.files import Files, GrowingFile
from gateway.store.sealing import Sealer, new_key, seal
from gateway.store.wrapping import WrappingKey

__all__ = ["BATCH", "Spool"]

_Result = TypeVar("_Result")

#: Bytes a thread seals and writes at a time.
BATCH: Final = 256 * 1024


class Spool:
    """One document on its way in. `finish` or `discard` ends it; one task writes, not several."""

    def __init__(
        self,
        *,
        document_id: str,
        name: str,
        role: Role,
        media_type: str,
        limit: int,
        inline_limit: int,
        files: Files,
        wrapping: WrappingKey,
        threads: Executor,
    ) -> None:
        self._document_id = document_id
        self._name = name
        self._role = role
        self._media_type = media_type
        self._limit = limit
        self._inline_limit = inline_limit
        self._files = files
        self._wrapping = wrapping
        self._threads = threads
        self._size = 0
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self._large: _LargeDocument | None = None
        self._work: asyncio.Future[Any] | None = None

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes. Raises Refused(BODY_TOO_LARGE) over the limit, Deferred if the disk fails."""
        self._size += len(chunk)
        if self._size > self._limit:
            raise Refused(Reason.BODY_TOO_LARGE, self._name)
        self._waiting.append(chunk)
        self._waiting_size += len(chunk)
        if self._size > self._inline_limit and self._waiting_size >= BATCH:
            await self._start_batch()

    async def finish(self) -> Obtained:
        """Give the sealed document: in memory if it is small, else on the disk under its name. Raises Deferred."""
        if self._size <= self._inline_limit:
            return self._finish_inline()
        large = await self._start_batch()
        await self._work_done()
        digest, address = await self._start(large.finish)
        return self._obtained(
            digest,
            Stored(
                document_id=self._document_id,
                wrapped_key=self._wrapping.wrap(large.key),
                inline=None,
                address=address,
            ),
        )

    async def discard(self) -> None:
        """Forget what came so far; harmless after `finish` and when called twice. Raises Deferred."""
        self._waiting.clear()
        if self._work is not None:
            await asyncio.wait([self._work])  # its failure, if any, has been told or is of no use to anybody now
            self._work.exception()
        if self._large is not None:
            await self._start(self._large.discard)

    def _finish_inline(self) -> Obtained:
        plain = b"".join(self._waiting)
        self._waiting.clear()
        key = new_key()
        return self._obtained(
            hashlib.sha256(plain).digest(),
            Stored(
                document_id=self._document_id,
                wrapped_key=self._wrapping.wrap(key),
                inline=seal(plain, key=key, bound_to=self._document_id.encode()),
                address=None,
            ),
        )

    def _obtained(self, sha256: bytes, stored: Stored) -> Obtained:
        return Obtained(
            name=self._name,
            role=self._role,
            media_type=self._media_type,
            size=self._size,
            sha256=sha256,
            stored=stored,
        )

    async def _start_batch(self) -> "_LargeDocument":
        """Hand what is waiting to a thread, once it is done with the batch before."""
        await self._work_done()
        if self._large is None:
            self._large = _LargeDocument(self._files, self._document_id.encode())
        pieces, self._waiting, self._waiting_size = self._waiting, [], 0
        self._start(self._large.take, pieces)
        return self._large

    def _start(self, work: Callable[..., _Result], *arguments: Any) -> asyncio.Future[_Result]:
        """Start work in a thread; whoever gives up waiting for it must not lose sight of it, hence the shield."""
        self._work = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        return asyncio.shield(self._work)

    async def _work_done(self) -> None:
        if self._work is not None:
            await asyncio.shield(self._work)


class _LargeDocument:
    """What the threads work on, one call after the other: the cipher, the plain bytes' digest, the file."""

    def __init__(self, files: Files, bound_to: bytes) -> None:
        self.key = new_key()
        self._files = files
        self._sealer = Sealer(key=self.key, bound_to=bound_to)
        self._digest = hashlib.sha256()
        self._file: GrowingFile | None = None

    def take(self, pieces: list[bytes]) -> None:
        plain = b"".join(pieces)
        self._digest.update(plain)
        if self._file is None:
            self._file = self._files.grow()
        self._file.write(self._sealer.update(plain))

    def finish(self) -> tuple[bytes, str]:
        """Give the plain bytes' digest and the file's address."""
        if self._file is None:
            raise RuntimeError("nothing was taken")
        self._file.write(self._sealer.finish())
        return self._digest.digest(), self._file.finish()

    def discard(self) -> None:
        if self._file is not None:
            self._file.discard()
