"""The example dialogues of das_examples/ with the DAS adapter as the office: the Bureau's part is read from the file.

An office may ask in another order than the example shows (it renews an upload address after a refusal, not before),
so that a call is answered by the first step of that office that asks the same and has not been used.
"""

import json
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from memory_ports import MemoryKit

from adapters.das import adapter
from gateway.core.document import DocumentKind, ListedDocument, Role
from gateway.core.errand import (
    AnswerErrand,
    Cargo,
    CargoDocument,
    CorrectErrand,
    ObtainErrand,
    PlaceErrand,
    RecheckErrand,
    WithdrawErrand,
)
from gateway.core.exchange import Fact, FactName
from gateway.core.office import Application, OfficeCode, Right
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.release import Condition, Decision, Outcome, decide
from gateway.core.request import Cause, Hosting
from gateway.core.secret import Secret
from gateway.core.transmission import Delivered, Pending
from gateway.ports import Answer

EXAMPLES = Path(__file__).parent / "das_examples"
BASE = "https://das.example/das-api/v1"
CONTENT = b"%PDF-1.7 example of a certified copy"
SHA256 = bytes.fromhex("e4eeef9fea1bdbcc0ea2ebc3006fef303a640cbf562e26952d6503559c7ee375")
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
#: The certificate's bytes are not in the examples, a PDF is all that can be said of them.
CERTIFICATE = b"%PDF-1.4 certificate"


class Dialogue:
    """ports.Http that answers as the example does, to the offices named and to nobody in particular."""

    def __init__(self, name, *callers):
        steps = json.loads((EXAMPLES / f"{name}.json").read_text())["steps"]
        self.left = [step for step in steps if step["caller"] in (*callers, None)]

    async def call(self, method, url, *, headers=None, query=None, body=None, size=None):
        if body is not None and not isinstance(body, bytes):
            body = b"".join([piece async for piece in body])
        return self._answer(method, url, headers, query, body)

    @asynccontextmanager
    async def download(self, url, *, headers=None):
        answer = self._answer("GET", url, headers, None, None)

        async def pieces():
            yield answer.body

        yield Answer(status=answer.status, headers=answer.headers, body=b""), pieces()

    def _answer(self, *asked):
        step = next((step for step in self.left if self._asks(step, *asked)), None)
        assert step is not None, f"the example has no such call: {asked}"
        self.left.remove(step)
        told = step["response"]
        headers = {name.lower(): value for name, value in told.get("headers", {}).items()}
        if "json" in told:
            content = json.dumps(told["json"]).encode()
            return Answer(status=told["status"], headers={"content-type": "application/json", **headers}, body=content)
        is_file = asked[0] == "GET" and told["status"] == 200
        content = told.get("body", CERTIFICATE.decode()).encode() if is_file else b""
        kind = {"content-type": "application/pdf"} if is_file else {}
        return Answer(status=told["status"], headers={**kind, **headers}, body=content)

    def _asks(self, step, method, url, headers, query, body):
        request = step["request"]
        address, _, inline = url.partition("?")
        wanted = request.get("url") or BASE + request["path"]
        query = query or dict(pair.split("=") for pair in inline.split("&") if pair) or None
        if (method, address) != (request["method"], wanted) or ("Authorization" in headers) is (step["caller"] is None):
            return False
        said = {name: value.replace("+", " ").replace("%2F", "/") for name, value in (query or {}).items()}
        if said != request.get("query", {}):
            return False
        if "json" in request:
            return _without_nulls(json.loads(body)) == _without_nulls(request["json"])
        return body is None or request.get("body", "").encode() == body


def _without_nulls(body):
    """What is null may as well be left out; the day of availability in a notification is our own."""
    return {k: v for k, v in body.items() if v is not None and k != "documentAvailabilityDate"}


def _application(number="XC 2026/000123", filed=date(2026, 2, 3)):
    return Application(office=OfficeCode("XC"), right=Right.PATENT, number=number, normal=number, filing_date=filed)


