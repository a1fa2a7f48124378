"""Who calls, whether it may, and what proves its content."""

import json

import pytest
from memory_line import signed_words
from rehearsed_door import PDF, bearer, call, deposit_body, deposited, header, listed
from rehearsed_rest import form, send_form

RETRIEVAL = {
    "header": header("m-ask"),
    "application": {"officeCode": "XB", "right": "patent", "number": "2026/000777", "filingDate": "2026-09-01"},
    "accessCode": "8B0D",
}


async def test_a_deposit_answers_with_receipt_and_address(door):
    status, headers, body = await call(door, "POST", "/api/v1/deposits", deposit_body())
    assert status == 201
    assert headers["Location"] == f"https://gateway.example/api/v1/exchanges/{body['exchangeId']}"
    assert (body["state"], bool(body["receipt"])) == ("held", True)


async def test_every_answer_is_signed_over_its_very_bytes(door):
    async with door.http.get("/api/v1/notifications", headers=bearer("XA/exchange")) as response:
        assert response.headers["Pouch-Signature"] == signed_words("XA", await response.read())
    async with door.http.get("/nowhere") as response:
        assert response.headers["Pouch-Signature"] == signed_words("XA", await response.read())


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=b", "multipart/related; boundary=b"])
async def test_documents_come_as_parts_after_the_json(door, kind):
    metadata, parts = deposit_body([listed()]), {"copy": PDF}
    if kind.startswith("multipart/related"):
        root = json.dumps(metadata).encode()
        body = b"--b\r\nContent-Type: application/json\r\n\r\n" + root
        body += b"\r\n--b\r\nContent-Type: application/pdf\r\nContent-ID: <copy>\r\n\r\n" + PDF + b"\r\n--b--\r\n"
        headers = {**bearer("XA/exchange"), "Content-Type": kind, "Pouch-Signature": signed_words("XA", root)}
        async with door.http.post("/api/v1/deposits", data=body, headers=headers) as response:
            status, answer = response.status, await response.json()
    else:
        status, answer = await send_form(door, metadata, parts, kind=kind)
    assert status == 201, answer
    assert list(door.line.documents.kept.values())[:1] == [PDF]


