"""The sandbox's own window, no part of DAS: record, mailbox, documents, hostility, keys, inferred facts.

Rules: only for tests and demonstrations, so it needs no token; misbehaviour never strikes it.
"""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from sandbox.ib.bureau import BUREAU, Bureau, moment
from sandbox.ib.inferred import FACTS, JWKS_PATH, outbound_client
from sandbox.ib.refusals import invalid
from sandbox.ib.state import Registration
from sandbox.orders import obey

__all__ = ["routes"]


async def get_record(request: web.Request) -> web.Response:
    """`{"counters", "effects"}`, the effects in order; `?kind=` keeps one kind."""
    return web.json_response(request.app[BUREAU].record.view(request.query.get("kind")))


async def get_mailbox(request: web.Request) -> web.Response:
    """The e-mails sent, oldest first; `?to=` keeps one receiver's."""
    bureau = request.app[BUREAU]
    wanted = request.query.get("to")
    mails = [
        {
            "to": mail.to,
            "subject": mail.subject,
            "text": mail.text,
            "at": moment(mail.at),
            "accessCode": mail.access_code,
        }
        for mail in bureau.memory.mailbox
        if wanted in (None, mail.to)
    ]
    return web.json_response(mails)


async def get_documents(request: web.Request) -> web.Response:
    """Every registration with all its versions, and who fetched it; no access code."""
    return web.json_response([_document(row) for row in request.app[BUREAU].memory.registrations])


async def post_hostility(request: web.Request) -> web.Response:
    """Switch behaviour at run time by an `orders.Order`; answers seed, rules in force and what struck."""
    try:
        return web.json_response(obey(await request.read(), request.app[BUREAU].hostility))
    except msgspec.MsgspecError as wrong:
        raise invalid(str(wrong)) from None


async def get_hostility(request: web.Request) -> web.Response:
    """Seed, rules in force and what struck."""
    return web.json_response(request.app[BUREAU].hostility.view())


async def post_keys(request: web.Request) -> web.Response:
    """Rotate the token key: `{"kid"}` of the new one; the older stays published."""
    return web.json_response({"kid": request.app[BUREAU].keys.rotate()})


async def get_about(request: web.Request) -> web.Response:
    """Where to find what: addresses, the Bureau's client ids at offices, and the table of inferred facts."""
    bureau = request.app[BUREAU]
    return web.json_response(_about(bureau))


def routes() -> list[web.RouteDef]:
    """Everything below `/_sandbox`."""
    return [
        web.get("/_sandbox/record", get_record, name="sandbox-record"),
        web.get("/_sandbox/mailbox", get_mailbox, name="sandbox-mailbox"),
        web.get("/_sandbox/documents", get_documents, name="sandbox-documents"),
        web.get("/_sandbox/hostility", get_hostility, name="sandbox-hostility"),
        web.post("/_sandbox/hostility", post_hostility, name="sandbox-set-hostility"),
        web.post("/_sandbox/keys", post_keys, name="sandbox-keys"),
        web.get("/_sandbox/about", get_about, name="sandbox-about"),
    ]


def _document(row: Registration) -> dict[str, Any]:
    versions = [
        {
            "documentDate": version.document_date.isoformat(),
            "availableAt": moment(version.available_at),
            "fileChecksum": version.file.checksum if version.file else None,
        }
        for version in row.versions
    ]
    return {
        "office": row.office,
        "kind": row.kind,
        "number": row.number,
        "requestAckId": row.ack,
        "applicationNumber": row.application_number,
        "withdrawn": row.withdrawn,
        "fetchedBy": sorted(row.fetched),
        "versions": versions,
    }


def _about(bureau: Bureau) -> dict[str, Any]:
    return {
        "api": bureau.api_url(""),
        "token_endpoint": bureau.token_endpoint(),
        "jwks_uri": f"{bureau.origin}{JWKS_PATH}",
        "issuer": f"{bureau.origin}/am/oauth2",
        "outbound_clients": {office.code: outbound_client(office.code) for office in bureau.settings.office},
        "facts": [fact._asdict() for fact in FACTS],
    }
