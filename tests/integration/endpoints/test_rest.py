"""The REST door with real tokens and signatures: what an office's own system does all day, and how it goes wrong."""

import hashlib
import json

import pytest
from real_door import PDF, hours, rest_deposit, soap_deposit, soap_header

from gateway.client import CallFailed, Outbound
from pki.jws import sign_detached, verify_detached

APPLICATION = {"officeCode": "XA", "right": "patent", "number": "2026/000123", "filingDate": "2026-10-01"}
CERTIFICATION = {
    "certifiedBy": "XA",
    "form": "digitally-signed",
    "certifiedOn": "2026-11-01",
    "filingDateCertified": True,
}


async def test_an_office_s_own_system_does_its_day_s_work(door, tmp_path):
    """`gateway.client` verifies the signature of every answer it takes."""
    large = PDF + bytes(range(256)) * 4000
    path = tmp_path / "copy.pdf"
    path.write_bytes(large)
    copy = Outbound(
        content_id="copy", path=path, role="certified-copy", media_type="application/pdf", certification=CERTIFICATION
    )
    async with door.client() as client:
        registration = {"hosting": "bureau", "codeIssuer": "bureau", "applicantEmail": "applicant@example.org"}
        deposited = await client.deposit(APPLICATION, [copy], registration=registration)
        assert (deposited.status, deposited.body["state"]) == (201, "held")
        exchange = deposited.body["exchangeId"]
        corrected = await client.correct(exchange, "2026-10-02", "typing error")
        assert corrected.body["exchangeId"] == exchange
        path.write_bytes(large + b"page 2")
        await client.replace(exchange, [copy], "page missing")
        status = (await client.status(exchange)).body
        assert (status["version"], status["application"]["filingDate"]) == (3, "2026-10-02")
        package = (await client.package(exchange)).body
        assert [document["sha256"] for document in package["documents"]] == [
            hashlib.sha256(large + b"page 2").hexdigest()
        ]
        digest = await client.fetch_document(exchange, "copy", tmp_path / "fetched.pdf")
        assert digest == package["documents"][0]["sha256"]
        await client.hold(exchange, "asked by the applicant")
        assert (await client.status(exchange)).body["onHold"] is True
        await client.hold(exchange, "settled", lift=True)
        withdrawn = await client.withdraw(exchange, "registered-in-error")
        assert withdrawn.body["state"] == "withdrawn"
        assert (await client.poll()).body == {"notifications": []}
        with pytest.raises(CallFailed) as refused:
            await client.withdraw(exchange, "registered-in-error")
        assert refused.value.code == "4004"
    kinds = [leaf["kind"] for leaf in await door.ledger()]
    assert kinds == [
        "deposited", "corrected", "replaced", "fetched", "fetched", "stopped", "resumed", "withdrawn", "refused",
    ]  # fmt: skip


async def test_the_same_again_is_the_same_receipt(door):
    body = rest_deposit(door)
    first = await door.call("POST", "/api/v1/deposits", body)
    again = await door.call("POST", "/api/v1/deposits", body)
    assert first[2] == again[2]
    assert await door.effects() == {"exchange": 1, "message": 1, "document": 1}


async def test_soap_and_rest_are_one_message_space(door):
    body = rest_deposit(door)
    _, _, first = await door.call("POST", "/api/v1/deposits", body)
    header = soap_header(body["header"]["messageId"])
    status, _, answer = await door.post(door.signed(soap_deposit(header=header)))
    assert status == 200
    assert first["receipt"].encode() in answer


async def test_the_list_and_the_notifications_are_told(door):
    _, _, deposited = await door.call("POST", "/api/v1/deposits", rest_deposit(door))
    _, headers, listed = await door.call("GET", "/api/v1/exchanges?state=held")
    assert [each["exchangeId"] for each in listed["exchanges"]] == [deposited["exchangeId"]]
    assert verify_detached(headers["Pouch-Signature"], b"", trust=door.trust, now=hours(0)).office is None
    query = "officeCode=XA&right=patent&number=XA%202026%2F000123"
    _, _, found = await door.call("GET", f"/api/v1/exchanges?{query}")
    assert len(found["exchanges"]) == 1
    _, _, none = await door.call("GET", f"/api/v1/exchanges?{query}9")
    assert none == {"exchanges": []}


#: what is wrong -> (how the call differs, Reason code)
ROWS = {
    "no signature": ({"proof": None}, "2001"),
    "another office's signature": ({"proof": "XB"}, "2012"),
    "nobody's signature": ({"proof": "nobody"}, "2010"),
    "no token of ours": ({"token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4YS1zeXN0ZW0ifQ."}, "2014"),
    "no JSON": ({"body": b"{"}, "3009"),
    "a member twice": ({"body": b'{"header":1,"header":2}'}, "3005"),
    "compressed": ({"headers": {"Content-Encoding": "gzip"}}, "1003"),
    "another type": ({"headers": {"Content-Type": "text/plain"}}, "1003"),
    "an unknown office": ({"change": {"application": {**APPLICATION, "officeCode": "xa"}}}, "3014"),
    "a malformed number": ({"change": {"application": {**APPLICATION, "number": "?"}}}, "3015"),
    "a malformed date": ({"change": {"application": {**APPLICATION, "filingDate": "2026-02-30"}}}, "3016"),
    "no address for a code of the Bureau": (
        {"change": {"registration": {"hosting": "bureau", "codeIssuer": "bureau"}}},
        "3023",
    ),
    "a right that is not agreed": ({"change": {"application": {**APPLICATION, "right": "design"}}}, "3018"),
    "an unknown member": ({"change": {"surprise": True}}, "3005"),
}


@pytest.mark.parametrize("wrong", ROWS)
async def test_bad_input_has_its_code_an_entry_and_no_effect(door, wrong):
    choices, code = ROWS[wrong]
    body = choices.get("body") or {**rest_deposit(door), **choices.get("change", {})}
    rest = {name: value for name, value in choices.items() if name not in ("body", "change")}
    _, headers, answer = await door.call("POST", "/api/v1/deposits", body, **rest)
    assert answer["code"] == code
    assert answer["remedy"]
    assert "Pouch-Signature" in headers
    assert [leaf["outcome"] for leaf in await door.ledger()] == [code]
    assert await door.effects() == {}


async def test_every_answer_is_signed_over_its_bytes(door):
    token = await door.token()
    for path in ("/api/v1/notifications", "/api/v1/exchanges/1", "/nowhere", "/api/v1/openapi.json"):
        async with door.http.get(path, headers={"Authorization": f"Bearer {token}"}) as response:
            signature, body = response.headers["Pouch-Signature"], await response.read()
        assert verify_detached(signature, body, trust=door.trust, now=hours(0)).office == "XA", path


async def test_an_assertion_is_good_for_one_token_in_every_worker(door):
    first = await door.token(jti="once")
    assert first.count(".") == 2
    assert "2015" in await door.token(jti="once")
    assert "2015" in await door.token(signer="nobody")
    assert "2015" in await door.token(client="unknown")


async def test_a_signature_over_other_bytes_is_refused(door):
    payload = json.dumps(rest_deposit(door)).encode()
    headers = {
        "Authorization": f"Bearer {await door.token()}",
        "Content-Type": "application/json",
        "Pouch-Signature": sign_detached(payload + b" ", key=door.keys["XA"]),
    }
    async with door.http.post("/api/v1/deposits", data=payload, headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (401, "2002")
    assert await door.effects() == {}
