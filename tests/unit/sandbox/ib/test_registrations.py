"""Registrations: what is refused at once, what the status tells, what can be found again."""

import pytest

from sandbox.ib.config import Delay, Timings


async def test_a_registered_document_is_available_and_its_code_is_mailed(scene):
    status, ack, headers = await scene.xa.register(fileId=await scene.xa.upload())
    assert status == 201
    assert headers["Location"].endswith(f"/das-api/v1/requests/registrations?requestAckId={ack}")
    _, answer, _ = await scene.xa.call("GET", headers["Location"])
    assert answer == {
        "requestStatusCategory": "success",
        "errorCode": None,
        "statusMessage": None,
        "documentAvailabilityDate": "2026-11-22T09:00:00.000Z",
    }
    code = await scene.code_of()
    assert len(code) == 4 and set(code) <= set("0123456789ABCDEF")
    assert scene.done("registered") == 1


async def test_a_registration_is_pending_as_configured(start):
    scene = await start(timings=Timings(registration_processing=Delay(polls=1)))
    _, ack, _ = await scene.xa.register(fileId=await scene.xa.upload())
    seen = [(await scene.xa.request_status(ack))["requestStatusCategory"] for _ in range(3)]
    assert seen == ["pending", "success", "success"]
    assert scene.done("registered") == 1


async def test_seconds_delay_without_polls(start):
    scene = await start(timings=Timings(registration_processing=Delay(seconds=900)))
    _, ack, _ = await scene.xa.register(fileId=await scene.xa.upload())
    await scene.settled()
    assert scene.clock.slept == [900]
    assert (await scene.xa.request_status(ack))["requestStatusCategory"] == "success"


@pytest.mark.parametrize(
    "change",
    [
        {"operationCategory": "retrieval"},
        {"operationCategory": ...},
        {"documentKindCategory": "Patent"},
        {"documentNumber": ""},
        {"documentNumber": " XA 2026000001"},
        {"documentNumber": "XA 2026\n000001"},
        {"documentDate": "15.01.2026"},
        {"documentDate": "2026-02-30"},
        {"documentDate": "2026-11-23"},
        {"documentDate": ...},
        {"dasAccessCode": "ABCD"},
        {"email": None},
        {"email": "nobody"},
        {"applicationCategory": "search report"},
        {"applicationNumber": "XA 2026000002"},
        {"applicationNumber": "XA 2026000002", "applicationFilingDate": "2025-12-31"},
        {"unknownMember": None},
    ],
    ids=str,
)
async def test_a_body_that_cannot_be_right_is_refused_at_once(scene, change):
    status, answer, _ = await scene.xa.register(**change)
    assert (status, answer["code"]) == (400, "INVALID_INPUT_DATA")
    assert scene.done("refusal") == 1


async def test_offices_that_make_codes_give_them(scene):
    number = {"documentNumber": "XC 1", "email": None}
    status, answer, _ = await scene.xc.register(**number)
    assert (status, answer["code"]) == (400, "INVALID_INPUT_DATA")
    assert (await scene.xc.register(dasAccessCode="12-4", **number))[0] == 400
    _, ack, _ = await scene.xc.register(dasAccessCode="7QX1", **number)
    assert (await scene.xc.request_status(ack))["requestStatusCategory"] == "success"
    assert await scene.sandbox("mailbox") == []


async def test_not_json_is_refused(scene):
    headers = {"Content-Type": "text/plain"}
    status, _, _ = await scene.xa.call("POST", "/requests/registrations", {}, headers=headers)
    assert status == 415
    headers = {"Authorization": f"Bearer {scene.xa.bearer}", "Content-Type": "application/json"}
    url = f"{scene.origin}/das-api/v1/requests/registrations"
    for body, expected in ((b"{", 400), (b"\xff\xfe{}", 400), (b"[]", 400), (b'"' + b"x" * 70_000 + b'"', 413)):
        async with scene.xa.session.post(url, data=body, headers=headers) as answer:
            assert answer.status == expected
            assert set(await answer.json()) == {"code", "message", "details"}


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"documentNumber": "XA 20260001"}, -21),
        ({"documentNumber": "XB 2026000001"}, -21),
        ({"documentKindCategory": "trademark"}, -22),
        ({"fileId": "unknown"}, -23),
        ({}, -24),
    ],
    ids=["number format", "another office's number", "kind", "no such file", "no library agreed"],
)
async def test_what_the_agreement_forbids_ends_in_the_status(scene, change, number):
    file = {"fileId": await scene.xa.upload()} if change and "fileId" not in change else {}
    _, ack, _ = await scene.xa.register(**(file | change))
    answer = await scene.xa.request_status(ack)
    assert (answer["requestStatusCategory"], answer["errorCode"]) == ("error", number)
    assert scene.done("registered") == 0