def _cargo(*, hosting=Hosting.OFFICE, application=None, content=CONTENT, **named):
    async def pieces():
        yield content

    listed = ListedDocument(
        content_id="copy", size=len(content), sha256=SHA256, role=Role.CERTIFIED_COPY, media_type="application/pdf"
    )
    cargo = Cargo(
        kind=DocumentKind.PRIORITY_DOCUMENT,
        application=application or _application(),
        documents=(CargoDocument(listed=listed, open=pieces),),
        version=1,
        hosting=hosting,
        access_code=Secret("7QX1"),
        applicant_email=None,
        received_at=NOW,
        **named,
    )
    given = [Decision(condition=c, outcome=Outcome.GIVEN, by="XC", basis="form", decided_at=NOW) for c in Condition]
    return decide(cargo, given, on_hold=False)


def _place(**named):
    return PlaceErrand(exchange_id="2026/000123 certified copy", cargo=_cargo(**named))


def _obtain(code="7QX1", **named):
    return ObtainErrand(
        exchange_id="x",
        kind=DocumentKind.PRIORITY_DOCUMENT,
        application=_application(**named),
        access_code=Secret(code),
        holding_office=None,
        own_number=None,
        own_filing_date=None,
        version=1,
    )


def _recheck(code="7QX1", **named):
    seen = (Fact(name=FactName.AVAILABLE, at=NOW, value="2026-11-22T09:00:00.000Z"),)
    return RecheckErrand(
        exchange_id="x",
        kind=DocumentKind.PRIORITY_DOCUMENT,
        application=_application(**named),
        access_code=Secret(code),
        seen=seen,
    )


async def _deliver(dialogue, errand, **settings):
    das = adapter({"base_url": BASE, "certificate": False, **settings})
    return await das.deliver(errand, MemoryKit(dialogue).kit())


async def _reason(dialogue, errand):
    with pytest.raises((Deferred, Refused)) as failed:
        await _deliver(dialogue, errand)
    assert "7QX1" not in str(failed.value) and "expected" not in str(failed.value)
    return failed.value.reason


def _facts(outcome):
    return {fact.name: fact.value for fact in outcome.facts}


async def test_registered_at_the_bureau():
    dialogue = Dialogue("registered_at_the_bureau", "XC")
    outcome = await _deliver(dialogue, _place(hosting=Hosting.BUREAU), certificate=True)
    assert _facts(outcome) == {
        FactName.REGISTERED: "2026-11-22T09:00:00.000Z",
        FactName.ACKNOWLEDGEMENT: "reg-1",
    }
    assert outcome.documents[0].size == len(CERTIFICATE)
    assert [step["request"]["path"] for step in dialogue.left] == ["/documents/registrations"]


async def test_what_is_listed_is_found_after_a_lost_answer():
    dialogue = Dialogue("registered_at_the_bureau", "XC")
    parts = MemoryKit(dialogue)
    committed = {"file": "f-4711", "uploaded": "accepted", "intent": "2026-11-22T08:59:00.000000Z"}
    await parts.progress.commit(**committed)
    das = adapter({"base_url": BASE, "certificate": False})
    outcome = await das.deliver(_place(hosting=Hosting.BUREAU), parts.kit())
    assert _facts(outcome)[FactName.ACKNOWLEDGEMENT] == "reg-1"


async def test_registered_twice():
    dialogue = Dialogue("registered_twice", "XC")
    assert isinstance(await _deliver(dialogue, _place(hosting=Hosting.BUREAU)), Delivered)
    parts = MemoryKit(dialogue)
    await parts.progress.commit(file="f-4711", uploaded="accepted")
    with pytest.raises(Deferred, match="ALREADY_REGISTERED"):
        await adapter({"base_url": BASE}).deliver(_place(hosting=Hosting.BUREAU), parts.kit())
    assert dialogue.left == []


async def test_upload_renewed():
    dialogue = Dialogue("upload_renewed", "XC")
    with pytest.raises(AssertionError, match=r"no such call.*registrations"):  # the example ends before that
        await _deliver(dialogue, _place(hosting=Hosting.BUREAU))
    assert dialogue.left == []


async def test_upload_rejected():
    dialogue = Dialogue("upload_rejected", "XC")
    errand = _place(hosting=Hosting.BUREAU, content=b"%PDF-1.7 other bytes")
    assert await _reason(dialogue, errand) is Reason.FILE_REJECTED
    assert dialogue.left == []


