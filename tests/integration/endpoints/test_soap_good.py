"""Good messages at the SOAP door, with real signatures both ways, on a real database."""

import base64
import email
import email.policy
import hashlib
import re

import pytest
from lxml import etree
from real_door import (
    PDF,
    SOAP11,
    SOAP12,
    hours,
    included,
    open_real_door,
    operation,
    related,
    soap_deposit,
    soap_document,
    soap_header,
)

from gateway.endpoints.door import Limits
from gateway.wire import xml
from gateway.wire.receipt import read_receipt
from pki.wss import verify
from pki.xmldsig import verify_enveloped


def text(body: bytes, name: str) -> str:
    return re.search(rf"<{name}>([^<]*)</{name}>", body.decode())[1]


def receipt_of(door, body: bytes) -> bytes:
    """The receipt in an answer whose envelope XA's gateway signed; the receipt is signed by itself."""
    signed = verify(etree.fromstring(body), trust=door.trust, now=hours(0))
    assert signed.office == "XA", signed.verdict.explanation
    receipt = base64.b64decode(text(body, "Receipt"))
    verdict, _ = verify_enveloped(receipt, trust=door.trust, now=hours(0))
    assert verdict.passed, verdict.explanation
    return receipt


@pytest.mark.parametrize(("namespace", "media"), [(SOAP11, "text/xml"), (SOAP12, "application/soap+xml")])
@pytest.mark.parametrize("as_part", [False, True])
async def test_a_deposit_is_answered_with_a_signed_receipt_in_a_signed_envelope(door, namespace, media, as_part):
    if as_part:
        root = door.signed(soap_deposit(soap_document(inner=included())), namespace=namespace)
        content_type, body = related(root, {"copy": PDF}, soap=media)
    else:
        content_type, body = media, door.signed(soap_deposit(), namespace=namespace)
    status, _, answer = await door.post(body, content_type=content_type)
    assert status == 200, answer
    receipt = read_receipt(xml.parse(receipt_of(door, answer)))
    assert (receipt.sender, receipt.issuer, receipt.message_id) == ("XA", "XA", "m-soap")
    assert receipt.documents[0].sha256 == hashlib.sha256(PDF).digest()
    [leaf] = await door.ledger()
    assert leaf["id"] == receipt.entry_id
    assert await door.effects() == {"exchange": 1, "message": 1, "document": 1}


async def test_an_honest_repeat_gets_the_same_receipt_in_a_fresh_envelope(door):
    first = await door.post(door.signed(soap_deposit()))
    again = await door.post(door.signed(soap_deposit(), at=hours(0)))
    assert first[2] != again[2]
    assert receipt_of(door, first[2]) == receipt_of(door, again[2])
    assert await door.effects() == {"exchange": 1, "message": 1, "document": 1}
    assert len(await door.ledger()) == 1


async def test_a_repeat_in_another_wrapping_is_the_same_message(door):
    first = await door.post(door.signed(soap_deposit()))
    root = door.signed(soap_deposit(soap_document(inner=included())), namespace=SOAP12)
    content_type, body = related(root, {"copy": PDF}, soap="application/soap+xml")
    again = await door.post(body, content_type=content_type)
    assert receipt_of(door, first[2]) == receipt_of(door, again[2])


async def test_a_document_is_given_back_untouched_inline(door):
    _, _, answer = await door.post(door.signed(soap_deposit()))
    fetch = operation("FetchPackage", f"{soap_header('m-2')}<ExchangeId>{text(answer, 'ExchangeId')}</ExchangeId>")
    status, _, package = await door.post(door.signed(fetch))
    assert (status, base64.b64decode(text(package, "Content"))) == (200, PDF)
    assert [leaf["kind"] for leaf in await door.ledger()] == ["deposited", "fetched"]


async def test_a_large_document_is_given_back_untouched_as_a_part(database, tmp_path):
    large = PDF + bytes(range(256)) * 4000
    async with open_real_door(tmp_path / "xa", database.app, limits=Limits(inline=100_000)) as door:
        root = door.signed(soap_deposit(soap_document(large, inner=included())))
        content_type, body = related(root, {"copy": large})
        status, _, answer = await door.post(body, content_type=content_type)
        assert status == 200, answer
        assert (await door.effects())["files"] == 1
        fetch = operation("FetchPackage", f"{soap_header('m-2')}<ExchangeId>{text(answer, 'ExchangeId')}</ExchangeId>")
        status, headers, package = await door.post(door.signed(fetch))
        message = email.message_from_bytes(
            b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + package, policy=email.policy.HTTP
        )
        envelope, part = (each.get_payload(decode=True) for each in message.iter_parts())
        assert part == large
        assert verify(etree.fromstring(envelope), trust=door.trust, now=hours(0)).office == "XA"


async def test_decisions_release_and_the_status_says_so(door):
    _, _, answer = await door.post(door.signed(soap_deposit()))
    exchange = text(answer, "ExchangeId")
    decisions = "".join(
        f"<Decision><Condition>{condition}</Condition><Outcome>given</Outcome><By>desk</By><Basis>form 1</Basis>"
        "<DecidedAt>2026-11-01T12:00:00Z</DecidedAt></Decision>"
        for condition in ("applicant-request", "formalities", "secrecy", "fee")
    )
    release = operation(
        "ReleaseDocument",
        f"{soap_header('m-2')}<ExchangeId>{exchange}</ExchangeId><Decisions>{decisions}</Decisions>",
    )
    status, _, answer = await door.post(door.signed(release))
    assert status == 200, answer
    _, _, told = await door.post(
        door.signed(operation("GetExchangeStatus", f"{soap_header('m-3')}<ExchangeId>{exchange}</ExchangeId>"))
    )
    assert told.count(b"<Decision>") == 4
    assert await door.effects() == {"exchange": 1, "message": 2, "document": 1, "decision": 4, "transmission": 1}


async def test_another_office_sees_nothing_of_it(door):
    _, _, answer = await door.post(door.signed(soap_deposit()))
    ask = operation(
        "GetExchangeStatus",
        f"{soap_header('m-2', sender='XB')}<ExchangeId>{text(answer, 'ExchangeId')}</ExchangeId>",
    )
    _, _, fault = await door.post(door.signed(ask, signer="XB"))
    assert text(fault, "Code") == "4002"


async def test_the_wsdl_is_served_under_the_public_address(door):
    async with door.http.get("/soap/exchange?wsdl") as response:
        assert f'location="{door.url}/soap/exchange"' in await response.text()
