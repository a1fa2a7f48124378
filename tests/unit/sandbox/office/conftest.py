"""A foreign office and the sandbox Bureau on real sockets, knowing each other's addresses."""

import asyncio
from datetime import date

import aiohttp
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.hostility import Hostility
from sandbox.ib.auth import outbound_token
from sandbox.ib.config import Office
from sandbox.ib.config import Settings as BureauSettings
from sandbox.ib.keys import TokenKeys
from sandbox.ib.server import build as build_bureau
from sandbox.office.config import Document, Settings, Wanted
from sandbox.office.server import build
from sandbox.serving import listen

COPY = b"%PDF-1.7 a copy in the foreign library"


@pytest.fixture(scope="session")
def office_token_key(tmp_path_factory):
    folder = tmp_path_factory.mktemp("token-key-for-offices")
    TokenKeys(folder)
    return next(folder.glob("*.pem")).read_bytes()


async def at_once(_):
    """Sleeping that takes no time, but lets the others go on."""
    await asyncio.sleep(0)


class Pair:
    """The office, the Bureau, and a session for the test's own questions."""

    def __init__(self, office, office_origin, bureau, session):
        self.office, self.origin, self.bureau, self.session = office, office_origin, bureau, session
        self.done = office.record.count

    def bearer(self, **changes):
        """The Bureau's token for this office, or one that differs in these claims."""
        token = outbound_token(self.bureau, self.bureau.settings.by_code("XC"))
        claims = self.bureau.keys.read(token) | changes
        return {"Authorization": f"Bearer {self.bureau.keys.sign(claims)}"}

    async def post(self, path, body, headers=None):
        async with self.session.post(f"{self.origin}{path}", json=body, headers=headers) as answer:
            content = await answer.json() if answer.content_type == "application/json" else None
            return answer.status, content

    async def settled(self):
        for _ in range(3):
            await self.office.settled()
            await self.bureau.bench.settled()


@pytest.fixture
async def pair(tmp_path, office_token_key):
    """Start both; keywords are settings of the office, `hosting` the Bureau's side of that agreement."""
    cleanups = []

    def prepare():
        key = ec.generate_private_key(ec.SECP256R1())
        no_secret = serialization.NoEncryption()
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_secret)
        (tmp_path / "key.pem").write_bytes(key.private_bytes(*form))
        public = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / "public.pem").write_bytes(key.public_key().public_bytes(*public))
        (tmp_path / "copy.pdf").write_bytes(COPY)
        (tmp_path / "ib").mkdir()
        (tmp_path / "ib" / "token-key-001.pem").write_bytes(office_token_key)

    async def starting(bureau_hostility=None, bureau_settings=None, **settings):
        prepare()
        agreed = Office(
            code="XC",
            client_id="xc-office",
            certificate=str(tmp_path / "public.pem"),
            access_codes="office",
            hosting=True,
            endpoint="http://127.0.0.1:1/das-api/v1",
        )
        app, bureau = build_bureau(
            BureauSettings(folder=str(tmp_path / "ib"), office=(agreed,), plain_http=True, **(bureau_settings or {})),
            hostility=bureau_hostility or Hostility(),
            sleep=at_once,
        )
        bureau.hostility.sleep = at_once
        runner, origin = await listen(app, host="127.0.0.1", port=0, certificate=None, key=None)
        cleanups.append(runner.cleanup)
        bureau.listens(origin)
        app, office = build(
            Settings(
                code="XC",
                client_id="xc-office",
                key=str(tmp_path / "key.pem"),
                folder=str(tmp_path / "office"),
                api=f"{origin}/das-api/v1",
                token_endpoint=f"{origin}/am/oauth2/access_token",
                jwks_uri=f"{origin}/am/oauth2/connect/jwk_uri",
                audience="ib-XC",
                patience=50_000,
                **settings,
            ),
            sleep=at_once,
        )
        runner, here = await listen(app, host="127.0.0.1", port=0, certificate=None, key=None)
        cleanups.append(runner.cleanup)
        endpoint = f"{here}/das-api/v1" if settings.get("has_endpoint", True) else None
        offices = (msgspec.structs.replace(agreed, endpoint=endpoint),)
        bureau.settings = msgspec.structs.replace(bureau.settings, office=offices)
        office.listens(here)
        session = aiohttp.ClientSession()
        cleanups.append(session.close)
        return Pair(office, here, bureau, session)

    yield starting
    for cleanup in reversed(cleanups):
        await cleanup()


@pytest.fixture
def copy_of_xc(tmp_path):
    """A document of the office, kept in its library; keywords change it."""

    def make(**change):
        return Document(
            **{
                "kind": "patent",
                "number": "XC 2026/1",
                "day": date(2026, 2, 3),
                "file": str(tmp_path / "copy.pdf"),
                "access_code": "7QX1",
            }
            | change
        )

    return make


@pytest.fixture
def wanted_of_xc():
    """What the office would ask for to get that document."""

    def make(**change):
        return Wanted(
            **{"kind": "patent", "number": "XC 2026/1", "day": date(2026, 2, 3), "access_code": "7QX1"} | change
        )

    return make
