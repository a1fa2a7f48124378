"""Each call that changes something, and what it leaves behind."""

import pytest
from rehearsed_door import PDF, call, decisions_body, deposited, header, listed
from rehearsed_rest import put_notice, send_form


async def test_decisions_release_a_document(door):
    exchange = await deposited(door)
    status, _, body = await call(door, "POST", f"/api/v1/exchanges/{exchange}/release", decisions_body())
    assert (status, body["exchangeId"]) == (200, exchange)
    assert len(door.line.journal.decisions[exchange]) == 4


async def test_a_correction_makes_a_version(door):
    exchange = await deposited(door)
    body = {"header": header("m-2"), "filingDate": "2026-10-02", "explanation": "typing error"}
    status, _, _ = await call(door, "POST", f"/api/v1/exchanges/{exchange}/correction", body)
    assert status == 200
    changed = door.line.journal.exchanges[exchange]
    assert (changed.version, changed.application.filing_date.isoformat()) == (2, "2026-10-02")


async def test_a_replacement_brings_its_document_as_a_part(door):
    exchange = await deposited(door)
    newer = PDF + b" page 2"
    body = {"header": header("m-2"), "explanation": "page missing", "documents": [listed(content=newer)]}
    status, answer = await send_form(door, body, {"copy": newer}, path=f"/api/v1/exchanges/{exchange}/replacement")
    assert status == 200, answer
    assert [document.version for document in door.line.journal.documents[exchange]] == [1, 2]


async def test_a_withdrawal_has_its_cause(door):
    exchange = await deposited(door)
    body = {"header": header("m-2"), "cause": "registered-in-error"}
    status, _, answer = await call(door, "POST", f"/api/v1/exchanges/{exchange}/withdrawal", body)
    assert (status, answer["state"]) == (200, "withdrawn")


RETRIEVAL = {
    "header": header("m-2"),
    "application": {"officeCode": "XB", "right": "patent", "number": "2026/000777", "filingDate": "2026-09-01"},
    "accessCode": "8B0D",
}


async def test_a_retrieval_begins_an_exchange(door):
    status, headers, answer = await call(door, "POST", "/api/v1/retrievals", RETRIEVAL)
    assert (status, answer["state"]) == (201, "requested")
    assert headers["Location"].endswith(answer["exchangeId"])
    assert "8B0D" not in str(answer) + str(headers)


async def test_a_confirmed_notification_does_not_come_again(door):
    exchange = await deposited(door)
    notice = put_notice(door, exchange)
    _, _, waiting = await call(door, "GET", "/api/v1/notifications")
    assert [each["notificationId"] for each in waiting["notifications"]] == [notice]
    status, _, _ = await call(
        door, "POST", f"/api/v1/notifications/{notice}/confirmation", {"header": header("m-2")}, proof=None
    )
    assert status == 200
    _, _, waiting = await call(door, "GET", "/api/v1/notifications")
    assert waiting["notifications"] == []


async def test_a_hold_is_set_and_lifted(door):
    exchange = await deposited(door)
    path, why = f"/api/v1/exchanges/{exchange}/hold", {"explanation": "asked by the applicant"}
    status, _, _ = await call(door, "POST", path, {"header": header("m-2"), **why})
    assert (status, door.line.journal.exchanges[exchange].on_hold) == (200, True)
    status, _, _ = await call(door, "DELETE", path, {"header": header("m-3"), **why})
    assert (status, door.line.journal.exchanges[exchange].on_hold) == (200, False)


async def test_the_whole_office_is_stopped_and_goes_on(door):
    for method, step in (("POST", "stopped"), ("DELETE", "resumed")):
        body = {"header": header(f"m-{method}"), "explanation": "drill"}
        status, _, answer = await call(door, method, "/api/v1/hold", body)
        assert (status, "exchangeId" in answer) == (200, False)
        assert door.line.journal.steps()[-1] == step


async def test_what_did_not_arrive_is_tried_again(door):
    exchange = await deposited(door)
    await call(door, "POST", f"/api/v1/exchanges/{exchange}/release", decisions_body())
    status, _, _ = await call(door, "POST", f"/api/v1/exchanges/{exchange}/resend", {"header": header("m-9")})
    assert status == 200
    assert door.line.journal.steps()[-1] == "resent"


async def test_a_resend_names_the_own_application(door):
    line, body = door.line, {"header": header("m-9"), "ownApplication": {"number": "B/7", "filingDate": "2026-09-01"}}
    status, _, answer = await call(door, "POST", "/api/v1/retrievals", RETRIEVAL)
    assert status == 201
    exchange = answer["exchangeId"]
    status, _, _ = await call(door, "POST", f"/api/v1/exchanges/{exchange}/resend", body)
    terms = line.journal.exchanges[exchange].terms
    assert (status, terms["own_number"], terms["own_filing_date"]) == (200, "B/7", "2026-09-01")


@pytest.mark.parametrize("path", ["release", "correction", "withdrawal", "hold", "resend"])
@pytest.mark.parametrize("exchange", ["00000000-0000-7000-8000-000000000000", "no-id", "%00"])
async def test_an_exchange_that_is_not_there_is_refused(door, path, exchange):
    bodies = {
        "release": decisions_body(),
        "correction": {"header": header("m"), "filingDate": "2026-10-02", "explanation": "x"},
        "withdrawal": {"header": header("m"), "cause": "registered-in-error"},
        "hold": {"header": header("m"), "explanation": "x"},
        "resend": {"header": header("m")},
    }
    status, _, body = await call(door, "POST", f"/api/v1/exchanges/{exchange}/{path}", bodies[path])
    assert (status, body["code"]) == (404, "4002")


async def test_another_office_learns_nothing_of_an_exchange(door):
    exchange = await deposited(door)
    body = {"header": header("m", sender="XC"), "cause": "registered-in-error"}
    status, _, answer = await call(
        door, "POST", f"/api/v1/exchanges/{exchange}/withdrawal", body, token="XC/exchange", proof="XC"
    )
    assert (status, answer["code"]) == (404, "4002")
    assert door.line.journal.exchanges[exchange].state.value == "held"
