"""One call: what comes back is read by status, kind and content, and is a value, a fault or a Reason."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from memory_ports import MemoryKit

from adapters.ipas.codes import Faulted, Meaning
from adapters.ipas.content import Content
from adapters.ipas.line import Line
from adapters.ipas.operations import Operation
from gateway.core.reason import Deferred, Reason, Refused
from gateway.ports import Answer

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
IPAS = "http://ipas.wipo.int/IpasServices"
READ, RECEIVE = Operation.USERDOC_READ, Operation.USERDOC_RECEIVE


def envelope(content):
    return f'<S:Envelope xmlns:S="{SOAP}" xmlns:n="{IPAS}"><S:Body>{content}</S:Body></S:Envelope>'.encode()


def fault(text, *, declared=True, code="Server"):
    detail = f"<detail><n:IpasException><message>{text}</message></n:IpasException></detail>" if declared else ""
    return envelope(f"<S:Fault><faultcode>S:{code}</faultcode><faultstring>{text}</faultstring>{detail}</S:Fault>")


class OneAnswer:
    """HTTP that gives one answer and keeps what was sent."""

    def __init__(self, status, body, **headers):
        kind = {"content-type": "text/xml; charset=utf-8"}
        self.answer = Answer(status=status, headers=kind | headers, body=body)
        self.sent = None

    async def call(self, method, url, *, headers=None, query=None, body=None, size=None):
        content = body if isinstance(body, bytes) else b"".join([piece async for piece in body])
        self.sent = (method, url, headers, content, size)
        return self.answer

    @asynccontextmanager
    async def download(self, url, *, headers=None, body=None):
        whole = await self.call("POST", url, headers=headers, body=body)
        yield replace(whole, body=b""), self._pieces(whole.body)

    async def _pieces(self, content):
        for start in range(0, len(content), 5):
            yield content[start : start + 5]


def line(http):
    return Line(kit=MemoryKit(http).kit(), url="https://ipas.invalid/x", rows=(), largest_file=1000)


async def turned_away(http, operation=READ):
    arguments = {"arg3": False} if operation is RECEIVE else {}
    with pytest.raises((Faulted, Refused, Deferred)) as away:
        await line(http).call(operation, arguments)
    return away.value


async def test_a_request_is_posted_with_the_contracts_headers():
    http = OneAnswer(200, envelope("<n:UserdocReadResponse/>"))
    assert await line(http).call(READ, {}) is None
    method, url, headers, content, _ = http.sent
    assert (method, url, headers["SOAPAction"]) == ("POST", "https://ipas.invalid/x", '""')
    assert b"<ns0:UserdocRead " in content


async def test_a_fault_counts_whatever_its_status():
    for status in (200, 500):
        found = await turned_away(OneAnswer(status, fault("The document does not exist")))
        assert (found.operation, found.meaning) == (READ, Meaning.ABSENT)


@pytest.mark.parametrize(
    ("operation", "answer", "kind", "reason"),
    [
        (RECEIVE, fault("x", declared=False), Deferred, Reason.REMOTE_OUTCOME_UNKNOWN),
        (READ, fault("x", declared=False), Refused, Reason.REMOTE_UNKNOWN_ERROR),
        (READ, fault("deadlock", declared=False), Deferred, Reason.REMOTE_BUSY),
        (RECEIVE, fault("x", declared=False, code="Client"), Refused, Reason.REMOTE_UNKNOWN_ERROR),
        (RECEIVE, envelope("<n:UserdocReceiveResponse/>"), Deferred, Reason.REMOTE_MALFORMED),
        (RECEIVE, b"not xml", Deferred, Reason.REMOTE_MALFORMED),
        (RECEIVE, b"<!DOCTYPE x><x/>", Deferred, Reason.REMOTE_MALFORMED),
    ],
)
async def test_what_is_no_declared_fault_is_told_apart(operation, answer, kind, reason):
    away = await turned_away(OneAnswer(500, answer), operation)
    assert (type(away), away.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (401, Refused, Reason.REMOTE_UNAUTHORIZED),
        (403, Refused, Reason.REMOTE_UNAUTHORIZED),
        (404, Refused, Reason.REMOTE_UNKNOWN_ERROR),
        (413, Refused, Reason.FILE_REJECTED),
        (429, Deferred, Reason.REMOTE_BUSY),
        (500, Deferred, Reason.REMOTE_OUTCOME_UNKNOWN),
        (502, Deferred, Reason.REMOTE_OUTCOME_UNKNOWN),
        (503, Deferred, Reason.REMOTE_BUSY),
        (504, Deferred, Reason.REMOTE_OUTCOME_UNKNOWN),
        (200, Deferred, Reason.REMOTE_MALFORMED),
        (302, Refused, Reason.REMOTE_UNKNOWN_ERROR),
    ],
)
async def test_an_answer_that_is_no_soap_is_judged_by_its_status(status, kind, reason):
    away = await turned_away(OneAnswer(status, b"<html>hunter2</html>", **{"content-type": "text/html"}))
    assert (type(away), away.reason) == (kind, reason)
    assert "hunter2" not in str(away)


async def test_a_named_delay_is_passed_on():
    away = await turned_away(OneAnswer(503, b"", **{"content-type": "text/plain", "retry-after": "120"}))
    assert away.delay == timedelta(minutes=2)


async def test_a_document_is_sent_with_its_length_and_kind():
    response = "<n:OutputFieldWriteDocumentResponse><return>true</return></n:OutputFieldWriteDocumentResponse>"
    http = OneAnswer(200, envelope(response))

    async def chunks():
        yield b"\x00\x01"
        yield b"\x02\x03"

    assert await line(http).write_file("/srv/a.pdf", "pdf", 4, chunks()) is True
    _, _, _, content, size = http.sent
    assert b"<content>AAECAw==</content><contentType>pdf</contentType></arg0><arg1>/srv/a.pdf</arg1>" in content
    assert size == len(content)


async def test_a_file_is_read_back_as_its_digest():
    response = "<n:OutputFieldReadDocumentResponse>{}</n:OutputFieldReadDocumentResponse>"
    content = "<return><content>AAEC</content><contentType>pdf</contentType></return>"
    found = await line(OneAnswer(200, envelope(response.format(content)))).read_back("/srv/a.pdf")
    assert isinstance(found, Content) and found.size == 3
    assert await line(OneAnswer(200, envelope(response.format("<return/>")))).read_back("/srv/a.pdf") is None
    assert await line(OneAnswer(200, envelope(response.format("")))).read_back("/srv/a.pdf") is None


async def test_content_that_hides_markup_is_malformed():
    hidden = "<return><content>AAEC<b/>AAEC</content></return>"
    response = f"<n:OutputFieldReadDocumentResponse>{hidden}</n:OutputFieldReadDocumentResponse>"
    with pytest.raises(Deferred) as malformed:
        await line(OneAnswer(200, envelope(response))).read_back("/srv/a.pdf")
    assert malformed.value.reason is Reason.REMOTE_MALFORMED


async def test_a_file_that_is_larger_than_any_we_write_is_not_read_to_its_end():
    content = f"<return><content>{'AAEC' * 400}</content></return>"
    response = f"<n:OutputFieldReadDocumentResponse>{content}</n:OutputFieldReadDocumentResponse>"
    with pytest.raises(Deferred) as malformed:
        await line(OneAnswer(200, envelope(response))).read_back("/srv/a.pdf")
    assert malformed.value.place == "size of the content"


async def test_a_page_in_the_place_of_a_file_is_judged_by_its_status():
    http = OneAnswer(502, b"<html>" * 20_000, **{"content-type": "text/html"})
    with pytest.raises(Deferred) as away:
        await line(http).read_back("/srv/a.pdf")
    assert away.value.reason is Reason.REMOTE_OUTCOME_UNKNOWN


async def test_every_call_is_counted_by_operation_and_outcome():
    kit = MemoryKit(OneAnswer(200, envelope("<n:UserdocReadResponse/>")))
    await Line(kit=kit.kit(), url="https://ipas.invalid/x", rows=(), largest_file=1000).call(READ, {})
    kit.http = OneAnswer(500, fault("The document does not exist"))
    with pytest.raises(Faulted):
        await Line(kit=kit.kit(), url="https://ipas.invalid/x", rows=(), largest_file=1000).call(READ, {})
    kit.http = OneAnswer(503, b"", **{"content-type": "text/html"})
    with pytest.raises(Deferred):
        await Line(kit=kit.kit(), url="https://ipas.invalid/x", rows=(), largest_file=1000).call(READ, {})
    assert [outcome for _, _, outcome in kit.meter.calls] == ["answered", "absent", "remote_busy"]
