"""Retrievals of documents held by the Bureau: compared, served, repeated, deleted."""

import hashlib

import pytest

from sandbox.ib.config import Delay, Timings


async def test_the_bytes_that_were_deposited_are_the_bytes_served(scene, pdf):
    code = await scene.deposited()
    status, ack = await scene.xb.retrieve(code)
    assert status == 201
    row = await scene.xb.retrieval(ack)
    assert (await scene.xb.fetch(row.pop("fileDownloadUrl"))) == (200, pdf)
    assert row == {
        "requestAckId": ack,
        "operationCategory": "retrieval",
        "documentKindCategory": "patent",
        "documentNumber": "XA 2026000001",
        "documentDate": "2026-01-15",
        "requestStatusCategory": "success",
        "errorCode": None,
        "statusMessage": None,
        "documentAvailabilityDate": "2026-11-22T09:00:00.000Z",
        "fileChecksum": hashlib.sha256(pdf).hexdigest(),
        "original": None,
    }
    assert (await scene.sandbox("documents"))[0]["fetchedBy"] == ["XB"]


@pytest.mark.parametrize(
    ("change", "numbers"),
    [
        ({"documentNumber": "XA 2026000002"}, [-7]),
        ({"documentKindCategory": "design"}, [-7]),
        ({"documentDate": "2026-01-16"}, [-12]),
        ({"dasAccessCode": "zzzz"}, [-14]),
        ({"documentDate": "2026-01-16", "dasAccessCode": "zzzz"}, [-12, -14]),
        ({"holdingOfficeCode": "XC"}, [-7]),
    ],
    ids=["number", "kind", "date", "code", "date and code", "holder"],
)
async def test_wrong_values_are_told_at_once(scene, change, numbers):
    code = await scene.deposited()
    status, answer = await scene.xb.retrieve(code, **change)
    assert (status, answer["code"]) == (400, "INVALID_INPUT_DATA")
    assert [detail["code"] for detail in answer["details"]] == numbers
    assert (code in str(answer)) is (-14 in numbers)
    assert scene.done("retrieval-requested") == 0


async def test_wrong_values_are_told_by_the_status_on_demand(start):
    scene = await start(check_retrievals="by-status")
    code = await scene.deposited()
    status, ack = await scene.xb.retrieve("zzzz", documentDate="2026-01-16")
    assert status == 201
    assert await scene.xb.listed() == [ack]
    row = await scene.xb.retrieval(ack)
    assert (row["requestStatusCategory"], row["errorCode"], row["fileDownloadUrl"]) == ("error", -12, None)
    assert code in row["statusMessage"] and "2026-01-15" in row["statusMessage"]
    # A failure is listed until it has been asked for.
    assert await scene.xb.listed() == []


async def test_a_retrieval_is_pending_as_configured(start):
    scene = await start(timings=Timings(retrieval_processing=Delay(polls=2)))
    _, ack = await scene.xb.retrieve(await scene.deposited())
    body = {
        "documentKindCategory": "patent",
        "documentNumber": "XA 2026000001",
        "documentDate": "2026-01-15",
        "osfAckId": ack,
    }
    status, answer, _ = await scene.xb.call("POST", "/requests/files/url-downloads", body)
    assert (status, answer["code"]) == (404, "NOT_AVAILABLE")
    seen = [(await scene.xb.retrieval(ack))["requestStatusCategory"] for _ in range(3)]
    assert seen == ["pending", "pending", "success"]


async def test_every_request_has_its_own_acknowledgement(scene):
    code = await scene.deposited()
    acks = [(await scene.xb.retrieve(code))[1] for _ in range(2)]
    assert len(set(acks)) == 2
    assert await scene.xb.listed() == acks


async def test_a_download_url_by_document_and_acknowledgement(scene, pdf):
    _, ack = await scene.xb.retrieve(await scene.deposited())
    body = {
        "documentKindCategory": "patent",
        "documentNumber": "XA 2026000001",
        "documentDate": "2026-01-15",
        "osfAckId": ack,
    }
    path = "/requests/files/url-downloads"
    _, answer, _ = await scene.xb.call("POST", path, body)
    for _ in range(2):
        assert await scene.xb.fetch(answer["fileDownloadUrl"]) == (200, pdf)
    assert (await scene.xb.call("POST", path, body | {"documentDate": "2026-01-16"}))[0] == 400
    assert (await scene.xb.call("POST", path, body | {"osfAckId": "unknown"}))[0] == 404
    assert (await scene.callers["XD"].call("POST", path, body))[0] == 404
    assert scene.done("download-served") == 2


