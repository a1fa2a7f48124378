"""A package over REST: its list with the address of each document, and each document's bytes, streamed.

Rules: a document's bytes carry no JWS of their own, since they are not held to be signed; their digest stands in the
signed list and in Content-Digest (RFC 9530).
"""

import base64
from urllib.parse import quote

from aiohttp import web

from gateway.core.reason import Reason, Refused
from gateway.core.request import Read, ReadKind
from gateway.endpoints import answers
from gateway.endpoints.middleware import Visit
from gateway.endpoints.rest.calls import Ask, ask, exchange_named
from gateway.endpoints.rest.questions import whole_number
from gateway.endpoints.rest.voice import API, answer
from gateway.endpoints.streaming import stream
from gateway.stages.tell import FetchedPackage
from gateway.wire.replies import Package, PackageDocument, package_document
from gateway.wire.rest_render import render_json

__all__ = ["LinkedDocument", "LinkedPackage", "get_document", "get_package"]

_LATEST = 1_000_000


class LinkedDocument(PackageDocument, frozen=True, kw_only=True):
    """A document with the address of its bytes."""

    href: str


class LinkedPackage(Package, frozen=True, kw_only=True):
    """One version of an exchange's documents, their bytes at addresses of their own."""

    documents: tuple[LinkedDocument, ...]


async def _open(visit: Visit, *, with_code: bool) -> tuple[Read, FetchedPackage]:
    exchange_id = exchange_named(visit)

    def read(ask: Ask) -> Read:
        version = whole_number(ask, "version", least=1, most=_LATEST)
        return Read(head=ask.head, kind=ReadKind.FETCH, exchange_id=exchange_id, version=version)

    question = await ask(visit, read, known=frozenset({"version"}))
    return question, await answers.open_package(question, visit.door.line, with_code=with_code)


async def get_package(visit: Visit) -> web.StreamResponse:
    """Tell a package; that it was fetched is an entry."""
    question, fetched = await _open(visit, with_code=True)
    exchange_id = fetched.view.exchange.exchange_id
    package = LinkedPackage(
        exchange_id=exchange_id,
        version=fetched.version,
        access_code=fetched.access_code,
        documents=tuple(
            LinkedDocument(
                **{name: getattr(told, name) for name in told.__struct_fields__},
                href=f"{visit.door.public_url}{API}/exchanges/{exchange_id}/documents/"
                f"{quote(told.content_id, safe='')}?version={fetched.version}",
            )
            for told in (package_document(document, None) for document in fetched.documents)
        ),
    )
    return answer(render_json(package), question.head.hosted, visit.door)


async def get_document(visit: Visit) -> web.StreamResponse:
    """Give the certified bytes of one document, untouched; each time is an entry."""
    _, fetched = await _open(visit, with_code=False)
    name = visit.request.match_info["document"]
    document = next((each for each in fetched.documents if each.listed.content_id == name), None)
    if document is None:
        raise Refused(Reason.DOCUMENT_MISSING)
    listed = document.listed
    digest = base64.b64encode(listed.sha256).decode()
    headers = {
        "Content-Type": listed.media_type,
        "Content-Digest": f"sha-256=:{digest}:",
        "ETag": f'"{listed.sha256.hex()}"',
        "Content-Disposition": "attachment",
    }
    return await stream(visit.request, visit.door.line.documents.read(document), length=listed.size, headers=headers)
