"""adapters/das/adapter.py: the shell, with the kit's parts in memory."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from adapters.das import adapter
from gateway.core.errand import HandOverErrand
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.request import Hosting
from gateway.core.transmission import Delivered, Pending
from gateway.ports import Answer

BASE = "https://das.example/das-api/v1"


class ScriptedHttp:
    """ports.Http: answers in turn, and what was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def _next(self, *asked):
        self.asked.append(asked)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def call(self, method, url, *, headers=None, query=None, body=None, size=None):
        if body is not None and not isinstance(body, bytes):
            body = b"".join([piece async for piece in body])
        return self._next(method, url, dict(headers), query, body, size)

    @asynccontextmanager
    async def download(self, url, *, headers=None):
        answer = self._next("GET", url, dict(headers), None, None, None)

        async def pieces():
            yield answer.body

        yield replace(answer, body=b""), pieces()


@pytest.fixture
def das():
    return adapter({"base_url": BASE})


@pytest.fixture
def scripted(memory_kit):
    def scripted(*answers):
        return memory_kit(ScriptedHttp(*answers))

    return scripted


PDF = Answer(status=200, headers={"content-type": "application/pdf"}, body=b"%PDF-1.7 certificate")


async def test_calls_carry_the_token_and_uploads_do_not(das, scripted, errands, says):
    parts = scripted(
        says(fileId="f-1", fileUploadUrl="https://storage.example/k-1?sig=x%2By"),
        Answer(status=200, headers={}, body=b""),
        says(fileStatusCategory="processing"),
    )
    assert isinstance(await das.deliver(errands.place(), parts.kit()), Pending)
    announced, upload, status = parts.http.asked
    assert announced[:2] == ("POST", f"{BASE}/requests/files/url-uploads")
    assert announced[2]["Authorization"] == status[2]["Authorization"] == "Bearer bearer-0"
    assert announced[2]["Content-Type"] == "application/json"
    assert upload == (
        "PUT",
        "https://storage.example/k-1?sig=x%2By",
        {"Content-Type": "application/pdf"},
        None,
        b"%PDF-1.7 example of a certified copy",
        36,
    )
    assert status[3] == {"fileId": "f-1"}


async def test_a_token_that_is_not_taken_is_forgotten_and_the_call_made_once_more(das, scripted, errands, says):
    refused = Answer(status=401, headers={}, body=b"")
    parts = scripted(refused, says(requestAckId="osf-1"), says(documentRetrievalResponseBag=[]))
    assert isinstance(await das.deliver(errands.obtain(), parts.kit()), Pending)
    assert [asked[2]["Authorization"] for asked in parts.http.asked[:2]] == ["Bearer bearer-0", "Bearer bearer-1"]
    parts = scripted(refused, refused)
    with pytest.raises(Deferred) as deferred:
        await das.deliver(errands.obtain(), parts.kit())
    assert deferred.value.reason is Reason.REMOTE_UNAUTHORIZED
    assert parts.tokens.forgotten == 1


async def test_a_certificate_is_fetched_with_token_and_query(das, scripted, errands, says):
    success = says(requestStatusCategory="success")
    refused = Answer(status=401, headers={}, body=b"")
    parts = scripted(says(requestAckId="reg-1"), success, refused, PDF)
    outcome = await das.deliver(errands.place(hosting=Hosting.OFFICE), parts.kit())
    assert isinstance(outcome, Delivered)
    assert [document.name for document in outcome.documents] == ["registration-certificate.pdf"]
    _, url, headers, *_ = parts.http.asked[-1]
    assert url.startswith(f"{BASE}/requests/registrations/certificates?documentNumber=XC+2026%2F000123&")
    assert "dasAccessCode=7QX1" in url
    assert (headers["Authorization"], headers["Content-Type"]) == ("Bearer bearer-1", "application/pdf")


async def test_a_download_goes_without_token(das, scripted, errands, says):
    item = {"requestAckId": "osf-1", "requestStatusCategory": "success"}
    parts = scripted(
        says(requestAckId="osf-1"),
        says(documentRetrievalResponseBag=[item]),
        says(fileDownloadUrl="https://storage.example/k-9"),
        PDF,
    )
    outcome = await das.deliver(errands.obtain(), parts.kit())
    assert outcome.documents[0].size == 20
    assert "Authorization" not in parts.http.asked[-1][2]


@pytest.mark.parametrize("url", ["http://das.example/k-1", "ftp://das.example/k", "k-1", "//das.example"])
async def test_an_address_without_tls_is_not_called(das, scripted, errands, says, url):
    parts = scripted(says(fileId="f-1", fileUploadUrl=url))
    with pytest.raises(Deferred) as deferred:
        await das.deliver(errands.place(), parts.kit())
    assert deferred.value.reason is Reason.REMOTE_MALFORMED
    assert len(parts.http.asked) == 1


async def test_calls_are_measured_and_logged_by_our_own_words(das, scripted, errands, refuses):
    parts = scripted(refuses(-14))
    with pytest.raises(Refused):
        await das.deliver(errands.obtain(), parts.kit())
    parts.http.answers = [Deferred(Reason.REMOTE_UNREACHABLE)]
    with pytest.raises(Deferred):
        await das.deliver(errands.obtain(), parts.kit())
    assert parts.meter.calls == [("IB", "retrieve", "400"), ("IB", "retrieve", "remote_unreachable")]
    assert parts.log.lines == [
        "counterpart called operation=retrieve outcome=400",
        "counterpart called operation=retrieve outcome=remote_unreachable",
    ]


async def test_progress_is_committed_through_the_port(das, scripted, errands, says):
    parts = scripted(says(requestAckId="reg-1"), says(requestStatusCategory="pending"))
    await das.deliver(errands.place(hosting=Hosting.OFFICE), parts.kit())
    assert parts.progress.known["acknowledgement"] == "reg-1"
    assert [set(values) for values in parts.progress.history] == [{"intent"}, {"acknowledgement", "status_address"}]


async def test_a_lost_lease_ends_the_attempt_before_the_write(das, scripted, errands):
    parts = scripted()
    parts.progress.lost = True
    with pytest.raises(Deferred, match="LEASE_LOST"):
        await das.deliver(errands.place(hosting=Hosting.OFFICE), parts.kit())
    assert parts.http.asked == []


async def test_das_is_nobodys_own_system(das, scripted, errands):
    with pytest.raises(Refused):
        await das.deliver(HandOverErrand(exchange_id="x", cargo=errands.cargo()), scripted().kit())


async def test_a_probe_gives_one_line(das, scripted, says):
    parts = scripted(says(documentRetrievalResponseBag=[]))
    assert await das.probe(parts.kit()) == "answers and takes our token"


def test_the_composition_root_learns_where_tokens_are_taken(das):
    assert (das.name, das.token_url) == ("das", "https://das.example/am/oauth2/access_token")
    assert das.token_scope == "das-api/office-exchange"
