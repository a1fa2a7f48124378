"""A Bureau on a real socket, and strangers to its code: a small office client and an office's endpoint."""

import hashlib
import json
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from sandbox.hostility import Hostility
from sandbox.ib.config import Office, Settings, Timings
from sandbox.ib.keys import TokenKeys
from sandbox.ib.server import build
from sandbox.serving import listen

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
API = "/das-api/v1"
PDF = b"%PDF-1.7\n" + b"a certified copy " * 100 + b"\n%%EOF\n"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Clock:
    """Time that tests move; sleeping moves it too and takes none."""

    def __init__(self):
        self.at = START
        self.slept = []

    def now(self):
        return self.at

    def advance(self, seconds):
        self.at += timedelta(seconds=seconds)

    async def sleep(self, seconds):
        self.slept.append(seconds)


def self_signed(key, *, start=START - timedelta(days=1), days=730, san=()):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    )
    if san:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(san)), critical=False)
    return builder.sign(key, hashes.SHA256())


def private_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture(scope="session")
def office_keys(tmp_path_factory):
    """Per office: its private key and the path of its certificate."""
    folder = tmp_path_factory.mktemp("offices")
    keys = {}
    for code in ("XA", "XB", "XC", "XD"):
        key = ec.generate_private_key(ec.SECP256R1())
        file = folder / f"{code}.pem"
        file.write_bytes(self_signed(key).public_bytes(serialization.Encoding.PEM))
        keys[code] = (key, file)
    return keys


@pytest.fixture(scope="session")
def token_key(tmp_path_factory):
    """One RSA token key for all Bureaus, since making one is slow."""
    folder = tmp_path_factory.mktemp("token-key")
    TokenKeys(folder)
    return next(folder.glob("*.pem")).read_bytes()


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    """(certificate file, key file) for 127.0.0.1; the certificate is its own authority."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    today = datetime.now(UTC) - timedelta(days=1)
    certificate = self_signed(key, start=today, san=[x509.IPAddress(ip_address("127.0.0.1"))])
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(private_pem(key))
    return folder / "certificate.pem", folder / "key.pem"


class OfficeCaller:
    """What an office's own software would do, written from the reference alone."""

    def __init__(self, session, origin, client_id, key, clock):
        self.session, self.origin, self.client_id = session, origin, client_id
        self.key, self.clock = ECKey.import_key(private_pem(key)), clock
        self.bearer = None

    def assertion(self, header=None, key=None, **changes):
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.origin}/am/oauth2/access_token",
            "exp": int(self.clock.now().timestamp()) + 10,
        } | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "ES256", "typ": "JWT"} | (header or {})
        return jwt.encode(header, claims, key or self.key, algorithms=["ES256", "HS256", "RS256"])

    async def ask_token(self, assertion=None, **changes):
        form = {
            "grant_type": "client_credentials",
            "scope": "das-api/office-exchange",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion() if assertion is None else assertion,
        } | changes
        async with self.session.post(f"{self.origin}/am/oauth2/access_token", data=form) as answer:
            return answer.status, await answer.json()

    async def call(self, method, path, body=None, query=None, bearer=None, headers=None):
        """(status, JSON or bytes, headers)."""
        if self.bearer is None:
            self.bearer = (await self.ask_token())[1]["access_token"]
        headers = {"Authorization": f"Bearer {bearer or self.bearer}"} | (headers or {})
        url = path if "://" in path else f"{self.origin}{API}{path}"
        async with self.session.request(method, url, json=body, params=query, headers=headers) as answer:
            content = await answer.read()
            if answer.content_type == "application/json":
                content = json.loads(content)
            return answer.status, content, answer.headers

    async def announce(self, content=PDF, checksum=None, kind="pdf"):
        digest = checksum or hashlib.sha256(content).hexdigest()
        body = {"fileReference": "ours", "fileFormatCategory": kind, "fileChecksum": digest}
        status, answer, _ = await self.call("POST", "/requests/files/url-uploads", body)
        assert status == 200
        return answer["fileId"], answer["fileUploadUrl"]

    async def put(self, url, content=PDF, media="application/pdf", headers=None):
        headers = {"Content-Type": media} | (headers or {})
        async with self.session.put(url, data=content, headers=headers) as answer:
            return answer.status, await answer.text()

    async def upload(self, content=PDF, **announced):
        file_id, url = await self.announce(content, **announced)
        assert (await self.put(url, content))[0] == 200
        return file_id

    async def file_status(self, file_id):
        return (await self.call("GET", "/requests/files", query={"fileId": file_id}))[1]

    async def register(self, **changes):
        """(status, requestAckId or error body, headers)."""
        body = {
            "operationCategory": "registration",
            "documentKindCategory": "patent",
            "documentNumber": "XA 2026000001",
            "documentDate": "2026-01-15",
            "email": "applicant@example.org",
        } | changes
        body = {name: value for name, value in body.items() if value is not ...}
        status, answer, headers = await self.call("POST", "/requests/registrations", body)
        return status, answer.get("requestAckId", answer), headers

    async def request_status(self, ack):
        query = {"requestAckId": ack}
        status, answer, _ = await self.call("GET", "/requests/registrations", query=query)
        assert status == 200
        return answer

    async def retrieve(self, code, **changes):
        """(status, requestAckId or error body)."""
        body = {
            "operationCategory": "retrieval",
            "documentKindCategory": "patent",
            "documentNumber": "XA 2026000001",
            "documentDate": "2026-01-15",
            "dasAccessCode": code,
        } | changes
        status, answer, _ = await self.call("POST", "/requests/retrievals", body)
        return status, answer.get("requestAckId", answer)

    async def retrieval(self, ack, **query):
        query = {"requestAckId": ack} | query
        status, answer, headers = await self.call("GET", "/requests/retrievals", query=query)
        assert status == 200
        (row,) = answer["documentRetrievalResponseBag"]
        return row | {"original": headers.get("X-Original-Document-Url")}

    async def listed(self):
        answer = (await self.call("GET", "/requests/retrievals"))[1]
        return [row["requestAckId"] for row in answer["documentRetrievalResponseBag"]]

    async def fetch(self, url):
        async with self.session.get(url) as answer:
            return answer.status, await answer.read()


