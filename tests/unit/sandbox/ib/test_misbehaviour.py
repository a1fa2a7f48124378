"""Every switch of the hostile Bureau, over the wire."""

import contextlib
import hashlib

import aiohttp
import pytest

from sandbox.hostility import RUDE, Hostility, Switch


async def test_cut_after_the_work_leaves_exactly_one_effect_to_read_back(scene):
    file_id = await scene.xa.upload()
    await scene.hostile("cut-after", "register")
    with pytest.raises(aiohttp.ClientError):
        await scene.xa.register(fileId=file_id)
    assert scene.done("registered") == 1
    _, answer, _ = await scene.xa.call("GET", "/documents/registrations", query={"documentNumber": "XA 2026000001"})
    ack = answer["documentRegistrationBag"][0]["requestAckId"]
    assert (await scene.xa.request_status(ack))["requestStatusCategory"] == "success"
    _, again, _ = await scene.xa.register(fileId=file_id)
    assert (await scene.xa.request_status(again))["errorCode"] == -20


async def test_cut_after_an_upload_is_read_back_by_the_status(scene):
    file_id, url = await scene.xa.announce()
    # Twice, since aiohttp's client by itself sends an idempotent method again over a reused connection.
    await scene.hostile("cut-after", "upload", calls=2)
    with pytest.raises(aiohttp.ClientError):
        await scene.xa.put(url)
    assert (await scene.xa.put(url))[0] == 403
    assert (await scene.xa.file_status(file_id))["fileStatusCategory"] == "ACCEPTED"


async def test_cut_before_the_work_has_no_effect(scene):
    await scene.hostile("cut-before", "register")
    with pytest.raises(aiohttp.ClientError):
        await scene.xa.register()
    assert scene.bureau.memory.requests == {}
    assert (await scene.xa.register())[0] == 201


