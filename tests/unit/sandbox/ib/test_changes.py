"""Corrections, replacements and withdrawals: versions chain, and those who fetched are told."""

import hashlib

import pytest

from sandbox.ib.config import Delay, Timings

NEW_PDF = b"%PDF-1.7 the replaced copy"


async def change(caller, **members):
    body = {
        "documentKindCategory": "patent",
        "documentNumber": "XA 2026000001",
        "documentDate": "2026-01-15",
    } | members
    status, answer, _ = await caller.call("PUT", "/requests/registrations", body)
    assert status == 200, answer
    return await caller.request_status(answer["requestAckId"])


async def withdraw(caller, **members):
    body = {
        "documentKindCategory": "patent",
        "documentNumber": "XA 2026000001",
        "documentDate": "2026-01-15",
        "statusMessage": "registered in error",
    } | members
    return await caller.call("DELETE", "/requests/registrations", body)


async def fetched(scene, code, caller=None):
    caller = caller or scene.xb
    _, ack = await caller.retrieve(code)
    row = await caller.retrieval(ack)
    assert (await caller.fetch(row["fileDownloadUrl"]))[0] == 200
    return ack


async def test_a_corrected_date_is_the_one_that_counts(scene):
    code = await scene.deposited()
    answer = await change(scene.xa, newDocumentDate="2026-01-14")
    assert answer["requestStatusCategory"] == "success"
    assert answer["documentAvailabilityDate"] > "2026-11-22T09:00:00.000Z"
    _, refusal = await scene.xb.retrieve(code)
    assert [detail["code"] for detail in refusal["details"]] == [-12]
    assert (await scene.xb.retrieve(code, documentDate="2026-01-14"))[0] == 201
    # The correction sent again no longer finds the old date.
    assert (await change(scene.xa, newDocumentDate="2026-01-14"))["errorCode"] == -12
    assert scene.done("corrected") == 1


async def test_a_replaced_file_is_served_and_the_older_one_kept(scene, pdf):
    code = await scene.deposited()
    answer = await change(scene.xa, fileId=await scene.xa.upload(NEW_PDF))
    assert answer["requestStatusCategory"] == "success"
    _, ack = await scene.xb.retrieve(code)
    row = await scene.xb.retrieval(ack)
    assert (await scene.xb.fetch(row["fileDownloadUrl"]))[1] == NEW_PDF
    (document,) = await scene.sandbox("documents")
    kept = [version["fileChecksum"] for version in document["versions"]]
    assert kept == [hashlib.sha256(content).hexdigest() for content in (pdf, NEW_PDF)]
    assert scene.bureau.memory.registrations[0].versions[0].file.path.read_bytes() == pdf
    assert (scene.done("replaced"), scene.done("corrected")) == (1, 0)


async def test_application_data_are_corrected_together(scene):
    await scene.deposited()
    application = {"applicationNumber": "XA 2026000007", "applicationFilingDate": "2026-02-01"}
    assert (await change(scene.xa, **application))["requestStatusCategory"] == "success"
    assert (await scene.sandbox("documents"))[0]["applicationNumber"] == "XA 2026000007"


async def test_a_library_of_its_own_is_replaced_by_saying_so(scene):
    await scene.xc.register(documentNumber="XC 1", dasAccessCode="7QX1", email=None)
    before = (await scene.sandbox("documents"))[0]["versions"][-1]["availableAt"]
    answer = await change(scene.xc, documentNumber="XC 1")
    assert answer["documentAvailabilityDate"] > before
    assert scene.done("replaced") == 1


@pytest.mark.parametrize(
    ("members", "number"),
    [
        ({"documentNumber": "XA 2026000009", "newDocumentDate": "2026-01-14"}, -7),
        ({"documentKindCategory": "design", "newDocumentDate": "2026-01-14"}, -7),
        ({"documentDate": "2026-01-16", "newDocumentDate": "2026-01-14"}, -12),
        ({"fileId": "unknown"}, -23),
        ({}, -23),
    ],
    ids=["number", "kind", "date", "file", "nothing to change"],
)
async def test_a_change_that_does_not_fit_ends_in_the_status(scene, members, number):
    await scene.deposited()
    answer = await change(scene.xa, **members)
    assert (answer["requestStatusCategory"], answer["errorCode"]) == ("error", number)
    assert len((await scene.sandbox("documents"))[0]["versions"]) == 1


