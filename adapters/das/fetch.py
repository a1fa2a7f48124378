"""Bringing a document's bytes in: streamed into the spool, its kind and digest checked on the way.

Rules: what is not a PDF or a ZIP by its first bytes is not taken, whatever its header says (a captive portal answers
200); bytes that differ from the announced checksum are not kept; whatever ends early leaves nothing behind.
"""

import hashlib
from collections.abc import AsyncIterator
from typing import Final

from adapters.das.answers import media_type
from adapters.das.protocol import Fetch
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.transmission import Obtained
from gateway.ports import AdapterKit, Answer

__all__ = ["take_document"]

#: First bytes -> media type and suffix.
_MAGIC: Final = {b"%PDF-": ("application/pdf", "pdf"), b"PK\x03\x04": ("application/zip", "zip")}
_TAKEN: Final = frozenset({"application/pdf", "application/zip", "application/octet-stream"})
_HEAD: Final = max(len(magic) for magic in _MAGIC)


async def take_document(act: Fetch, answer: Answer, pieces: AsyncIterator[bytes], kit: AdapterKit) -> Obtained:
    """Take the bytes of a successful answer.

    Raises Deferred with REMOTE_MALFORMED for what is no document or too long, with REMOTE_DIGEST for other bytes than
    announced, and whatever spool and line raise.
    """
    if media_type(answer) not in _TAKEN:
        raise Deferred(Reason.REMOTE_MALFORMED, "media type")
    head = b""
    async for piece in pieces:
        head += piece
        if len(head) >= _HEAD:
            break
    kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
    if kind is None or media_type(answer) not in (kind[0], "application/octet-stream"):
        raise Deferred(Reason.REMOTE_MALFORMED, "first bytes")
    spool = kit.spool(name=f"{act.stem}.{kind[1]}", role=act.role, media_type=kind[0], limit=act.limit)
    kept = False
    try:
        digest = hashlib.sha256(head)
        await spool.write(head)
        async for piece in pieces:
            digest.update(piece)
            await spool.write(piece)
        if act.checksum is not None and digest.hexdigest() != act.checksum:
            raise Deferred(Reason.REMOTE_DIGEST)
        obtained = await spool.finish()
        kept = True
        return obtained
    except Refused as refused:
        if refused.reason is Reason.BODY_TOO_LARGE:
            raise Deferred(Reason.REMOTE_MALFORMED, "size of the document") from None
        raise
    finally:
        if not kept:
            await spool.discard()
