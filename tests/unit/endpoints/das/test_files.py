"""Our library as the Bureau fetches from it: an address that is a pass, the bytes, the record that they went."""

from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from rehearsed_das import ASKED, das, placed
from rehearsed_door import PDF, PUBLIC

WANTED = {name: ASKED[name] for name in ("documentKindCategory", "documentNumber", "documentDate")}


async def address(door) -> str:
    _, code = await placed(door)
    _, asked = await das(door, "retrievals", {**ASKED, "dasAccessCode": code})
    status, body = await das(door, "files/url-downloads", {**WANTED, "osfAckId": asked["requestAckId"]})
    assert status == 200, body
    assert body["fileDownloadUrl"].startswith(f"{PUBLIC}/das-api/v1/files/")
    return body["fileDownloadUrl"].removeprefix(PUBLIC)


async def test_the_bytes_come_untouched_and_that_they_went_is_recorded(door):
    path = await address(door)
    async with door.http.get(path) as response:
        assert (response.status, await response.read()) == (200, PDF)
    assert response.headers["Content-Length"] == str(len(PDF))
    assert response.headers["Content-Type"] == "application/pdf"
    assert door.line.journal.steps()[-1] == "taken"


async def test_a_look_at_the_head_is_no_taking(door):
    path = await address(door)
    async with door.http.head(path) as response:
        assert (response.status, response.headers["Content-Length"]) == (200, str(len(PDF)))
    assert "taken" not in door.line.journal.steps()


async def test_bytes_that_did_not_all_go_out_were_not_taken(door):
    path = await address(door)
    door.line.documents.lie = b"!"
    with pytest.raises((aiohttp.ClientError, AssertionError)):
        async with door.http.get(path) as response:
            assert await response.read() == PDF + b"!"
    assert "taken" not in door.line.journal.steps()


async def test_an_address_is_short_lived(door):
    path = await address(door)
    door.line.clock.at += timedelta(hours=1)
    async with door.http.get(path) as response:
        assert (response.status, (await response.json())["code"]) == (401, "UNAUTHORIZED")


async def test_an_address_that_was_not_given_opens_nothing(door):
    async with door.http.get("/das-api/v1/files/" + "ab" * 60) as response:
        assert response.status == 401
    assert door.line.journal.outcomes()[-1] == "2014"


async def test_who_did_not_ask_before_gets_no_address(door):
    await placed(door)
    status, body = await das(door, "files/url-downloads", {**WANTED, "osfAckId": "made up"})
    assert (status, [each["code"] for each in body["details"]]) == (400, [-7])


async def test_a_document_on_hold_is_not_lent(door):
    path = await address(door)
    store = door.line.journal
    [exchange] = store.exchanges
    store.exchanges[exchange] = replace(store.exchanges[exchange], on_hold=True)
    async with door.http.get(path) as response:
        assert response.status == 403
    assert store.outcomes()[-1] == "4007"
