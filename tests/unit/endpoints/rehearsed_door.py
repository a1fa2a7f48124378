"""A front door over the line in memory, served on a real socket; and the messages that knock at it."""

import asyncio
import base64
import hashlib
import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
from memory_line import NOW, make_line, signed_words

from gateway.core.reason import Reason, Refused
from gateway.core.secret import Secret
from gateway.endpoints.door import Door, Limits
from gateway.endpoints.front import make_front_door
from gateway.endpoints.presence import Presence
from gateway.endpoints.server import listen, open_socket
from gateway.endpoints.unreadable import make_unreadable
from gateway.stages.line import Line
from gateway.stages.refuse import Crowd

PUBLIC = "https://gateway.example"
PDF = b"%PDF-1.7 certified copy"
NAMESPACE = "urn:pouch:exchange:1"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"


class WordIssuer:
    """Takes assertions like "client/jti" and gives tokens that name the client."""

    def check_assertion(self, assertion, at):
        client, _, jti = assertion.reveal().partition("/")
        if not jti:
            raise Refused(Reason.ASSERTION_INVALID)
        return client, jti, at + timedelta(minutes=5)

    def issue(self, client_id, wanted, at):
        scopes = wanted & {"exchange"} if wanted else frozenset({"exchange"})
        if not scopes:
            raise Refused(Reason.SCOPE_MISSING)
        return Secret(f"token of {client_id}"), timedelta(hours=1), frozenset(scopes)

    def jwks(self):
        return {"keys": [{"kty": "EC"}]}


class UsedOnce:
    """Assertions that were used."""

    def __init__(self) -> None:
        self.seen = set()

    async def first_use(self, client, jti, expires_at) -> bool:
        fresh = (client, jti) not in self.seen
        self.seen.add((client, jti))
        return fresh


@dataclass
class Rehearsal:
    """An open door: `http` calls it, `line` is what is behind it."""

    url: str
    http: aiohttp.ClientSession
    line: Line
    presence: Presence
    crowd: Crowd
    port: int = 0
    app: object = field(default=None)


@asynccontextmanager
async def open_door(*, limits: Limits | None = None, line: Line | None = None, per_minute: int = 1000):
    """Serve the front door on a port of its own."""
    limits = limits or Limits()
    door = Door(
        line=line or make_line(),
        crowd=Crowd(per_minute),
        limits=limits,
        public_url=PUBLIC,
        tokens=WordIssuer(),
        assertions=UsedOnce(),
    )
    presence = Presence(limits)
    app = make_front_door(door, presence)
    unreadable = make_unreadable(door, presence)
    listening = await listen(
        app, open_socket("127.0.0.1:0"), idle=limits.idle, presence=presence, unreadable=unreadable
    )
    try:
        async with aiohttp.ClientSession(base_url=listening.url, auto_decompress=False) as http:
            yield Rehearsal(
                url=listening.url,
                http=http,
                line=door.line,
                presence=presence,
                crowd=door.crowd,
                port=int(listening.url.rpartition(":")[2]),
                app=app,
            )
    finally:
        await listening.stop(grace=1.0)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# --- REST ----------------------------------------------------------------------------------------------------------


def header(message_id="m-1", sender="XA", receiver="XA"):
    return {"messageId": message_id, "sender": sender, "receiver": receiver}


def listed(content_id="copy", content=PDF, *, inline=False, role="certified-copy", media_type="application/pdf"):
    line = {
        "contentId": content_id,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "role": role,
        "mediaType": media_type,
    }
    if role == "certified-copy":
        line["certification"] = {
            "certifiedBy": "XA",
            "form": "digitally-signed",
            "certifiedOn": "2026-11-01",
            "filingDateCertified": True,
        }
    if inline:
        line["content"] = base64.b64encode(content).decode()
    return line


def deposit_body(documents=None, **changes):
    return {
        "header": header(),
        "application": {"officeCode": "XA", "right": "patent", "number": "2026/000123", "filingDate": "2026-10-01"},
        "documents": documents or [listed(inline=True)],
        **changes,
    }


def decisions_body(message_id="m-release"):
    return {
        "header": header(message_id),
        "decisions": [
            {
                "condition": condition,
                "outcome": "given",
                "by": "release desk",
                "basis": "form PR/1",
                "decidedAt": NOW.isoformat(),
            }
            for condition in ("applicant-request", "formalities", "secrecy", "fee")
        ],
    }


