"""The DAS adapter against the sandbox Bureau, which is another party: a process of its own that shares no code."""

import ssl
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import aiohttp
from aiohttp import web
from contract_cargo import CODE, DATE, application_of, cargo_of, content_of, document_number
from contract_subjects import NOBODY, ClientKey, Connections, Trial, sandbox_process
from memory_ports import MemoryClock, MemoryKit

from adapters.das import adapter
from gateway.core.document import DocumentKind
from gateway.core.errand import (
    AnswerErrand,
    CorrectErrand,
    ObtainErrand,
    PlaceErrand,
    RecheckErrand,
    ReplaceErrand,
    WithdrawErrand,
)
from gateway.core.request import Cause, Hosting
from gateway.core.secret import Secret
from gateway.kit.tokens import BearerTokens, TokenClient

API = "/das-api/v1"
FORMER = date(2026, 2, 1)

BUREAU = r"""
folder = "bureau"
{settings}
[timings]
upload_processing = {{ polls = {polls} }}
registration_processing = {{ polls = {polls} }}
retrieval_processing = {{ polls = {polls} }}
retries = 2
first_retry = 0.01

[[office]]
code = "XC"
client_id = "xc-office"
number_pattern = '^XC \d{{4}}/\d{{6}}$'
certificate = "xc.pem"
roles = ["depositing"]
access_codes = "office"
hosting = true
endpoint = "{library}/das-api/v1"

[[office]]
code = "XB"
client_id = "xb-office"
certificate = "xb.pem"
roles = ["accessing"]
access_codes = "office"
"""

PLACE = Trial(name="place", calls=("upload-url", "upload", "register", "registration-status"), effect="register")
PLACE_IN_LIBRARY = Trial(name="place-in-library", calls=("register",), effect="register")
FORMER_PLACE = Trial(name="place-former")
INQUIRE = Trial(name="request-of-library", whole=False)
CORRECT = Trial(name="correct", calls=("correct",), effect="correct", before=(FORMER_PLACE,))
REPLACE = Trial(name="replace", calls=("upload", "correct"), effect="correct", before=(PLACE,))
REPLACE_IN_LIBRARY = Trial(name="replace-in-library", calls=("correct",), effect="correct", before=(PLACE_IN_LIBRARY,))
WITHDRAW = Trial(name="withdraw", calls=("withdraw",), effect="withdraw", before=(PLACE,))
OBTAIN = Trial(
    name="obtain",
    calls=("retrieve", "retrieval-status", "download-url", "download"),
    effect="retrieve",
    before=(PLACE,),
)
ANSWER = Trial(name="answer", calls=("notification",), effect="notification", before=(PLACE_IN_LIBRARY, INQUIRE))

EFFECTS = {
    "place": "registered",
    "place-in-library": "registered",
    "correct": "corrected",
    "replace": "replaced",
    "replace-in-library": "replaced",
    "withdraw": "withdrawn",
    "obtain": "retrieval-requested",
}


class Library:
    """XC's own library as the Bureau sees it: acknowledges what is asked, gives a file; polite."""

    def __init__(self, tls):
        self.url = ""
        self._tls = tls
        self._content = content_of(1, "library")

    async def __aenter__(self):
        app = web.Application()
        app.add_routes(
            [
                web.post(f"{API}/requests/retrievals", self._acknowledge),
                web.post(f"{API}/requests/files/url-downloads", self._link),
                web.get("/file", self._give),
            ]
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._tls.certificate, self._tls.key)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context).start()
        self.url = f"https://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *failure):
        await self._runner.cleanup()

    async def _acknowledge(self, request):
        number = (await request.json())["documentNumber"]
        return web.json_response({"requestAckId": f"off-{number}"})

    async def _link(self, request):
        return web.json_response({"fileDownloadUrl": f"{self.url}/file"})

    async def _give(self, request):
        return web.Response(body=self._content, content_type="application/pdf")


