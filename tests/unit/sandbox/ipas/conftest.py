"""One polite installation, called by hand-written XML, so that nothing of ours is tested against itself."""

from datetime import UTC, datetime

import aiohttp
import pytest
from lxml import etree

from sandbox.ipas import config
from sandbox.ipas.server import PATH, Installation, make_app
from sandbox.serving import listen

IPAS = "http://ipas.wipo.int/IpasServices"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

SETTINGS = """\
time_zone = "America/Asuncion"
users = [7]
userdoc_types = ["PRIO"]
taken = ["3/E/2026/50"]

[[log]]
origin = "3"
log = "E"
opened = [2026-01-02]
closed = [2026-01-01]

[[log]]
origin = "3"
log = "M"

[[file]]
id = "XX/P/2026/123"
title = "Folding umbrella"
owner = "Example Inventor"
filed = 2026-01-02
priority = [{ country = "YY", number = "2025001234", date = 2025-01-15 }]

[[file]]
id = "XX/P/2026/124"
filed = 2026-02-01
"""


class Line:
    """A client of one installation: `call` gives the text of each leaf below `return`, or the fault's text."""

    def __init__(self, installation, session, origin):
        self.installation = installation
        self.session = session
        self.origin = origin

    @property
    def record(self):
        return self.installation.record

    async def post(self, body, headers=None):
        headers = {"SOAPAction": '""', "Content-Type": "text/xml; charset=utf-8"} if headers is None else headers
        async with self.session.post(f"{self.origin}{PATH}", data=body, headers=headers) as response:
            return response.status, await response.read()

    async def reply(self, operation, arguments=""):
        return await self.post(envelope(operation, arguments))

    async def call(self, operation, arguments=""):
        """`return` of the response as an element, or None; AssertionError with the text of a fault."""
        status, body = await self.reply(operation, arguments)
        root = etree.fromstring(body)
        assert status == 200, root.findtext(f"{{{SOAP}}}Body/{{{SOAP}}}Fault/faultstring")
        return root.find(f"{{{SOAP}}}Body/{{{IPAS}}}{operation}Response/return")

    async def refusal(self, operation, arguments=""):
        """The text of the declared fault that this call ends in."""
        status, body = await self.reply(operation, arguments)
        root = etree.fromstring(body)
        assert status == 500, body
        fault = root.find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
        text = fault.findtext(f"detail/{{{IPAS}}}IpasException/message")
        assert text is not None and fault.findtext("faultstring") == text, body
        return text


def envelope(operation, arguments="", namespace=IPAS):
    return (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><i:{operation} xmlns:i="{namespace}">{arguments}</i:{operation}>'
        "</s:Body></s:Envelope>"
    ).encode()


def document(place, number, *, origin="3", log="E", series=2026):
    return (
        f"<{place}><docLog>{log}</docLog><docNbr><doubleValue>{number}</doubleValue></docNbr>"
        f"<docOrigin>{origin}</docOrigin><docSeries><doubleValue>{series}</doubleValue></docSeries></{place}>"
    )


def file(place, number="123"):
    return (
        f"<{place}><fileNbr><doubleValue>{number}</doubleValue></fileNbr><fileSeq>XX</fileSeq>"
        f"<fileSeries><doubleValue>2026</doubleValue></fileSeries><fileType>P</fileType></{place}>"
    )


def log(day, *, name="E"):
    return (
        f"<arg0><dailyLogDate><dateValue>{day}T00:00:00-03:00</dateValue></dailyLogDate>"
        f"<docLog>{name}</docLog><docOrigin>3</docOrigin></arg0>"
    )


def received(number, **changes):
    """The arguments of a good UserdocReceive; each can be replaced, or left out by the empty text."""
    parts = {
        "arg0": "<arg0>3</arg0>",
        "arg1": "<arg1>PRIO</arg1>",
        "arg2": file("arg2"),
        "arg3": "<arg3>false</arg3>",
        "arg6": "<arg6><dateValue>2026-01-02T00:00:00-03:00</dateValue></arg6>",
        "arg8": "<arg8><doubleValue>7.0</doubleValue></arg8>",
        "arg9": "<arg9>a note</arg9>",
        "arg12": document("arg12", number),
    } | changes
    return "".join(parts[name] for name in sorted(parts, key=lambda name: int(name[3:])))


@pytest.fixture
async def start_line():
    """Start an installation; settings, manners and the rest as `Installation.start` takes them."""
    started = []

    async def start(settings=SETTINGS, **options):
        now = options.pop("now", lambda: datetime(2026, 1, 2, 15, 0, tzinfo=UTC))
        installation = Installation.start(config.read(settings), now=now, **options)
        runner, origin = await listen(make_app(installation), host="127.0.0.1", port=0, certificate=None, key=None)
        session = aiohttp.ClientSession()
        started.append((runner, session))
        return Line(installation, session, origin)

    yield start
    for runner, session in started:
        await session.close()
        await runner.cleanup()


@pytest.fixture
async def line(start_line):
    return await start_line()


@pytest.fixture
def write():
    """The hand-written pieces of requests, by name."""
    return Pieces


class Pieces:
    envelope = staticmethod(envelope)
    document = staticmethod(document)
    file = staticmethod(file)
    log = staticmethod(log)
    received = staticmethod(received)
