"""A package's list, and each document's bytes."""

import base64
import hashlib
from dataclasses import replace

from rehearsed_door import PDF, call, deposit_body, deposited, header, listed
from rehearsed_rest import send_form

from gateway.core.exchange import State


async def test_a_package_tells_where_its_documents_are(door):
    exchange = await deposited(door)
    _, _, body = await call(door, "GET", f"/api/v1/exchanges/{exchange}/package")
    [document] = body["documents"]
    assert document["href"] == f"https://gateway.example/api/v1/exchanges/{exchange}/documents/copy?version=1"
    assert (document["sha256"], body["version"]) == (hashlib.sha256(PDF).hexdigest(), 1)
    assert "content" not in document
    assert door.line.journal.steps() == ["deposited", "fetched"]


async def test_a_document_comes_untouched_with_its_digest(door):
    large = PDF + bytes(range(256)) * 2000
    status, body = await send_form(door, deposit_body([listed(content=large)]), {"copy": large})
    assert status == 201
    path = f"/api/v1/exchanges/{body['exchangeId']}/documents/copy"
    async with door.http.get(path, headers={"Authorization": "Bearer XA/exchange"}) as response:
        assert await response.read() == large
    digest = base64.b64encode(hashlib.sha256(large).digest()).decode()
    assert response.headers["Content-Digest"] == f"sha-256=:{digest}:"
    assert response.headers["Content-Length"] == str(len(large))
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"] == "attachment"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert door.line.journal.steps()[-1] == "fetched"


async def test_a_document_that_is_not_in_the_package_is_missing(door):
    exchange = await deposited(door)
    status, _, body = await call(door, "GET", f"/api/v1/exchanges/{exchange}/documents/other")
    assert (status, body["code"]) == (400, "3010")


async def test_older_versions_stay_to_be_had(door):
    exchange = await deposited(door)
    newer = PDF + b" page 2"
    body = {"header": header("m-2"), "explanation": "page missing", "documents": [listed(content=newer)]}
    await send_form(door, body, {"copy": newer}, path=f"/api/v1/exchanges/{exchange}/replacement")
    for version, content in ((1, PDF), (2, newer)):
        path = f"/api/v1/exchanges/{exchange}/documents/copy?version={version}"
        async with door.http.get(path, headers={"Authorization": "Bearer XA/exchange"}) as response:
            assert await response.read() == content
    status, _, body = await call(door, "GET", f"/api/v1/exchanges/{exchange}/package?version=3")
    assert (status, body["code"]) == (409, "4008")


async def test_the_office_s_own_code_is_given_when_the_document_is_placed(door):
    exchange = await deposited(door, registration={"hosting": "office", "codeIssuer": "office"})
    _, _, body = await call(door, "GET", f"/api/v1/exchanges/{exchange}/package")
    assert "accessCode" not in body
    store = door.line.journal
    store.exchanges[exchange] = replace(store.exchanges[exchange], state=State.PLACED)
    _, _, body = await call(door, "GET", f"/api/v1/exchanges/{exchange}/package")
    assert len(body["accessCode"]) == 4
    assert store.outcomes()[-1] == "with access code"