class RunningBureau:
    """One Bureau with XC, who deposits, and XB, who retrieves by polling."""

    secrets = (CODE, "eyJ")  # an access code, and how tokens and assertions begin

    def __init__(self, origin, tls, keys, session):
        self.origin, self._keys, self._session = origin, keys, session
        self.settings = {"base_url": f"{origin}{API}"}
        self.elsewhere = {"base_url": f"https://{NOBODY}{API}"}
        self._connections = Connections(self.settings, tls)

    def parts(self, trial, patience=5.0):
        return self.parts_of("xb" if trial.name in ("obtain", "request-of-library") else "xc", patience)

    def parts_of(self, office, patience=5.0, *, key=None):
        http, clock = self._connections.open(patience), MemoryClock(datetime.now(UTC))
        client = TokenClient(
            url=f"{self.origin}/am/oauth2/access_token",
            client_id=f"{office}-office",
            scope="das-api/office-exchange",
        )
        tokens = BearerTokens(http=http, asserter=key or self._keys[office], clock=clock, client=client)
        return MemoryKit(http, clock=clock, tokens=tokens)

    async def close(self):
        await self._connections.close()

    def errand(self, trial, number):
        exchange = f"exchange-{number}"
        match trial.name:
            case "place":
                return PlaceErrand(exchange_id=exchange, cargo=cargo_of(number))
            case "place-former":
                return PlaceErrand(exchange_id=exchange, cargo=cargo_of(number, filed=FORMER))
            case "place-in-library":
                return PlaceErrand(exchange_id=exchange, cargo=cargo_of(number, hosting=Hosting.OFFICE))
            case "correct":
                return CorrectErrand(exchange_id=exchange, cargo=cargo_of(number), former_filing_date=FORMER)
            case "replace":
                return ReplaceErrand(exchange_id=exchange, cargo=cargo_of(number, what="newer"))
            case "replace-in-library":
                cargo = cargo_of(number, what="newer", hosting=Hosting.OFFICE)
                return ReplaceErrand(exchange_id=exchange, cargo=cargo)
            case "withdraw":
                return WithdrawErrand(
                    exchange_id=exchange,
                    kind=DocumentKind.PRIORITY_DOCUMENT,
                    application=application_of(number),
                    cause=Cause.REGISTERED_IN_ERROR,
                )
            case "obtain" | "request-of-library":
                return self.obtaining(number)
            case "answer":
                cargo = cargo_of(number, hosting=Hosting.OFFICE)
                acknowledgement = f"off-{document_number(number)}"
                return AnswerErrand(exchange_id=exchange, acknowledgement_id=acknowledgement, cargo=cargo, reason=None)

    def obtaining(self, number, *, code=CODE, filed=DATE, version=1):
        return ObtainErrand(
            exchange_id=f"obtaining-{number}",
            kind=DocumentKind.PRIORITY_DOCUMENT,
            application=application_of(number, filed),
            access_code=Secret(code),
            holding_office=None,
            own_number=None,
            own_filing_date=None,
            version=version,
        )

    def rechecking(self, number, seen):
        return RecheckErrand(
            exchange_id=f"obtaining-{number}",
            kind=DocumentKind.PRIORITY_DOCUMENT,
            application=application_of(number),
            access_code=Secret(CODE),
            seen=seen,
        )

    async def settled(self, trial, number):
        if trial.name == "request-of-library":
            await self._until_told("retrieval-forwarded", number)

    async def effects(self, trial, number):
        if trial.name == "answer":
            return len(await self._until_told("downloaded-from-office", number))
        return len(await self.record(EFFECTS[trial.name], number))

    async def _until_told(self, kind, number):
        """The effects of this kind for a retrieval, once the Bureau's background work has come to the first."""
        acks = {effect["ack"] for effect in await self.record("retrieval-requested", number)}
        for _ in range(1000):
            told = [effect for effect in await self.record(kind) if effect["ack"] in acks]
            if told:
                return told
        raise AssertionError(f"the Bureau did not come to {kind}")

    async def record(self, kind, number=None):
        async with self._session.get(f"{self.origin}/_sandbox/record", params={"kind": kind}) as answer:
            effects = (await answer.json())["effects"]
        return [e for e in effects if number is None or e.get("document") == document_number(number)]

    async def totals(self):
        async with self._session.get(f"{self.origin}/_sandbox/record") as answer:
            return Counter((await answer.json())["counters"])

    async def disturb(self, switch, operation, *, calls=1, seconds=0.0):
        rule = {"switch": switch, "operation": operation, "calls": calls, "seconds": seconds}
        await self._order({"rules": [rule]})

    async def calm(self):
        await self._order({"clear": True})

    async def _order(self, order):
        async with self._session.post(f"{self.origin}/_sandbox/hostility", json=order) as answer:
            assert answer.status == 200, await answer.text()


@asynccontextmanager
async def bureau(folder, tls, *, polls=0, settings="", options=()):
    """A Bureau whose work takes `polls` questions; `settings` are further lines of its configuration."""
    keys = {office: ClientKey() for office in ("xc", "xb")}
    for office, key in keys.items():
        (folder / f"{office}.pem").write_bytes(key.public_pem())
    context = ssl.create_default_context(cafile=tls.ca)
    async with Library(tls) as library:
        config = folder / "bureau.toml"
        config.write_text(BUREAU.format(settings=settings, polls=polls, library=library.url))
        words = ["ib", "--config", config, "--tls-certificate", tls.certificate, "--tls-key", tls.key, "--ca", tls.ca]
        async with (
            sandbox_process(*map(str, words), *options) as origin,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
        ):
            running = RunningBureau(origin, tls, keys, session)
            yield running
            await running.close()


class DasSubject:
    """The prompt Bureau: what is asked for is done before the answer."""

    label = name = "das"
    make = staticmethod(adapter)
    start = staticmethod(bureau)
    bad_settings = (
        ({"basis": "sesame"}, "basis"),
        ({"paths": {"registratons": "/sesame"}}, "paths.registratons"),
        ({"codes": {"-7": "SESAME"}}, "codes.-7"),
        ({"base_url": "sesame"}, "base_url"),
    )
    trials = (PLACE, PLACE_IN_LIBRARY, CORRECT, REPLACE, REPLACE_IN_LIBRARY, WITHDRAW, OBTAIN, ANSWER)


SUBJECT = DasSubject()