async def call(rehearsal, method, path, body=None, *, token="XA/exchange+operate", proof="XA", headers=None):
    """Send a JSON call; gives (status, headers, JSON)."""
    payload = json.dumps(body).encode() if body is not None else None
    sent = {**(bearer(token) if token else {}), **(headers or {})}
    if payload is not None:
        sent.setdefault("Content-Type", "application/json")
        if proof:
            sent["Pouch-Signature"] = signed_words(proof, payload)
    async with rehearsal.http.request(method, path, data=payload, headers=sent) as response:
        content = await response.read()
        return response.status, response.headers, json.loads(content) if content else None


async def deposited(rehearsal, **changes) -> str:
    """Deposit and give the exchange id."""
    status, _, body = await call(rehearsal, "POST", "/api/v1/deposits", deposit_body(**changes))
    assert status == 201, body
    return body["exchangeId"]


# --- SOAP ----------------------------------------------------------------------------------------------------------


def soap_header(message_id="m-1", sender="XA", receiver="XA"):
    return (
        f"<Header><MessageId>{message_id}</MessageId><Sender>{sender}</Sender><Receiver>{receiver}</Receiver></Header>"
    )


def envelope(content: str, *, signer: str | None = "XA", namespace=SOAP11, headers="") -> bytes:
    signed = f'<Signed xmlns="urn:test">{signer}</Signed>' if signer else ""
    return (
        f'<soap:Envelope xmlns:soap="{namespace}"><soap:Header>{signed}{headers}</soap:Header>'
        f"<soap:Body>{content}</soap:Body></soap:Envelope>"
    ).encode()


def operation(name: str, content: str) -> str:
    return f'<{name} xmlns="{NAMESPACE}">{content}</{name}>'


async def post_soap(rehearsal, body: bytes, *, content_type="text/xml; charset=utf-8", headers=None):
    """Send an envelope; gives (status, headers, bytes)."""
    sent = {"Content-Type": content_type, **(headers or {})}
    async with rehearsal.http.post("/soap/exchange", data=body, headers=sent) as response:
        return response.status, response.headers, await response.read()


def soap_listed(content_id="copy", content=PDF, *, inner="") -> str:
    return (
        f"<Document><ContentId>{content_id}</ContentId><Size>{len(content)}</Size>"
        f"<Sha256>{hashlib.sha256(content).hexdigest()}</Sha256><Role>certified-copy</Role>"
        "<MediaType>application/pdf</MediaType><Certification><CertifiedBy>XA</CertifiedBy>"
        "<Form>digitally-signed</Form><CertifiedOn>2026-11-01</CertifiedOn>"
        f"<FilingDateCertified>true</FilingDateCertified></Certification>{inner}</Document>"
    )


def inline(content=PDF) -> str:
    return f"<Content>{base64.b64encode(content).decode()}</Content>"


def soap_deposit(documents: str | None = None, *, head: str | None = None, number="2026/000123") -> str:
    return operation(
        "DepositPriorityDocument",
        f"{head or soap_header()}<Application><OfficeCode>XA</OfficeCode><Right>patent</Right>"
        f"<Number>{number}</Number><FilingDate>2026-10-01</FilingDate></Application>"
        f"<Documents>{documents or soap_listed(inner=inline())}</Documents>",
    )


def related(root: bytes, parts: dict[str, bytes], *, soap="text/xml") -> tuple[str, bytes]:
    """An MTOM message as a toolkit writes it: Content-Type and body."""
    content = (
        f'--b\r\nContent-Type: application/xop+xml; charset=UTF-8; type="{soap}"\r\n'
        "Content-ID: <root@test>\r\n\r\n".encode()
        + root
        + b"\r\n"
    )
    for name, part in parts.items():
        content += f"--b\r\nContent-Type: application/pdf\r\nContent-ID: <{name}>\r\n\r\n".encode() + part + b"\r\n"
    kind = f'multipart/related; type="application/xop+xml"; start="<root@test>"; start-info="{soap}"; boundary=b'
    return kind, content + b"--b--\r\n"


# --- raw bytes -----------------------------------------------------------------------------------------------------


async def talk(port: int, *pieces: bytes, finish: bool = False) -> bytes:
    """Send pieces on a new connection, end it there if `finish`, and give the one answer that comes, or nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if finish:
            writer.write_eof()
        async with asyncio.timeout(10):
            return await _answer(reader)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    answer = b""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            answer += head
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            answer += await reader.readexactly(int(length[1]) if length else 0)
            if not head.startswith(b"HTTP/1.1 100 "):
                return answer
    except asyncio.IncompleteReadError as cut:
        return answer + cut.partial
