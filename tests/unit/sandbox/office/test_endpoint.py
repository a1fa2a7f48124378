"""The foreign office's endpoint: the Bureau's token and nobody else's, right values and no others."""

import pytest

from sandbox.hostility import Switch

ASKED = {
    "operationCategory": "retrieval",
    "documentKindCategory": "patent",
    "documentNumber": "XC 2026/1",
    "documentDate": "2026-02-03",
    "dasAccessCode": "7QX1",
}
RETRIEVALS = "/das-api/v1/requests/retrievals"
DOWNLOADS = "/das-api/v1/requests/files/url-downloads"


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "ib-XA", "aud": "ib-XA"},
        {"aud": "xc-office"},
        {"scope": ["other"]},
        {"scope": "das-api/office-exchange"},
        {"exp": 1},
        {"nbf": 99_999_999_999},
    ],
    ids=str,
)
async def test_a_token_for_somebody_else_or_another_time_is_refused(pair, claims):
    scene = await pair()
    status, answer = await scene.post(RETRIEVALS, ASKED, scene.bearer(**claims))
    assert (status, answer["code"]) == (401, "UNAUTHORIZED")
    assert scene.done("refusal") == 1


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic eDp5"])
async def test_no_token_is_refused(pair, header):
    scene = await pair()
    assert (await scene.post(RETRIEVALS, ASKED, {"Authorization": header}))[0] == 401


async def test_after_a_key_rotation_the_new_key_is_looked_up(pair, copy_of_xc):
    scene = await pair(document=(copy_of_xc(),))
    await scene.settled()
    assert (await scene.post(RETRIEVALS, ASKED, scene.bearer()))[0] == 201
    scene.bureau.keys.rotate()
    assert (await scene.post(RETRIEVALS, ASKED, scene.bearer()))[0] == 201
    await scene.settled()


@pytest.mark.parametrize(
    ("change", "numbers"),
    [
        ({"documentNumber": "XC 2026/2"}, [-7]),
        ({"documentKindCategory": "design"}, [-7]),
        ({"documentDate": "2026-02-04"}, [-12]),
        ({"documentDate": "2026-02-04", "dasAccessCode": "ü"}, [-12, -14]),
        ({"operationCategory": "registration"}, []),
    ],
)
async def test_what_differs_is_told_by_number_and_never_by_value(pair, copy_of_xc, change, numbers):
    scene = await pair(document=(copy_of_xc(),))
    await scene.settled()
    status, answer = await scene.post(RETRIEVALS, ASKED | change, scene.bearer())
    assert (status, [detail["code"] for detail in answer["details"]]) == (400, numbers)
    assert "7QX1" not in str(answer) and "2026-02-03" not in str(answer)
    assert scene.done("retrieval-accepted") == 0


async def test_a_download_url_is_of_the_document_asked_for(pair, copy_of_xc):
    scene = await pair(document=(copy_of_xc(),))
    await scene.settled()
    _, answer = await scene.post(RETRIEVALS, ASKED, scene.bearer())
    await scene.settled()
    body = {name: ASKED[name] for name in ("documentKindCategory", "documentNumber", "documentDate")}
    body["osfAckId"] = answer["requestAckId"]
    for change in ({"osfAckId": "unknown"}, {"documentDate": "2026-02-04"}):
        assert (await scene.post(DOWNLOADS, body | change, scene.bearer()))[0] == 404
    status, answer = await scene.post(DOWNLOADS, body, scene.bearer())
    assert status == 200
    async with scene.session.get(answer["fileDownloadUrl"]) as file:
        assert (file.status, await file.read()) == (200, scene.office.library.file(file.url.name).read_bytes())
    async with scene.session.get(f"{scene.origin}/library/unknown") as file:
        assert file.status == 403
    # Nobody waits for this acknowledgement at the Bureau: it was not the Bureau that asked.
    assert scene.done("notification-failed") == 1


async def test_it_can_be_rude_too(pair, copy_of_xc, wanted_of_xc):
    scene = await pair(document=(copy_of_xc(),))
    await scene.settled()
    rules = [{"switch": Switch.DUPLICATE, "operation": "notification", "calls": 1}]
    rules += [{"switch": Switch.SERVER_ERROR, "operation": "retrieve", "calls": 1}]
    rules += [{"switch": Switch.WRONG_SIZE, "operation": "download", "calls": 1}]
    status, view = await scene.post("/_sandbox/hostility", {"rules": rules})
    assert status == 200 and len(view["rules"]) == 3
    scene.office.spawn(scene.office.errands.retrieve(wanted_of_xc()))
    await scene.settled()
    assert scene.done("notification-sent") == 2
    assert scene.bureau.record.count("downloaded-from-office") == 1
    (effect,) = scene.office.record.effects("retrieved")
    # Nothing told the Bureau the true digest, so it hands the shortened file on.
    (name,) = scene.office.errands.retrieved.values()
    assert effect.detail["document"] == "XC 2026/1" and name == "retrieved-0001"
    status, view = await scene.post("/_sandbox/hostility", {"clear": True})
    assert view["rules"] == []
