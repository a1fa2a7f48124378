"""A Bureau for the example dialogues: XC deposits with a library of its own, XB retrieves by polling."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from sandbox.ib.config import Office, Settings, Timings
from sandbox.ib.keys import TokenKeys
from sandbox.ib.server import build
from sandbox.serving import listen

API = "/das-api/v1"


class ExampleLibrary:
    """XC's endpoint: it answers what the dialogue says the office answers, and keeps what it was asked."""

    def __init__(self):
        self.expected, self.asked = [], []
        self.origin = ""
        self.app = web.Application()
        self.app.router.add_route("*", "/{path:.*}", self.answer)

    async def answer(self, request):
        body = await request.read()
        said = {"method": request.method, "path": request.path, "json": json.loads(body) if body else None}
        self.asked.append(said)
        response = self.expected.pop(0)
        if "body" in response:
            return web.Response(status=response["status"], body=response["body"].encode())
        return web.json_response(response.get("json"), status=response["status"])


class ExampleBureau:
    """The Bureau's origin, its offices' tokens, and XC's endpoint."""

    def __init__(self, origin, bureau, session, tokens, library):
        self.origin, self.bureau, self.session = origin, bureau, session
        self.tokens, self.library = tokens, library


async def take_token(session, origin, client_id, key):
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": f"{origin}/am/oauth2/access_token",
        "exp": int(datetime(2026, 11, 22, 9, 1, tzinfo=UTC).timestamp()),
    }
    form = {
        "grant_type": "client_credentials",
        "scope": "das-api/office-exchange",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({"alg": "ES256", "typ": "JWT"}, claims, ECKey.import_key(key)),
    }
    async with session.post(f"{origin}/am/oauth2/access_token", data=form) as answer:
        return (await answer.json())["access_token"]


@pytest.fixture(scope="session")
def example_token_key(tmp_path_factory):
    """One RSA token key for all dialogues, since making one is slow."""
    folder = tmp_path_factory.mktemp("token-key-of-examples")
    TokenKeys(folder)
    return next(folder.glob("*.pem")).read_bytes()


@pytest.fixture
async def example_bureau(tmp_path, example_token_key):
    """Started anew for each dialogue, with a clock that stands still."""
    library = ExampleLibrary()
    Path(tmp_path / "token-key-001.pem").write_bytes(example_token_key)
    keys = {code: ec.generate_private_key(ec.SECP256R1()) for code in ("XB", "XC")}
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    for code, key in keys.items():
        pem = key.public_key().public_bytes(serialization.Encoding.PEM, form)
        Path(tmp_path / f"{code}.pem").write_bytes(pem)
    endpoint, library.origin = await listen(library.app, host="127.0.0.1", port=0, certificate=None, key=None)
    offices = (
        Office(code="XB", client_id="xb", certificate=str(tmp_path / "XB.pem"), roles=("accessing",)),
        Office(
            code="XC",
            client_id="xc",
            certificate=str(tmp_path / "XC.pem"),
            access_codes="office",
            hosting=True,
            endpoint=f"{library.origin}{API}",
        ),
    )
    settings = Settings(folder=str(tmp_path), office=offices, plain_http=True, timings=Timings(retries=0))
    now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    app, bureau = build(settings, now=lambda: now, sleep=lambda _: asyncio.sleep(0))
    runner, origin = await listen(app, host="127.0.0.1", port=0, certificate=None, key=None)
    bureau.listens(origin)
    async with aiohttp.ClientSession() as session:
        tokens = {code: await take_token(session, origin, code.lower(), key) for code, key in keys.items()}
        yield ExampleBureau(origin, bureau, session, tokens, library)
    await runner.cleanup()
    await endpoint.cleanup()