@pytest.mark.parametrize("by_body", [True, False])
async def test_a_deleted_file_is_gone_for_its_office_only(scene, by_body):
    code = await scene.deposited()
    _, ack = await scene.xb.retrieve(code)
    _, other = await scene.callers["XD"].retrieve(code)
    url = (await scene.xb.retrieval(ack))["fileDownloadUrl"]
    body = {
        "documentKindCategory": "patent",
        "documentNumber": "XA 2026000001",
        "documentDate": "2026-01-15",
        "osfAckId": ack,
    }
    named = (body, None) if by_body else (None, {"requestAckId": ack})
    for _ in range(2):
        assert (await scene.xb.call("DELETE", "/requests/files", *named))[0] == 204
    assert scene.done("file-deleted") == 1
    assert (await scene.xb.fetch(url))[0] == 403
    row = await scene.xb.retrieval(ack)
    assert (row["requestStatusCategory"], row["fileDownloadUrl"], row["fileChecksum"]) == ("success", None, None)
    still = (await scene.callers["XD"].retrieval(other))["fileDownloadUrl"]
    assert (await scene.xb.fetch(still))[0] == 200


async def test_the_transit_zone_forgets(scene):
    code = await scene.deposited()
    _, ack = await scene.xb.retrieve(code)
    url = (await scene.xb.retrieval(ack))["fileDownloadUrl"]
    scene.clock.advance(604_799)
    assert (await scene.xb.fetch(url))[0] == 200
    scene.clock.advance(1)
    scene.xb.bearer = None
    assert (await scene.xb.fetch(url))[0] == 403
    assert (await scene.xb.retrieval(ack))["fileDownloadUrl"] is None
    # The Bureau's own copy is not the transit zone's: a new request finds it.
    assert (await scene.xb.retrieve(code))[0] == 201


async def test_the_list_forgets_what_was_downloaded(scene):
    code = await scene.deposited()
    _, ack = await scene.xb.retrieve(code)
    assert await scene.xb.listed() == [ack]
    await scene.xb.fetch((await scene.xb.retrieval(ack))["fileDownloadUrl"])
    assert await scene.xb.listed() == []
    assert (await scene.xb.retrieval(ack))["requestStatusCategory"] == "success"


async def test_the_original_is_named_by_a_header_on_demand(scene, pdf):
    _, ack = await scene.xb.retrieve(await scene.deposited())
    original = (await scene.xb.retrieval(ack, originalDocumentIndicator="true"))["original"]
    assert await scene.xb.fetch(original) == (200, pdf)
    assert (await scene.xb.retrieval(ack, originalDocumentIndicator="false"))["original"] is None
    query = {"originalDocumentIndicator": "yes"}
    assert (await scene.xb.call("GET", "/requests/retrievals", query=query))[0] == 400


async def test_a_copy_in_another_offices_file(scene):
    """XC holds a copy of XA's document in the file of its own application."""
    application = {"applicationNumber": "XC 55", "applicationFilingDate": "2026-06-01"}
    held = {"dasAccessCode": "7QX1", "email": None, "applicationCategory": "priority document"}
    _, ack, _ = await scene.xc.register(fileId=await scene.xc.upload(), **held, **application)
    assert (await scene.xc.request_status(ack))["requestStatusCategory"] == "success"
    assert (await scene.xb.retrieve("7QX1"))[1]["details"][0]["code"] == -7
    for named in (application, {}, {"applicationNumber": "XC 55"}):
        assert (await scene.xb.retrieve("7QX1", holdingOfficeCode="XC", **named))[0] == 201
    _, answer = await scene.xb.retrieve("7QX1", holdingOfficeCode="XC", applicationNumber="XC 56")
    assert [detail["code"] for detail in answer["details"]] == [-25]
    # The first office's own registration is another one.
    code = await scene.deposited()
    assert (await scene.xb.retrieve(code))[0] == 201


async def test_the_number_of_a_held_copy_is_the_first_offices(scene):
    application = {"applicationNumber": "XC 55", "applicationFilingDate": "2026-06-01"}
    held = {"dasAccessCode": "7QX1", "email": None, "fileId": await scene.xc.upload()}
    for number, expected in (("XA 1", -21), ("9 1234", -21), ("ZZ anything", None)):
        _, ack, _ = await scene.xc.register(documentNumber=number, **held, **application)
        assert (await scene.xc.request_status(ack))["errorCode"] == expected


async def test_a_depositing_office_does_not_retrieve(scene):
    status, answer = await scene.xa.retrieve("7QX1")
    assert (status, answer["code"]) == (403, "FORBIDDEN")


async def test_an_unknown_download_key_opens_nothing(scene):
    await scene.xb.retrieve(await scene.deposited())
    for key in ("x", "%C3%BC"):
        assert (await scene.xb.fetch(f"{scene.origin}/storage/downloads/{key}"))[0] == 403
        assert (await scene.xb.put(f"{scene.origin}/storage/uploads/{key}"))[0] == 403