class OfficeEndpoint:
    """An office's DAS-shaped endpoint with one document; it checks the Bureau's token by the JWKS."""

    def __init__(self, code):
        self.code, self.bureau, self.caller = code, None, None
        self.calls, self.notified, self.fates = [], [], {}
        self.content, self.origin = PDF, None
        self.app = web.Application()
        self.app.add_routes(
            [
                web.post(f"{API}/requests/retrievals", self.retrieval),
                web.post(f"{API}/requests/files/url-downloads", self.download_url),
                web.post(f"{API}/requests/notifications", self.notification),
                web.get("/library/{ack}", self.file),
            ]
        )

    async def _take(self, request, operation):
        scheme, token = request.headers["Authorization"].split()
        url = f"{self.bureau}/am/oauth2/connect/jwk_uri"
        async with self.caller.session.get(url) as answer:
            keys = KeySet.import_key_set(await answer.json())
        token = jwt.decode(token, keys, algorithms=["RS256"])
        assert scheme == "Bearer" and token.claims["sub"] == token.claims["aud"] == f"ib-{self.code}"
        assert token.claims["scope"] == ["das-api/office-exchange"]
        body = await request.json()
        self.calls.append((operation, body))
        fates = self.fates.get(operation)
        return body, (fates.pop(0) if fates else None)

    async def retrieval(self, request):
        body, fate = await self._take(request, "retrieval")
        if callable(fate):
            return await fate(body)
        return fate or web.json_response({"requestAckId": f"{self.code}-{len(self.calls)}"})

    async def download_url(self, request):
        body, fate = await self._take(request, "download-url")
        return fate or web.json_response({"fileDownloadUrl": f"{self.origin}/library/{body['osfAckId']}"})

    async def notification(self, request):
        body, fate = await self._take(request, "notification")
        self.notified.append(body)
        return fate or web.Response(status=204)

    async def file(self, request):
        self.calls.append(("file", request.match_info["ack"]))
        fates = self.fates.get("file")
        return (fates.pop(0) if fates else None) or web.Response(body=self.content)

    def times(self, operation):
        return sum(1 for name, _ in self.calls if name == operation)

    async def tell(self, ack, status="success", **changes):
        """Notify the Bureau of this office's own acknowledgement; the status of its answer."""
        body = {"requestAckId": ack, "requestStatusCategory": status} | changes
        return (await self.caller.call("POST", "/requests/notifications", body))[0]