async def test_corrected_and_withdrawn():
    dialogue = Dialogue("corrected_and_withdrawn", "XC", "XB")
    await _deliver(dialogue, _place())
    corrected = _application(filed=date(2026, 2, 2))
    correction = CorrectErrand(
        exchange_id="x", cargo=_cargo(application=corrected), former_filing_date=date(2026, 2, 3)
    )
    assert _facts(await _deliver(dialogue, correction))[FactName.ACKNOWLEDGEMENT] == "cor-1"
    assert await _deliver(dialogue, _recheck()) == Delivered(changed=True)
    # The cause is free text: the example writes it otherwise than our table does.
    for step in dialogue.left:
        if "statusMessage" in step["request"].get("json", {}):
            step["request"]["json"]["statusMessage"] = "authorisation-rescinded"
    withdrawal = WithdrawErrand(
        exchange_id="x",
        kind=DocumentKind.PRIORITY_DOCUMENT,
        application=corrected,
        cause=Cause.AUTHORISATION_RESCINDED,
    )
    assert _facts(await _deliver(dialogue, withdrawal)) == {FactName.ACKNOWLEDGEMENT: "wit-1"}
    assert await _deliver(dialogue, _recheck()) == Delivered(changed=True)
    assert dialogue.left == []


async def test_held_copy_is_registered_for_the_file_in_which_it_lies():
    dialogue = Dialogue("held_copy", "XC")
    application = _application(number="XA 2026000001", filed=date(2026, 1, 15))
    cargo = {"own_number": "XC 2026/000200", "own_filing_date": date(2026, 6, 1)}
    object.__setattr__(application, "office", OfficeCode("XA"))
    assert isinstance(await _deliver(dialogue, _place(application=application, **cargo)), Delivered)
    assert dialogue.left == []


async def test_retrieved_by_polling():
    dialogue = Dialogue("retrieved_by_polling", "XB")
    outcome = await _deliver(dialogue, _obtain(), delete_after_download=True)
    assert _facts(outcome)[FactName.DIGEST_COMPARED] == SHA256.hex()
    assert outcome.documents[0].sha256 == SHA256
    # What is left is the upload, which is another office's, and the proof that the file is gone.
    assert [step["request"]["method"] for step in dialogue.left] == ["PUT", "GET"]


async def test_retrieval_refused():
    errand = _obtain("0000", filed=date(2026, 2, 4))
    assert await _reason(Dialogue("retrieval_refused", "XB"), errand) is Reason.ACCESS_CODE_MISMATCH


async def test_library_refuses():
    dialogue = Dialogue("library_refuses", "XC", "XB")
    answer = AnswerErrand(exchange_id="x", acknowledgement_id="off-1", cargo=None, reason=Reason.ACCESS_CODE_MISMATCH)
    assert await _deliver(dialogue, answer) == Delivered()
    assert await _reason(dialogue, _obtain()) is Reason.ACCESS_CODE_MISMATCH


async def test_retrieved_from_the_library():
    dialogue = Dialogue("retrieved_from_the_library", "XC", "XB")
    parts = MemoryKit(dialogue)
    das = adapter({"base_url": BASE})
    assert isinstance(await das.deliver(_obtain(), parts.kit()), Pending)
    answer = AnswerErrand(exchange_id="x", acknowledgement_id="off-1", cargo=_cargo(), reason=None)
    assert await _deliver(dialogue, answer) == Delivered()
    with pytest.raises(AssertionError, match=r"no such call.*url-downloads"):  # the example takes the status's own URL
        await das.deliver(_obtain(), parts.kit())


@pytest.mark.parametrize(
    ("errand", "reason"),
    [
        (_obtain(number="XC 2026/000124"), Reason.NOT_REGISTERED),
        (_obtain(filed=date(2026, 2, 4)), Reason.DATE_MISMATCH),
        (_obtain("0000"), Reason.ACCESS_CODE_MISMATCH),
        (_obtain("0000", filed=date(2026, 2, 4)), Reason.ACCESS_CODE_MISMATCH),
    ],
)
async def test_availability(errand, reason):
    das = adapter({"base_url": BASE, "check_before_retrieval": True})
    with pytest.raises((Deferred, Refused)) as failed:
        await das.deliver(errand, MemoryKit(Dialogue("availability", "XB")).kit())
    assert failed.value.reason is reason


async def test_available_still():
    assert isinstance(await _deliver(Dialogue("availability", "XB"), _recheck()), Pending)


def test_every_example_is_replayed():
    names = {file.stem for file in EXAMPLES.glob("*.json")}
    replayed = {
        word.removeprefix("test_").removesuffix("_is_registered_for_the_file_in_which_it_lies") for word in globals()
    }
    assert names <= replayed