async def test_a_form_whose_first_part_is_no_json_is_refused(door):
    root, body = form(deposit_body([listed()]), {"copy": PDF})
    headers = {
        **bearer("XA/exchange"),
        "Content-Type": "multipart/form-data; boundary=b",
        "Pouch-Signature": signed_words("XA", root),
    }
    body = body.replace(b"application/json", b"text/plain", 1)
    async with door.http.post("/api/v1/deposits", data=body, headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (415, "1003")


@pytest.mark.parametrize(
    ("token", "code", "challenge"),
    [
        (None, "2013", 'Bearer realm="pouch"'),
        ("nonsense", "2014", 'Bearer realm="pouch", error="invalid_token"'),
        ("XA/operate", "2016", 'Bearer realm="pouch", error="insufficient_scope"'),
    ],
)
async def test_a_call_without_its_token_is_told_what_it_lacks(door, token, code, challenge):
    _, headers, body = await call(door, "POST", "/api/v1/deposits", deposit_body(), token=token)
    assert (body["code"], headers["WWW-Authenticate"]) == (code, challenge)
    assert not door.line.journal.exchanges


async def test_two_tokens_are_none(door):
    async with door.http.get(
        "/api/v1/notifications",
        headers=[("Authorization", "Bearer XA/exchange"), ("Authorization", "Bearer XB/exchange")],
    ) as response:
        assert (await response.json())["code"] == "2014"


@pytest.mark.parametrize("path", ["release", "correction", "replacement", "withdrawal"])
async def test_what_decides_a_document_s_fate_needs_a_signature_over_its_content(door, path):
    exchange = await deposited(door)
    _, _, body = await call(door, "POST", f"/api/v1/exchanges/{exchange}/{path}", {"header": header("m")}, proof=None)
    assert body["code"] == "2001"


async def test_a_deposit_needs_a_signature_over_its_metadata(door):
    _, _, body = await call(door, "POST", "/api/v1/deposits", deposit_body(), proof=None)
    assert body["code"] == "2001"
    status, body = await send_form(door, deposit_body([listed()]), {"copy": PDF}, proof=signed_words("XA", b"other"))
    assert (status, body["code"]) == (401, "2002")
    assert not door.line.journal.exchanges


async def test_the_signature_is_that_of_the_token_s_office(door):
    status, _, body = await call(door, "POST", "/api/v1/deposits", deposit_body(), proof="XB")
    assert (status, body["code"]) == (403, "2012")


async def test_two_signatures_are_too_many(door):
    payload = json.dumps(deposit_body()).encode()
    headers = [
        ("Authorization", "Bearer XA/exchange"),
        ("Content-Type", "application/json"),
        ("Pouch-Signature", signed_words("XA", payload)),
        ("Pouch-Signature", signed_words("XB", payload)),
    ]
    async with door.http.post("/api/v1/deposits", data=payload, headers=headers) as response:
        assert (await response.json())["code"] == "2003"


async def test_where_a_signature_is_optional_a_wrong_one_is_still_refused(door):
    status, _, _ = await call(door, "POST", "/api/v1/retrievals", RETRIEVAL, proof=None)
    assert status == 201
    headers = {**bearer("XA/exchange"), "Pouch-Signature": "XA-0000"}
    async with door.http.get("/api/v1/notifications", headers=headers) as response:
        assert (await response.json())["code"] == "2002"


@pytest.mark.parametrize("key", ["m-9", '"m-9"'])
async def test_the_idempotency_key_is_the_message_id(door, key):
    body = deposit_body(header={"sender": "XA", "receiver": "XA"})
    answers = [await call(door, "POST", "/api/v1/deposits", body, headers={"Idempotency-Key": key}) for _ in range(2)]
    assert [status for status, _, _ in answers] == [201, 201]
    assert answers[0][2] == answers[1][2]
    assert [message_id for _, _, message_id in door.line.journal.messages] == ["m-9"]


async def test_key_and_body_that_disagree_are_refused(door):
    _, _, body = await call(door, "POST", "/api/v1/deposits", deposit_body(), headers={"Idempotency-Key": "another"})
    assert (body["code"], body["place"]) == ("3005", "/header/messageId")


async def test_same_id_and_other_content_is_a_conflict(door):
    await deposited(door)
    other = deposit_body()
    other["application"]["number"] = "2026/000999"
    status, _, body = await call(door, "POST", "/api/v1/deposits", other)
    assert (status, body["code"]) == (409, "4001")
    assert len(door.line.journal.exchanges) == 1


@pytest.mark.parametrize("content_type", ["text/xml", "application/x-www-form-urlencoded", "", "text/plain"])
async def test_a_body_of_another_type_is_refused(door, content_type):
    status, _, body = await call(door, "POST", "/api/v1/retrievals", RETRIEVAL, headers={"Content-Type": content_type})
    assert (status, body["code"]) == (415, "1003")


async def test_only_calls_that_bring_documents_take_parts(door):
    _, body = await send_form(door, RETRIEVAL, {}, path="/api/v1/retrievals")
    assert body["code"] == "1003"


async def test_a_body_without_documents_is_small(door):
    large = {**RETRIEVAL, "x": "y" * 100_000}
    status, _, body = await call(door, "POST", "/api/v1/retrievals", large)
    assert (status, body["code"]) == (413, "1001")


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"application": None}, "3005", "/application"),
        ({"surprise": 1}, "3005", "/surprise"),
        ({"header": header(sender="XB")}, "2012", None),
        ({"header": header(receiver="ZZ")}, "3014", None),
        ({"header": header(receiver="XB")}, "4005", None),
        ({"documents": [listed()]}, "3010", "copy"),
        ({"documents": [{**listed(inline=True), "size": 5}]}, "3012", "copy"),
        ({"documents": [{**listed(inline=True), "sha256": "0" * 64}]}, "3013", "copy"),
        ({"documents": [{**listed(inline=True), "content": "a*b"}]}, "3019", "/documents/0/content"),
        ({"documents": [{**listed(inline=True), "certification": None}]}, "3021", "copy"),
        ({"documents": [listed(content=b"no PDF", inline=True)]}, "3020", "copy"),
    ],
)
async def test_bad_input_has_its_code_its_place_an_entry_and_no_effect(door, changes, code, place):
    _, _, body = await call(door, "POST", "/api/v1/deposits", deposit_body() | changes)
    assert (body["code"], body.get("place")) == (code, place)
    assert body["remedy"]
    assert door.line.journal.outcomes() == [code]
    assert not door.line.journal.exchanges


async def test_what_is_not_json_is_refused(door):
    headers = {**bearer("XA/exchange"), "Content-Type": "application/json", "Pouch-Signature": signed_words("XA", b"{")}
    async with door.http.post("/api/v1/deposits", data=b"{", headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (400, "3009")


@pytest.mark.parametrize(
    ("query", "place"),
    [("?limti=5", "query"), ("?limit=5&limit=6", "query"), ("?limit=0", "limit"), ("?limit=1e2", "limit")],
)
async def test_a_query_that_is_misspelt_is_not_lost(door, query, place):
    _, _, body = await call(door, "GET", f"/api/v1/notifications{query}")
    assert (body["code"], body["place"]) == ("3005", place)


async def test_who_may_ask_several_offices_says_which(door):
    _, _, body = await call(door, "GET", "/api/v1/notifications", token="XC/exchange")
    assert (body["code"], body["place"]) == ("3014", "receiver")
    status, headers, _ = await call(door, "GET", "/api/v1/notifications?receiver=XB", token="XC/exchange")
    assert (status, headers["Pouch-Signature"][:3]) == (200, "XB-")
    _, _, body = await call(door, "GET", "/api/v1/notifications?receiver=XB", token="XA/exchange")
    assert body["code"] == "4005"


async def test_a_person_s_calls_need_their_own_scope(door):
    exchange = await deposited(door)
    hold = {"header": header("m-hold"), "explanation": "asked by the applicant"}
    for method, path in (
        ("POST", f"/api/v1/exchanges/{exchange}/hold"),
        ("DELETE", f"/api/v1/exchanges/{exchange}/hold"),
        ("POST", "/api/v1/hold"),
        ("DELETE", "/api/v1/hold"),
        ("POST", f"/api/v1/exchanges/{exchange}/resend"),
    ):
        _, _, body = await call(door, method, path, hold, token="XA/exchange")
        assert body["code"] == "2016", path
