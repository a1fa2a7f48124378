"""The DAS-shaped door with the Bureau's own tokens: verified by its key server, RS256 as the Bureau signs them."""

import json
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey
from real_door import PDF, open_real_door, rest_deposit

from gateway.endpoints.server import listen, open_socket
from gateway.endpoints.tls import TlsFiles
from gateway.founding import Neighbours
from pki.certificates import issue_ca, issue_tls
from pki.keys import generate_key, write_certificate, write_private_key

DECIDED = "2026-11-01T12:00:00Z"
ASKED = {
    "operationCategory": "retrieval",
    "documentKindCategory": "patent",
    "documentNumber": "XA 2026/000123",
    "documentDate": "2026-10-01",
}


class TokenServer:
    """The Bureau's token server: its keys, and tokens made with them."""

    def __init__(self, folder) -> None:
        now = datetime.now(UTC)
        self.ca = issue_ca("test authority", now=now)
        served = issue_tls("Bureau", key=generate_key(), names=["127.0.0.1"], now=now, ca=self.ca)
        write_certificate(folder / "ib.pem", served.certificate)
        write_private_key(folder / "ib.key", served.key)
        self.tls = TlsFiles(folder / "ib.pem", folder / "ib.key")
        self.key = RSAKey.generate_key(2048, parameters={"kid": "ib-1", "use": "sig", "alg": "RS256"})
        self.bound = open_socket("127.0.0.1:0")
        self.address = f"127.0.0.1:{self.bound.getsockname()[1]}"
        self.asked = 0

    def token(self, *, key=None, **changes) -> str:
        """A token as OpenAM writes it; a claim that is None is left out."""
        claims = {
            "iss": f"https://{self.address}/am/oauth2",
            "sub": "ib-XA",
            "aud": "ib-XA",
            "scope": ["das-api/office-exchange"],
            "iat": int(time.time()),
            "exp": int(time.time()) + 3600,
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "ib-1"}, claims, key or self.key)

    async def keys(self, request: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response({"keys": [self.key.as_dict(private=False)]})


@asynccontextmanager
async def opened(database, folder):
    """A gateway with its own library, and the Bureau's token server."""
    bureau = TokenServer(folder)
    app = web.Application()
    app.router.add_get("/am/oauth2/connect/jwk_uri", bureau.keys)
    listening = await listen(app, bureau.bound, idle=60.0, tls=bureau.tls)
    neighbours = Neighbours(bureau=bureau.address, issuer="office")
    try:
        async with open_real_door(folder / "xa", database.app, neighbours=neighbours, ca=bureau.ca) as door:
            yield door, bureau
    finally:
        await listening.stop()


async def placed(door, database) -> str:
    """Deposit and release a document that XA keeps itself, as if the Bureau had registered it; gives the code."""
    body = rest_deposit(door, registration={"hosting": "office", "codeIssuer": "office"})
    _, _, deposited = await door.call("POST", "/api/v1/deposits", body)
    exchange = deposited["exchangeId"]
    decided = {
        "header": {**body["header"], "messageId": door.new_id()},
        "decisions": [
            {
                "condition": each,
                "outcome": "given",
                "by": "desk",
                "basis": "form 1",
                "decidedAt": "2026-11-01T12:00:00Z",
            }
            for each in ("applicant-request", "formalities", "secrecy", "fee")
        ],
    }
    status, _, _ = await door.call("POST", f"/api/v1/exchanges/{exchange}/release", decided)
    assert status == 200
    connection = await asyncpg.connect(database.owner.reveal())
    try:
        await connection.execute("UPDATE exchange SET state = 'placed'")
    finally:
        await connection.close()
    _, _, package = await door.call("GET", f"/api/v1/exchanges/{exchange}/package")
    return package["accessCode"]


async def das(door, path, body, token):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"/das-api/v1/requests/{path}"
    async with door.http.post(url, data=json.dumps(body).encode(), headers=headers) as response:
        content = await response.read()
        return response.status, json.loads(content) if content else None


async def test_the_bureau_asks_fetches_and_is_seen_to_have_taken_it(database, tmp_path):
    async with opened(database, tmp_path) as (door, bureau):
        code = await placed(door, database)
        status, asked = await das(door, "retrievals", {**ASKED, "dasAccessCode": code}, bureau.token())
        assert status == 201
        wanted = {name: value for name, value in ASKED.items() if name != "operationCategory"}
        status, given = await das(
            door, "files/url-downloads", {**wanted, "osfAckId": asked["requestAckId"]}, bureau.token()
        )
        assert status == 200, given
        async with door.http.get(given["fileDownloadUrl"].removeprefix(door.url)) as response:
            assert await response.read() == PDF
        assert [leaf["kind"] for leaf in await door.ledger()][-2:] == ["asked", "taken"]
        _, _, waiting = await door.call("GET", "/api/v1/notifications")
        assert [each["event"] for each in waiting["notifications"]] == ["taken"]
        assert bureau.asked == 1


async def test_a_wrong_code_is_refused_and_the_right_one_stands_nowhere(database, tmp_path, capfd):
    async with opened(database, tmp_path) as (door, bureau):
        code = await placed(door, database)
        wrong = "2222" if code != "2222" else "3333"
        status, body = await das(door, "retrievals", {**ASKED, "dasAccessCode": wrong}, bureau.token())
        assert (status, [each["code"] for each in body["details"]]) == (400, [-14])
        assert code not in json.dumps(body)
        told = json.dumps(await door.ledger())
        assert code not in told
        assert wrong not in told
    written = capfd.readouterr()
    assert code not in written.err + written.out


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody-else"},
        {"sub": "somebody-else"},
        {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"scope": ["something-else"]},
    ],
    ids=lambda claims: next(iter(claims)),
)
async def test_a_token_that_is_not_the_bureau_s_for_us_opens_nothing(database, tmp_path, claims):
    async with opened(database, tmp_path) as (door, bureau):
        status, body = await das(door, "retrievals", {**ASKED, "dasAccessCode": "0000"}, bureau.token(**claims))
        assert (status, body["code"]) in {(401, "UNAUTHORIZED"), (403, "FORBIDDEN")}
        [leaf] = await door.ledger()
        assert leaf["actor"] == "unproven at das"


async def test_a_token_signed_by_another_key_opens_nothing(database, tmp_path):
    async with opened(database, tmp_path) as (door, bureau):
        other = RSAKey.generate_key(2048, parameters={"kid": "ib-1"})
        status, _ = await das(door, "notifications", {"requestAckId": "x"}, bureau.token(key=other))
        assert status == 401
        own = await door.token()
        status, _ = await das(door, "notifications", {"requestAckId": "x"}, own)
        assert status == 401


async def test_the_front_door_serves_while_the_key_server_is_away(database, tmp_path):
    async with open_real_door(tmp_path / "xa", database.app, neighbours=Neighbours(bureau="127.0.0.1:1")) as door:
        status, body = await das(door, "notifications", {"requestAckId": "x"}, "a.b.c")
        assert (status, body["code"]) == (502, "BAD_GATEWAY")
        status, _, _ = await door.call("POST", "/api/v1/deposits", rest_deposit(door))
        assert status == 201