class Scene:
    """A running Bureau with callers for its offices."""

    def __init__(self, origin, bureau, callers, endpoints, clock):
        self.origin, self.bureau, self.callers = origin, bureau, callers
        self.endpoints, self.clock = endpoints, clock
        self.xa, self.xb, self.xc = callers["XA"], callers["XB"], callers["XC"]

    def done(self, kind):
        return self.bureau.record.count(kind)

    async def settled(self):
        await self.bureau.bench.settled()

    async def sandbox(self, path, body=None):
        session = self.xa.session
        method = "GET" if body is None else "POST"
        async with session.request(method, f"{self.origin}/_sandbox/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def hostile(self, switch, operation="*", calls=1, **more):
        rule = {"switch": switch, "operation": operation, "calls": calls} | more
        await self.sandbox("hostility", {"rules": [rule]})

    async def code_of(self, address="applicant@example.org"):
        """The newest access code that was mailed to the applicant."""
        return (await self.sandbox(f"mailbox?to={address}"))[-1]["accessCode"]

    async def deposited(self, content=PDF):
        """A registration of XA's document, held by the Bureau; its access code."""
        status, ack, _ = await self.xa.register(fileId=await self.xa.upload(content))
        assert status == 201
        assert (await self.xa.request_status(ack))["requestStatusCategory"] == "success"
        return await self.code_of()


def bureau_folder(base, number, token_key):
    folder = Path(base / f"bureau-{number}")
    folder.mkdir()
    (folder / "token-key-001.pem").write_bytes(token_key)
    return folder


@pytest.fixture
async def start(tmp_path, office_keys, token_key, tls):
    """Start a Bureau: XA deposits, XB accesses by polling, XC keeps its own library and has an endpoint.

    Keywords: `timings`, `notified=True` gives XB an endpoint, `secure=True` uses TLS both ways, and any
    other setting.
    """
    cleanups = []

    async def starting(*, timings=None, notified=False, secure=False, hostility=None, **settings):
        clock = Clock()
        files = tls if secure else (None, None)
        trusted = ssl.create_default_context(cafile=str(tls[0])) if secure else None
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted or True))
        cleanups.append(session.close)
        endpoints = {}
        for code in ("XC", "XB") if notified else ("XC",):
            endpoint = endpoints[code] = OfficeEndpoint(code)
            runner, endpoint.origin = await listen(
                endpoint.app, host="127.0.0.1", port=0, certificate=files[0], key=files[1]
            )
            cleanups.append(runner.cleanup)
        common = {
            "XA": {"roles": ("depositing",), "kinds": ("patent", "design"), "number_pattern": r"^XA \d{10}$"},
            "XB": {"roles": ("accessing", "depositing"), "access_codes": "office"},
            "XC": {"access_codes": "office", "hosting": True},
            "XD": {"roles": ("accessing",)},
        }
        offices = tuple(
            Office(
                code=code,
                client_id=f"{code.lower()}-office",
                certificate=str(office_keys[code][1]),
                endpoint=f"{endpoints[code].origin}{API}" if code in endpoints else None,
                **more,
            )
            for code, more in common.items()
        )
        folder = bureau_folder(tmp_path, len(cleanups), token_key)
        app, bureau = build(
            Settings(
                folder=str(folder),
                office=offices,
                plain_http=not secure,
                timings=timings or Timings(retries=2, first_retry=0.5),
                **settings,
            ),
            hostility=hostility or Hostility(sleep=clock.sleep),
            outgoing=trusted,
            now=clock.now,
            sleep=clock.sleep,
        )
        runner, origin = await listen(app, host="127.0.0.1", port=0, certificate=files[0], key=files[1])
        cleanups.append(runner.cleanup)
        bureau.listens(origin)
        callers = {
            code: OfficeCaller(session, origin, f"{code.lower()}-office", office_keys[code][0], clock)
            for code in common
        }
        for code, endpoint in endpoints.items():
            endpoint.bureau, endpoint.caller = origin, callers[code]
        return Scene(origin, bureau, callers, endpoints, clock)

    yield starting
    for cleanup in reversed(cleanups):
        await cleanup()


@pytest.fixture
async def scene(start):
    """A polite Bureau that does everything at once."""
    return await start()


@pytest.fixture
def pdf():
    """The certified copy that the callers send."""
    return PDF