async def test_nobody_changes_anothers_registration(scene):
    await scene.deposited()
    assert (await change(scene.xc, newDocumentDate="2026-01-14"))["errorCode"] == -7


@pytest.mark.parametrize(
    "members",
    [{"newDocumentDate": "2026-12-01"}, {"applicationNumber": "XA 1"}, {"documentDate": None}, {"reason": "x"}],
    ids=str,
)
async def test_a_wrong_change_is_refused_at_once(scene, members):
    body = {
        "documentKindCategory": "patent",
        "documentNumber": "XA 2026000001",
        "documentDate": "2026-01-15",
    } | members
    assert (await scene.xa.call("PUT", "/requests/registrations", body))[0] == 400


async def test_who_fetched_is_told_by_mail_and_by_notification(start):
    scene = await start(notified=True)
    code = await scene.deposited()
    ack = await fetched(scene, code)
    await scene.xb.retrieve(code)  # asked for, never fetched
    await scene.settled()
    scene.endpoints["XB"].notified.clear()
    answer = await change(scene.xa, newDocumentDate="2026-01-14")
    await scene.settled()
    assert [mail["subject"] for mail in await scene.sandbox("mailbox?to=office XB")] == [
        "DAS: XA 2026000001 has changed"
    ]
    (told,) = scene.endpoints["XB"].notified
    assert told["requestAckId"] == ack and told["requestStatusCategory"] == "success"
    assert told["documentAvailabilityDate"] == answer["documentAvailabilityDate"]


async def test_notifying_changes_can_be_off_as_with_the_real_one(start):
    scene = await start(notified=True, notify_changes=False)
    await fetched(scene, await scene.deposited())
    await scene.settled()
    scene.endpoints["XB"].notified.clear()
    await change(scene.xa, newDocumentDate="2026-01-14")
    await scene.settled()
    assert scene.endpoints["XB"].notified == []
    assert len(await scene.sandbox("mailbox?to=office XB")) == 1


async def test_a_polling_office_sees_the_change_in_its_list(scene):
    ack = await fetched(scene, await scene.deposited())
    assert await scene.xb.listed() == []
    await change(scene.xa, newDocumentDate="2026-01-14")
    assert await scene.xb.listed() == [ack]
    assert (await scene.xb.retrieval(ack))["statusMessage"] == "changed after retrieval"


async def test_a_withdrawn_document_is_not_registered_any_more(scene):
    code = await scene.deposited()
    ack = await fetched(scene, code)
    status, answer, _ = await withdraw(scene.xa)
    assert status == 200
    assert (await scene.xa.request_status(answer["requestAckId"]))["requestStatusCategory"] == "success"
    _, refusal = await scene.xb.retrieve(code)
    assert [detail["code"] for detail in refusal["details"]] == [-7]
    # What was fetched stays fetched.
    assert (await scene.xb.fetch((await scene.xb.retrieval(ack))["fileDownloadUrl"]))[0] == 200
    _, answer, _ = await withdraw(scene.xa)
    assert (await scene.xa.request_status(answer["requestAckId"]))["errorCode"] == -7
    assert scene.done("withdrawn") == 1
    _, again, _ = await scene.xa.register(fileId=await scene.xa.upload())
    assert (await scene.xa.request_status(again))["requestStatusCategory"] == "success"


async def test_a_withdrawal_has_a_reason(scene):
    await scene.deposited()
    assert (await withdraw(scene.xa, statusMessage=""))[0] == 400
    assert (await withdraw(scene.xa, statusMessage=None))[0] == 400
    assert scene.done("withdrawn") == 0


async def test_a_change_takes_as_long_as_a_registration(start):
    scene = await start(timings=Timings(registration_processing=Delay(polls=1)))
    _, ack, _ = await scene.xa.register(fileId=await scene.xa.upload())
    for _ in range(2):
        await scene.xa.request_status(ack)
    assert (await change(scene.xa, newDocumentDate="2026-01-14"))["requestStatusCategory"] == "pending"
    assert scene.done("corrected") == 0
