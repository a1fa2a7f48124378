"""Unpack: bring in the bytes of every listed document and compare them with the signed list while they stream.

Rules: a document comes inline or as the part named by its content id, once; what the list does not name is refused;
what is refused is discarded, or swept where it had come whole.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from gateway.core.document import Document, ListedDocument
from gateway.core.reason import Reason, Refused
from gateway.core.request import Deposit, Replacement, Request
from gateway.core.transmission import Obtained
from gateway.ports import Spool
from gateway.stages.authenticate import Authentic
from gateway.stages.line import Line

__all__ = ["Unpacked", "unpack"]

#: How many first bytes are kept for a look at the declared type.
_FIRST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """An authentic request whose documents are here, sealed, with the digests the sender signed."""

    authentic: Authentic
    request: Request
    documents: tuple[Document, ...]
    first_bytes: dict[str, bytes]


async def unpack(authentic: Authentic, line: Line) -> Unpacked:
    """Take in the documents of a deposit or replacement; anything else passes as it is.

    Refused with DOCUMENT_MISSING, DOCUMENT_EXTRA, DOCUMENT_SIZE, DOCUMENT_DIGEST, CONTENT_ENCODING or BODY_TOO_LARGE.
    """
    request = authentic.request
    listed = request.documents if isinstance(request, Deposit | Replacement) else ()
    first: dict[str, bytes] = {}
    waiting = {document.content_id: document for document in listed if document.content is None}
    if len({document.content_id for document in listed}) != len(listed):
        raise Refused(Reason.DOCUMENT_EXTRA, "Documents")
    taken: dict[str, Obtained] = {}
    for document in listed:
        if document.content is not None:
            taken[document.content_id] = await _take(document, _one(document.content), first, line)
    if authentic.parts is not None:
        async with aclosing(authentic.parts) as parts:
            async for part in parts:
                expected = waiting.pop(part.name, None)
                if expected is None:
                    raise Refused(Reason.DOCUMENT_EXTRA)
                taken[expected.content_id] = await _take(expected, part.chunks(), first, line)
    if waiting:
        raise Refused(Reason.DOCUMENT_MISSING, next(iter(waiting)))
    # the version of a replacement is set when it is recorded
    documents = tuple(
        Document(listed=_without_content(d), version=1, stored=taken[d.content_id].stored) for d in listed
    )
    return Unpacked(authentic=authentic, request=request, documents=documents, first_bytes=first)


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _take(listed: ListedDocument, chunks: AsyncIterator[bytes], first: dict[str, bytes], line: Line) -> Obtained:
    if listed.size > line.document_limit:
        raise Refused(Reason.BODY_TOO_LARGE, listed.content_id)
    spool: Spool = line.documents.spool(
        document_id=line.new_id(),
        name=listed.content_id,
        role=listed.role,
        media_type=listed.media_type,
        limit=listed.size,
    )
    beginning, size = b"", 0
    try:
        async for chunk in chunks:
            if len(beginning) < _FIRST:
                beginning += chunk[: _FIRST - len(beginning)]
            size += len(chunk)
            await spool.write(chunk)
        if size != listed.size:
            raise Refused(Reason.DOCUMENT_SIZE, listed.content_id)
        obtained = await spool.finish()
    except Refused as error:
        await spool.discard()
        if error.reason is Reason.BODY_TOO_LARGE:  # longer than its own line in the list
            raise Refused(Reason.DOCUMENT_SIZE, listed.content_id) from None
        raise
    except BaseException:
        await spool.discard()
        raise
    first[listed.content_id] = beginning
    if obtained.sha256 != listed.sha256:
        raise Refused(Reason.DOCUMENT_DIGEST, listed.content_id)
    return obtained


def _without_content(listed: ListedDocument) -> ListedDocument:
    return ListedDocument(
        content_id=listed.content_id,
        size=listed.size,
        sha256=listed.sha256,
        role=listed.role,
        media_type=listed.media_type,
        language=listed.language,
        certification=listed.certification,
    )