async def test_a_file_must_be_accepted_own_and_unused(scene):
    unfinished, _ = await scene.xa.announce()
    rejected = await scene.xa.upload(checksum="0" * 64)
    foreign = await scene.xc.upload()
    used = await scene.xa.upload()
    await scene.xa.register(fileId=used)
    for file_id in (unfinished, rejected, foreign, used):
        _, ack, _ = await scene.xa.register(documentNumber="XA 2026000002", fileId=file_id)
        assert (await scene.xa.request_status(ack))["errorCode"] == -23


async def test_the_same_document_is_registered_once(scene):
    await scene.deposited()
    _, ack, _ = await scene.xa.register(fileId=await scene.xa.upload())
    assert (await scene.xa.request_status(ack))["errorCode"] == -20
    # The same number may stand for another kind.
    _, ack, _ = await scene.xa.register(documentKindCategory="design", fileId=await scene.xa.upload())
    assert (await scene.xa.request_status(ack))["errorCode"] is None
    assert scene.done("registered") == 2


async def test_one_finds_ones_own_registrations_without_codes(scene):
    code = await scene.deposited()
    query = {"documentNumber": "XA 2026000001", "documentKindCategory": "patent"}
    status, answer, _ = await scene.xa.call("GET", "/documents/registrations", query=query)
    (row,) = answer["documentRegistrationBag"]
    assert status == 200 and code not in str(answer)
    assert set(row) == {
        "documentKindCategory",
        "documentNumber",
        "documentDate",
        "requestAckId",
        "documentAvailabilityDate",
        "fileChecksum",
    }
    assert len(row["fileChecksum"]) == 64
    for caller, changed in ((scene.xc, {}), (scene.xa, {"documentKindCategory": "design"})):
        _, answer, _ = await caller.call("GET", "/documents/registrations", query=query | changed)
        assert answer == {"documentRegistrationBag": []}


async def test_a_document_in_the_offices_library_has_no_checksum_here(scene):
    await scene.xc.register(documentNumber="XC 1", dasAccessCode="7QX1", email=None)
    _, answer, _ = await scene.xc.call("GET", "/documents/registrations", query={"documentNumber": "XC 1"})
    assert answer["documentRegistrationBag"][0]["fileChecksum"] is None


async def test_requests_of_others_and_odd_queries_are_refused(scene):
    _, ack, _ = await scene.xa.register()
    path = "/requests/registrations"
    assert (await scene.xc.call("GET", path, query={"requestAckId": ack}))[0] == 404
    for query in ({}, {"requestAckId": ""}, {"requestAckId": ack, "x": "y"}, [("requestAckId", ack)] * 2):
        assert (await scene.xa.call("GET", path, query=query))[0] == 400


async def test_the_availability_check_answers_any_office(scene):
    code = await scene.deposited()
    query = {
        "documentNumber": "XA 2026000001",
        "documentKindCategory": "patent",
        "dasAccessCode": code,
        "documentDate": "2026-01-15",
    }
    path = "/documents/registrations/statuses"
    status, answer, _ = await scene.callers["XD"].call("GET", path, query=query)
    assert (status, answer["requestStatusCategory"]) == (200, "success")
    wrong = query | {"dasAccessCode": "none", "documentDate": "2026-01-16"}
    status, answer, _ = await scene.callers["XD"].call("GET", path, query=wrong)
    assert (status, answer["code"]) == (400, "INVALID_INPUT_DATA")
    # The trap of the real service: expected values in clear.
    texts = {detail["code"]: detail["message"] for detail in answer["details"]}
    assert set(texts) == {-12, -14}
    assert "2026-01-15" in texts[-12] and code in texts[-14]
    for other in ({"documentKindCategory": "design"}, {"documentNumber": "XA 2026000009"}):
        _, answer, _ = await scene.xb.call("GET", path, query=query | other)
        assert [detail["code"] for detail in answer["details"]] == [-7]
    for other in ({"documentDate": "20260115"}, {"documentDate": "2026-02-30"}):
        assert (await scene.xb.call("GET", path, query=query | other))[1]["details"] == []
    effects = await scene.sandbox("record?kind=refusal")
    assert code not in str(effects)


async def test_the_old_error_wrapper_on_demand(start):
    scene = await start(old_error_wrapper=True)
    status, answer, _ = await scene.xa.call("GET", "/requests/registrations")
    assert (status, set(answer), answer["error"]["code"]) == (400, {"error"}, "INVALID_INPUT_DATA")


async def test_unknown_paths_and_methods_have_das_bodies(scene):
    assert (await scene.xa.call("GET", "/requests/nothing"))[:2] == (
        404,
        {"code": "NOT_FOUND", "message": "Not Found", "details": []},
    )
    status, answer, _ = await scene.xa.call("PATCH", "/requests/registrations", {})
    assert (status, answer["code"]) == (405, "METHOD_NOT_ALLOWED")
