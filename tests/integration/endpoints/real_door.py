"""A real gateway of office XA in this process: founded, opened on a database, its front door on a socket with TLS.

XB is known here as an office that signs, and is not hosted. Messages are made with pki, as an office's system would.
"""

import hashlib
import json
import ssl
from base64 import b64encode
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import asyncpg
from lxml import etree

from gateway.app.opening import Gateway, open_gateway
from gateway.client import OfficeClient, load_profile
from gateway.core.secret import Secret
from gateway.demo.papers import write_pdf
from gateway.endpoints.door import Door, Limits
from gateway.endpoints.front import make_front_door
from gateway.endpoints.presence import Presence
from gateway.endpoints.server import listen, open_socket
from gateway.endpoints.tls import TlsFiles
from gateway.founding import Founding, Neighbours, found_gateway
from gateway.settings import load_settings
from pki.assertions import client_assertion
from pki.certificates import issue_signer
from pki.jws import sign_detached
from pki.keys import SigningKey, generate_key, load_signing_key, write_certificate
from pki.trust import Purpose, TrustList, pin
from pki.wss_sign import sign

NAMESPACE = "urn:pouch:exchange:1"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
PDF = write_pdf("Certified copy", ["of the file"])

#: What a refused message must not leave behind.
TABLES = ("exchange", "message", "document", "decision", "fact", "transmission", "notification")


@dataclass
class RealDoor:
    """An open gateway and how to knock at it."""

    gateway: Gateway
    url: str
    folder: Path
    dsn: Secret
    http: aiohttp.ClientSession
    presence: Presence
    keys: dict[str, SigningKey]
    port: int = 0
    numbers: list[int] = field(default_factory=lambda: [0])

    def new_id(self) -> str:
        self.numbers[0] += 1
        return f"m-{self.numbers[0]}"

    @property
    def trust(self) -> TrustList:
        """What XA's own system trusts: its gateway's signing certificate."""
        return TrustList([pin("XA", Purpose.SIGNING, self.keys["XA gateway"].certificate)])

    def client(self) -> OfficeClient:
        """XA's own system over REST, as `pouch send` and the others use it."""
        return OfficeClient(load_profile(self.folder / "client.toml"))

    async def effects(self) -> dict[str, int]:
        """How many rows and files there are; empty if nothing was done."""
        connection = await asyncpg.connect(self.dsn.reveal())
        try:
            found = {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}
        finally:
            await connection.close()
        found["files"] = sum(1 for path in (self.folder / "storage" / "documents").rglob("*") if path.is_file())
        return {name: count for name, count in found.items() if count}

    async def ledger(self) -> list[dict]:
        """The leaves of the ledger, in the order they were written."""
        connection = await asyncpg.connect(self.dsn.reveal())
        try:
            rows = await connection.fetch("SELECT leaf FROM ledger_entry ORDER BY at, entry_id")
        finally:
            await connection.close()
        return [json.loads(row["leaf"][1:]) for row in rows]

    # --- SOAP --------------------------------------------------------------------------------------------------------

    async def post(self, body: bytes, *, content_type="text/xml; charset=utf-8", headers=None):
        """Send bytes to the SOAP door; gives (status, headers, bytes)."""
        sent = {"Content-Type": content_type, **(headers or {})}
        async with self.http.post("/soap/exchange", data=body, headers=sent) as response:
            return response.status, response.headers, await response.read()

    def signed(self, content: str, *, signer="XA", at=None, namespace=SOAP11, headers="") -> bytes:
        """Put content into an envelope and sign it by WS-Security."""
        root = etree.fromstring(unsigned(content, namespace=namespace, headers=headers))
        sign(root, key=self.keys[signer], now=at or datetime.now(UTC))
        return etree.tostring(root)

    # --- REST --------------------------------------------------------------------------------------------------------

    async def token(self, *, jti=None, client="xa-system", signer="XA") -> str:
        """Take an access token; gives the answer's body as it is if there is none in it."""
        assertion = client_assertion(
            client_id=client,
            audience=f"{self.url}/oauth2/token",
            key=self.keys[signer],
            now=datetime.now(UTC),
            jti=jti or self.new_id(),
        )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        async with self.http.post("/oauth2/token", data=form) as response:
            body = await response.json()
        return body.get("access_token") or json.dumps(body)

    async def call(self, method, path, body=None, *, token=None, proof="XA", headers=None):
        """Send a JSON call with a token of XA's system and a detached JWS; gives (status, headers, JSON)."""
        payload = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {token or await self.token()}", **(headers or {})}
        if payload is not None:
            sent.setdefault("Content-Type", "application/json")
            if proof:
                sent["Pouch-Signature"] = sign_detached(payload, key=self.keys[proof])
        async with self.http.request(method, path, data=payload, headers=sent) as response:
            content = await response.read()
            return response.status, response.headers, json.loads(content) if content else None


