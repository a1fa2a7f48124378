"""Documents kept by their office: asked for, notified, fetched, handed on; and every way that fails."""

import hashlib

import pytest
from aiohttp import web

NUMBER = {"documentNumber": "XC 2026/1", "documentDate": "2026-02-03"}
CODE = "7QX1"


async def registered(scene):
    """XC's document stays in XC's library; XC's endpoint."""
    _, ack, _ = await scene.xc.register(dasAccessCode=CODE, email=None, **NUMBER)
    assert (await scene.xc.request_status(ack))["requestStatusCategory"] == "success"
    return scene.endpoints["XC"]


async def asked(scene, **change):
    """XB's acknowledgement for the document, after the Bureau has asked XC."""
    status, ack = await scene.xb.retrieve(CODE, **(NUMBER | change))
    assert status == 201
    await scene.settled()
    return ack


async def outcome(scene, ack):
    await scene.settled()
    row = await scene.xb.retrieval(ack)
    return row["requestStatusCategory"], row["errorCode"]


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
async def test_the_whole_line_from_library_to_accessing_office(start, pdf, secure):
    scene = await start(notified=True, secure=secure)
    library = await registered(scene)
    ack = await asked(scene)
    assert (await outcome(scene, ack)) == ("pending", None)
    (operation, body), *_ = library.calls
    assert operation == "retrieval"
    assert body == {
        "operationCategory": "retrieval",
        "documentKindCategory": "patent",
        "dasAccessCode": CODE,
        "applicationCategory": None,
        "applicationNumber": None,
        "applicationFilingDate": None,
    } | {"documentNumber": "XC 2026/1", "documentDate": "2026-02-03"}
    assert await library.tell("XC-1") == 204
    assert (await outcome(scene, ack)) == ("success", None)
    assert library.calls[1] == (
        "download-url",
        {"documentKindCategory": "patent", "osfAckId": "XC-1"} | NUMBER,
    )
    row = await scene.xb.retrieval(ack)
    assert row["fileChecksum"] == hashlib.sha256(pdf).hexdigest()
    assert await scene.xb.fetch(row["fileDownloadUrl"]) == (200, pdf)
    (told,) = scene.endpoints["XB"].notified
    assert told == {
        "requestAckId": ack,
        "requestStatusCategory": "success",
        "errorCode": None,
        "statusMessage": None,
        "documentAvailabilityDate": row["documentAvailabilityDate"],
    }
    kinds = ("retrieval-forwarded", "notification-received", "downloaded-from-office", "notification-sent")
    assert [scene.done(kind) for kind in kinds] == [1, 1, 1, 1]
    assert CODE not in str(await scene.sandbox("record"))


async def test_a_notification_may_overtake_the_acknowledgement(scene):
    library = await registered(scene)

    async def hurry(_):
        assert await library.tell("XC-early") == 204
        return web.json_response({"requestAckId": "XC-early"})

    library.fates["retrieval"] = [hurry]
    assert (await outcome(scene, await asked(scene))) == ("success", None)
    assert library.times("file") == 1


async def test_a_second_notification_has_no_effect(scene):
    library = await registered(scene)
    ack = await asked(scene)
    assert [await library.tell("XC-1") for _ in range(2)] == [204, 204]
    await scene.settled()
    assert await library.tell("XC-1", "error", errorCode=-7) == 204
    assert (await outcome(scene, ack)) == ("success", None)
    assert (library.times("file"), scene.done("retrieval-completed")) == (1, 1)


async def test_notifications_nobody_waits_for_are_refused(scene):
    library = await registered(scene)
    assert await library.tell("XC-unknown") == 404
    await asked(scene)
    body = {"requestAckId": "XC-1", "requestStatusCategory": "success"}
    assert (await scene.xa.call("POST", "/requests/notifications", body))[0] == 404
    assert (await scene.xc.call("POST", "/requests/notifications", body | {"requestStatusCategory": "ok"}))[0] == 400


async def test_pending_is_no_outcome(scene):
    library = await registered(scene)
    ack = await asked(scene)
    assert await library.tell("XC-1", "pending") == 204
    assert (await outcome(scene, ack)) == ("pending", None)


@pytest.mark.parametrize(("told", "number"), [(-14, -14), (-7, -7), (-99, -31), (None, -31)])
async def test_the_offices_error_reaches_the_accessing_office(start, told, number):
    scene = await start(notified=True)
    library = await registered(scene)
    ack = await asked(scene)
    assert await library.tell("XC-1", "error", errorCode=told, statusMessage="secret words") == 204
    assert (await outcome(scene, ack)) == ("error", number)
    assert scene.endpoints["XB"].notified[0]["errorCode"] == number
    assert "secret words" not in str(scene.endpoints["XB"].notified)


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ({"code": "INVALID_INPUT_DATA", "details": [{"code": -12, "message": "x"}]}, -12),
        ({"code": "INVALID_INPUT_DATA", "details": [{"code": "-12"}]}, -31),
        ({"code": "FORBIDDEN"}, -31),
    ],
    ids=["known number", "odd number", "no details"],
)
async def test_a_refusing_office_ends_the_retrieval(scene, body, number):
    library = await registered(scene)
    library.fates["retrieval"] = [web.json_response(body, status=400)]
    assert (await outcome(scene, await asked(scene))) == ("error", number)
    assert library.times("retrieval") == 1


