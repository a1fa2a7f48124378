"""Uploads: announced, stored once, examined, and told by the status."""

import hashlib

import pytest

from sandbox.ib.config import Delay, Timings


async def test_an_uploaded_file_is_accepted_and_measured(scene, pdf):
    file_id = await scene.xa.upload()
    expected = {"fileSizeQuantity": len(pdf), "fileStatusCategory": "ACCEPTED"}
    assert await scene.xa.file_status(file_id) == expected
    status, answer, _ = await scene.xa.call("GET", "/requests/url-uploads", query={"fileId": file_id})
    assert (status, answer) == (200, expected)


async def test_the_verdict_takes_as_many_polls_as_configured(start):
    scene = await start(timings=Timings(upload_processing=Delay(polls=2)))
    file_id = await scene.xa.upload()
    seen = [(await scene.xa.file_status(file_id))["fileStatusCategory"] for _ in range(4)]
    assert seen == ["processing", "processing", "ACCEPTED", "ACCEPTED"]


async def test_before_the_upload_a_file_is_in_process(scene):
    file_id, _ = await scene.xa.announce()
    assert await scene.xa.file_status(file_id) == {
        "fileSizeQuantity": None,
        "fileStatusCategory": "processing",
    }


@pytest.mark.parametrize(
    ("content", "media", "announced"),
    [
        (b"%PDF-1.7 other bytes", "application/pdf", {"checksum": "0" * 64}),
        (b"%PDF-1.7", "application/octet-stream", {}),
        (b"<html>not a document", "application/pdf", {}),
        (b"%PDF-1.7", "application/zip", {"kind": "zip"}),
    ],
    ids=["another checksum", "another content type", "not a PDF", "not a ZIP"],
)
async def test_what_differs_from_the_announcement_is_rejected(scene, content, media, announced):
    file_id, url = await scene.xa.announce(content, **announced)
    assert (await scene.xa.put(url, content, media))[0] == 200
    assert (await scene.xa.file_status(file_id))["fileStatusCategory"] == "REJECTED"
    assert (scene.done("file-rejected"), scene.done("file-accepted")) == (1, 0)


async def test_a_zip_is_known_by_its_magic(scene):
    content = b"PK\x03\x04 the rest"
    file_id, url = await scene.xa.announce(content, kind="zip")
    assert (await scene.xa.put(url, content, "application/zip"))[0] == 200
    assert (await scene.xa.file_status(file_id))["fileStatusCategory"] == "ACCEPTED"


async def test_an_upload_url_serves_once(scene):
    file_id, url = await scene.xa.announce()
    assert (await scene.xa.put(url))[0] == 200
    status, text = await scene.xa.put(url)
    assert status == 403 and "<Code>AccessDenied</Code>" in text
    assert scene.done("upload-stored") == 1
    status, _, _ = await scene.xa.call("PUT", "/requests/files/url-uploads", {"fileId": file_id})
    assert status == 409


async def test_an_old_upload_url_is_renewed(scene):
    file_id, url = await scene.xa.announce()
    scene.clock.advance(301)
    status, text = await scene.xa.put(url)
    assert status == 403 and "expired" in text
    status, answer, _ = await scene.xa.call("PUT", "/requests/files/url-uploads", {"fileId": file_id})
    assert status == 200
    assert (await scene.xa.put(url))[0] == 403
    assert (await scene.xa.put(answer["fileUploadUrl"]))[0] == 200
    assert (await scene.xa.file_status(file_id))["fileStatusCategory"] == "ACCEPTED"


async def test_the_storage_takes_no_bearer_and_needs_a_length(scene):
    _, url = await scene.xa.announce()
    assert (await scene.xa.put(url, headers={"Authorization": "Bearer x"}))[0] == 400

    async def chunks():
        yield b"%PDF-1.7"

    assert (await scene.xa.put(url, chunks()))[0] == 411
    assert scene.done("upload-stored") == 0


async def test_a_file_over_the_limit_is_turned_away(start):
    scene = await start(largest_file=100)
    _, url = await scene.xa.announce()
    status, text = await scene.xa.put(url)
    assert status == 400 and "EntityTooLarge" in text


async def test_files_of_other_offices_do_not_exist(scene):
    file_id = await scene.xa.upload()
    status, answer, _ = await scene.xc.call("GET", "/requests/files", query={"fileId": file_id})
    assert (status, answer["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "change",
    [
        {"fileChecksum": "ABC"},
        {"fileChecksum": hashlib.sha256(b"").hexdigest().upper()},
        {"fileFormatCategory": "docx"},
        {"fileReference": ""},
        {"surprise": 1},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_a_wrong_announcement_is_refused(scene, change):
    body = {"fileReference": "r", "fileFormatCategory": "pdf", "fileChecksum": "0" * 64} | change
    status, answer, _ = await scene.xa.call("POST", "/requests/files/url-uploads", body)
    assert (status, answer["code"]) == (400, "INVALID_INPUT_DATA")


async def test_only_depositing_offices_upload(scene):
    body = {"fileReference": "r", "fileFormatCategory": "pdf", "fileChecksum": "0" * 64}
    status, answer, _ = await scene.callers["XD"].call("POST", "/requests/files/url-uploads", body)
    assert (status, answer["code"]) == (403, "FORBIDDEN")