@asynccontextmanager
async def open_real_door(folder: Path, dsn: Secret, *, limits: Limits | None = None, neighbours=None, ca=None):
    """Found a gateway in `folder` and open it; with `ca`, its certificates are of that authority."""
    bound = open_socket("127.0.0.1:0")
    port = bound.getsockname()[1]
    founded = found_gateway(
        Founding(
            folder=folder,
            office="XA",
            name="Office XA",
            front=f"127.0.0.1:{port}",
            neighbours=neighbours or Neighbours(das={"applicant_email": "required"}),
            ca=ca,
        )
    )
    foreign = issue_signer("XB own system", key=generate_key(), now=datetime.now(UTC))
    stranger = issue_signer("nobody", key=generate_key(), now=datetime.now(UTC))
    write_certificate(folder / "keys" / "xb.pem", foreign.certificate)
    known = """
[[office]]
code = "XB"
name = "Office XB"
signing_certificates = ["keys/xb.pem"]
exchanges_as = ["XA"]
"""
    founded.offices.write_text(founded.offices.read_text() + known)
    configured = load_settings(founded.main, {"POUCH_DATABASE_DSN": dsn.reveal()})
    async with open_gateway(configured, dsn) as gateway:
        limits = limits or Limits()
        door = Door(
            line=gateway.line,
            crowd=gateway.crowd,
            limits=limits,
            public_url=configured.front_door.public_url,
            tokens=gateway.desk,
            assertions=gateway.assertions,
        )
        presence = Presence(limits)
        tls = TlsFiles(folder / "keys" / "tls.pem", folder / "keys" / "tls.key")
        listening = await listen(make_front_door(door, presence), bound, idle=limits.idle, tls=tls, presence=presence)
        try:
            context = ssl.create_default_context(cafile=str(folder / "keys" / "ca.pem"))
            url, own = f"https://127.0.0.1:{port}", folder / "keys"
            connector = aiohttp.TCPConnector(ssl=context)
            async with aiohttp.ClientSession(base_url=url, connector=connector, auto_decompress=False) as http:
                yield RealDoor(
                    gateway=gateway,
                    url=url,
                    folder=folder,
                    dsn=dsn,
                    http=http,
                    presence=presence,
                    port=port,
                    keys={
                        "XA": load_signing_key(own / "system.key", own / "system.pem"),
                        "XA gateway": load_signing_key(own / "signing.key", own / "signing.pem"),
                        "XB": foreign,
                        "nobody": stranger,
                    },
                )
        finally:
            await listening.stop(grace=5.0)


def unsigned(content: str, *, namespace=SOAP11, headers="") -> bytes:
    return (
        f'<soap:Envelope xmlns:soap="{namespace}"><soap:Header>{headers}</soap:Header>'
        f"<soap:Body>{content}</soap:Body></soap:Envelope>"
    ).encode()


def soap_header(message_id="m-soap", sender="XA", receiver="XA") -> str:
    return (
        f"<Header><MessageId>{message_id}</MessageId><Sender>{sender}</Sender><Receiver>{receiver}</Receiver></Header>"
    )


def operation(name: str, content: str) -> str:
    return f'<{name} xmlns="{NAMESPACE}">{content}</{name}>'


def soap_document(content=PDF, *, content_id="copy", inner=None, listed=None) -> str:
    """A line of the signed list; `listed` are the bytes the list speaks of, where they shall be others."""
    listed = content if listed is None else listed
    carried = f"<Content>{b64encode(content).decode()}</Content>" if inner is None else inner
    return (
        f"<Document><ContentId>{content_id}</ContentId><Size>{len(listed)}</Size>"
        f"<Sha256>{hashlib.sha256(listed).hexdigest()}</Sha256><Role>certified-copy</Role>"
        "<MediaType>application/pdf</MediaType><Certification><CertifiedBy>XA</CertifiedBy>"
        "<Form>sealed</Form><CertifiedOn>2026-11-01</CertifiedOn>"
        f"<FilingDateCertified>true</FilingDateCertified></Certification>{carried}</Document>"
    )


def soap_deposit(
    documents=None,
    *,
    header=None,
    office="XA",
    right="patent",
    number="2026/000123",
    filing_date="2026-10-01",
    email="<ApplicantEmail>applicant@example.org</ApplicantEmail>",
) -> str:
    return operation(
        "DepositPriorityDocument",
        f"{header or soap_header()}<Application><OfficeCode>{office}</OfficeCode><Right>{right}</Right>"
        f"<Number>{number}</Number><FilingDate>{filing_date}</FilingDate></Application>"
        f"<Registration><Hosting>bureau</Hosting><CodeIssuer>bureau</CodeIssuer>{email}</Registration>"
        f"<Documents>{soap_document() if documents is None else documents}</Documents>",
    )


def included(name="copy") -> str:
    return f'<Content><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:{name}"/></Content>'


def related(root: bytes, parts: dict[str, bytes], *, soap="text/xml") -> tuple[str, bytes]:
    """An MTOM message: Content-Type and body."""
    body = (
        f'--b\r\nContent-Type: application/xop+xml; charset=UTF-8; type="{soap}"\r\nContent-ID: <root@test>\r\n\r\n'
    ).encode() + root
    for name, content in parts.items():
        body += f"\r\n--b\r\nContent-Type: application/pdf\r\nContent-ID: <{name}>\r\n\r\n".encode() + content
    kind = f'multipart/related; type="application/xop+xml"; start="<root@test>"; start-info="{soap}"; boundary=b'
    return kind, body + b"\r\n--b--\r\n"


def hours(count: int) -> datetime:
    """So many hours from now."""
    return datetime.now(UTC) + timedelta(hours=count)


def rest_deposit(door: RealDoor, *, content=PDF, **changes) -> dict:
    return {
        "header": {"messageId": door.new_id(), "sender": "XA", "receiver": "XA"},
        "application": {"officeCode": "XA", "right": "patent", "number": "2026/000123", "filingDate": "2026-10-01"},
        "registration": {"hosting": "bureau", "codeIssuer": "bureau", "applicantEmail": "applicant@example.org"},
        "documents": [
            {
                "contentId": "copy",
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "role": "certified-copy",
                "mediaType": "application/pdf",
                "certification": {
                    "certifiedBy": "XA",
                    "form": "sealed",
                    "certifiedOn": "2026-11-01",
                    "filingDateCertified": True,
                },
                "content": b64encode(content).decode(),
            }
        ],
        **changes,
    }