async def test_temporary_trouble_is_tried_again_with_longer_waits(scene):
    library = await registered(scene)
    library.fates["retrieval"] = [web.Response(status=503), web.Response(status=429)]
    library.fates["file"] = [web.Response(status=500)]
    ack = await asked(scene)
    assert await library.tell("XC-3") == 204
    assert (await outcome(scene, ack)) == ("success", None)
    assert scene.clock.slept == [0.5, 1.0, 0.5]


@pytest.mark.parametrize("stage", ["retrieval", "download-url", "file"])
async def test_lasting_trouble_ends_the_retrieval(scene, stage):
    library = await registered(scene)
    library.fates[stage] = [web.Response(status=503) for _ in range(3)]
    ack = await asked(scene)
    if stage != "retrieval":
        await library.tell("XC-1")
    assert (await outcome(scene, ack)) == ("error", -30)


@pytest.mark.parametrize(
    ("stage", "answer", "number"),
    [
        ("retrieval", lambda: web.json_response({"requestAckId": 7}), -31),
        ("retrieval", lambda: web.Response(text="<html>", content_type="text/html"), -31),
        ("retrieval", lambda: web.Response(text="x" * 70_000), -31),
        ("retrieval", lambda: web.Response(status=302, headers={"Location": "/elsewhere"}), -31),
        ("download-url", lambda: web.json_response({}), -31),
        ("download-url", lambda: web.json_response({"fileDownloadUrl": "http://localhost:1/x"}), -32),
        ("download-url", lambda: web.json_response({"fileDownloadUrl": "file:///etc/passwd"}), -32),
        ("file", lambda: web.Response(body=b"<html>no document"), -32),
        ("file", lambda: web.Response(status=404), -32),
        ("file", lambda: web.Response(status=302, headers={"Location": "/elsewhere"}), -32),
        ("file", lambda: web.Response(body=b"%PDF-" + b"x" * 5000), -32),
    ],
)
async def test_what_an_office_may_not_answer(start, stage, answer, number):
    scene = await start(largest_file=4000)
    library = await registered(scene)
    library.fates[stage] = [answer()]
    ack = await asked(scene)
    if stage != "retrieval":
        await library.tell("XC-1")
    assert (await outcome(scene, ack)) == ("error", number)
    assert scene.done("retrieval-completed") == 0
    folder = scene.bureau.new_path("transit").parent
    assert list(folder.iterdir()) == []


async def test_a_file_sent_through_the_transit_zone_is_not_fetched(scene, pdf):
    """Flow 3: the office uploads and names its own acknowledgement as the reference."""
    library = await registered(scene)
    ack = await asked(scene)
    digest = hashlib.sha256(pdf).hexdigest()
    body = {"fileReference": "XC-1", "fileFormatCategory": "pdf", "fileChecksum": digest}
    _, answer, _ = await scene.xc.call("POST", "/requests/files/url-uploads", body)
    assert (await scene.xc.put(answer["fileUploadUrl"]))[0] == 200
    assert await library.tell("XC-1") == 204
    assert (await outcome(scene, ack)) == ("success", None)
    assert (library.times("download-url"), library.times("file")) == (0, 0)


async def test_deleting_takes_the_copy_out_of_the_transit_zone(scene):
    library = await registered(scene)
    ack = await asked(scene)
    await library.tell("XC-1")
    await scene.settled()
    path = scene.bureau.memory.retrievals[ack].path
    assert path.exists()
    await scene.xb.call("DELETE", "/requests/files", query={"requestAckId": ack})
    assert not path.exists()


@pytest.mark.parametrize(("answer", "kind"), [(200, "notification-failed"), (404, "notification-failed")])
async def test_only_204_counts_as_notified(start, answer, kind):
    scene = await start(notified=True)
    scene.endpoints["XB"].fates["notification"] = [web.Response(status=answer)]
    await scene.xb.retrieve(await scene.deposited())
    await scene.settled()
    assert (scene.done(kind), scene.done("notification-sent")) == (1, 0)
    assert scene.endpoints["XB"].times("notification") == 1


async def test_an_office_that_cannot_be_notified_still_finds_its_document(start):
    scene = await start(notified=True)
    scene.endpoints["XB"].fates["notification"] = [web.Response(status=503) for _ in range(3)]
    _, ack = await scene.xb.retrieve(await scene.deposited())
    assert (await outcome(scene, ack)) == ("success", None)
    assert scene.done("notification-failed") == 1