@pytest.mark.parametrize(
    ("switch", "status", "requests"), [("server-error", 503, 0), ("too-many", 429, 0), ("error-after", 504, 1)]
)
async def test_temporary_errors_say_when_to_come_back(scene, switch, status, requests):
    await scene.hostile(switch, "register", seconds=7)
    url = f"{scene.origin}/das-api/v1/requests/registrations"
    token = (await scene.xa.ask_token())[1]["access_token"]
    body = {
        "operationCategory": "registration",
        "documentKindCategory": "patent",
        "documentNumber": "XA 2026000001",
        "documentDate": "2026-01-15",
        "email": "applicant@example.org",
    }
    async with scene.xa.session.post(url, json=body, headers={"Authorization": f"Bearer {token}"}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (status, "7")
    assert len(scene.bureau.memory.requests) == requests


async def test_a_captive_portal_answers_in_the_bureaus_place(scene):
    await scene.hostile("captive-portal", "upload-url")
    body = {"fileReference": "r", "fileFormatCategory": "pdf", "fileChecksum": "0" * 64}
    status, answer, headers = await scene.xa.call("POST", "/requests/files/url-uploads", body)
    assert status == 200 and headers["Content-Type"].startswith("text/html") and b"<html>" in answer
    assert scene.done("upload-url-made") == 0


async def test_slow_waits_and_then_answers(scene):
    await scene.hostile("slow", "upload-url", seconds=42)
    await scene.xa.announce()
    assert scene.clock.slept == [42]


async def test_a_lying_checksum_is_not_the_files(scene, pdf):
    _, ack = await scene.xb.retrieve(await scene.deposited())
    await scene.hostile("lying-checksum")
    lie = (await scene.xb.retrieval(ack))["fileChecksum"]
    truth = (await scene.xb.retrieval(ack))["fileChecksum"]
    assert truth == hashlib.sha256(pdf).hexdigest() != lie and len(lie) == 64


async def test_a_file_of_the_wrong_size_lacks_its_end(scene, pdf):
    _, ack = await scene.xb.retrieve(await scene.deposited())
    url = (await scene.xb.retrieval(ack))["fileDownloadUrl"]
    await scene.hostile("wrong-size", "download")
    status, content = await scene.xb.fetch(url)
    assert status == 200 and pdf.startswith(content) and len(content) < len(pdf)
    assert await scene.xb.fetch(url) == (200, pdf)


async def test_an_upload_url_that_came_too_old_is_renewed(scene):
    file_id, url = await scene.xa.announce()
    await scene.hostile("expired-upload")
    assert [(await scene.xa.put(url))[0] for _ in range(2)] == [403, 403]
    _, answer, _ = await scene.xa.call("PUT", "/requests/files/url-uploads", {"fileId": file_id})
    assert (await scene.xa.put(answer["fileUploadUrl"]))[0] == 200


async def test_notifications_come_twice(start):
    scene = await start(notified=True)
    await scene.hostile("duplicate", "notification")
    _, ack = await scene.xb.retrieve(await scene.deposited())
    await scene.settled()
    assert [told["requestAckId"] for told in scene.endpoints["XB"].notified] == [ack, ack]


async def test_lists_come_in_no_order(scene):
    code = await scene.deposited()
    acks = [(await scene.xb.retrieve(code))[1] for _ in range(8)]
    assert await scene.xb.listed() == acks
    await scene.hostile("shuffled")
    shuffled = await scene.xb.listed()
    assert shuffled != acks and sorted(shuffled) == sorted(acks)


async def test_odd_identifiers_work_everywhere_they_are_used(scene):
    await scene.hostile("odd-ids", calls=None)
    seen = set()
    for number in range(12):
        document = f"XA 20260001{number:02d}"
        file_id = await scene.xa.upload()
        assert (await scene.xa.file_status(file_id))["fileStatusCategory"] == "ACCEPTED"
        _, ack, headers = await scene.xa.register(documentNumber=document, fileId=file_id)
        assert (await scene.xa.request_status(ack))["requestStatusCategory"] == "success"
        # The status URL carries the identifier in a form that works as it stands.
        url = headers["Location"]
        status, _, _ = await scene.xa.call("GET", aiohttp.client.URL(url, encoded=True).human_repr())
        assert status == 200
        _, retrieval = await scene.xb.retrieve(await scene.code_of(), documentNumber=document)
        assert (await scene.xb.retrieval(retrieval))["requestStatusCategory"] == "success"
        seen |= {file_id, ack, retrieval}
    assert len(seen) == 36 and any(not identifier.isascii() for identifier in seen)


async def test_switches_are_cleared_and_wrong_orders_refused(scene):
    await scene.hostile("server-error", calls=None)
    async with scene.xa.session.post(f"{scene.origin}/am/oauth2/access_token") as answer:
        assert answer.status == 503
    await scene.sandbox("hostility", {"clear": True})
    assert (await scene.xa.ask_token())[0] == 200
    view = await scene.sandbox("hostility")
    assert (view["seed"], view["rules"], view["struck"]) == (None, [], {"server-error:token": 1})
    url = f"{scene.origin}/_sandbox/hostility"
    for order in ({"rules": [{"switch": "unheard-of"}]}, {"rules": [{"switch": "slow", "probability": 2}]}, []):
        async with scene.xa.session.post(url, json=order) as answer:
            assert answer.status == 400


@pytest.mark.parametrize("seed", [1, 7, 20261122])
async def test_a_persistent_client_gets_its_document_from_a_rude_bureau(start, pdf, seed):
    """By the seed, and by the Bureau's own record: one registration, whatever was lost on the way."""
    quick = {switch: chance * 3 if chance < 0.3 else chance for switch, chance in RUDE.items()}
    hostility = Hostility.rude(seed, quick)
    scene = await start(hostility=hostility)
    hostility.sleep = scene.clock.sleep

    async def until(wanted, attempt):
        for _ in range(60):
            try:
                got = await attempt()
            except (aiohttp.ClientError, AssertionError, KeyError, TypeError, AttributeError, ValueError):
                continue
            if wanted(got):
                return got
        raise AssertionError("never")

    caller = scene.xa

    async def token(of):
        status, answer = await of.ask_token()
        of.bearer = answer["access_token"]
        return status

    for of in (scene.xa, scene.xb):
        await until(lambda status: status == 200, lambda of=of: token(of))
    digest = hashlib.sha256(pdf).hexdigest()
    announcement = {"fileReference": "r", "fileFormatCategory": "pdf", "fileChecksum": digest}
    made = await until(
        lambda got: got[0] == 200 and "fileId" in got[1],
        lambda: caller.call("POST", "/requests/files/url-uploads", announcement),
    )
    file_id, url = made[1]["fileId"], made[1]["fileUploadUrl"]

    async def upload():
        nonlocal url
        with contextlib.suppress(aiohttp.ClientError):
            await caller.put(url)
        status, renewed, _ = await caller.call("PUT", "/requests/files/url-uploads", {"fileId": file_id})
        url = renewed["fileUploadUrl"] if status == 200 else url
        return (await caller.file_status(file_id))["fileStatusCategory"]

    await until(lambda category: category == "ACCEPTED", upload)

    async def register():
        with contextlib.suppress(aiohttp.ClientError, AttributeError):
            await caller.register(fileId=file_id)
        query = {"documentNumber": "XA 2026000001"}
        _, answer, _ = await caller.call("GET", "/documents/registrations", query=query)
        return answer["documentRegistrationBag"]

    assert len(await until(bool, register)) == 1
    code = await scene.code_of()
    _, ack = await until(lambda got: got[0] == 201, lambda: scene.xb.retrieve(code))

    async def fetch():
        row = await scene.xb.retrieval(ack)
        content = (await scene.xb.fetch(row["fileDownloadUrl"]))[1]
        return content, hashlib.sha256(content).hexdigest() == row["fileChecksum"]

    content, _ = await until(lambda got: got[1], fetch)
    assert content == pdf
    assert (scene.done("registered"), scene.done("upload-stored")) == (1, 1)
    struck = hostility.view()["struck"]
    assert len({name.partition(":")[0] for name in struck}) >= 5 and hostility.seed == seed


def test_every_switch_is_in_the_rude_profile():
    assert set(RUDE) == set(Switch)
