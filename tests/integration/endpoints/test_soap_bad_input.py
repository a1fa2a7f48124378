"""Bad input at the SOAP door, one row each: its code, a signed fault with a remedy, a ledger entry, and no effect."""

import asyncio
import re
import ssl
from collections.abc import Callable

import pytest
from lxml import etree
from real_door import (
    PDF,
    SOAP11,
    RealDoor,
    hours,
    included,
    open_real_door,
    operation,
    related,
    soap_deposit,
    soap_document,
    soap_header,
    unsigned,
)

from gateway.endpoints.door import Limits
from pki.wss import verify

Spoil = Callable[[RealDoor], bytes]
DS = "http://www.w3.org/2000/09/xmldsig#"
RETRIEVAL = operation(
    "RequestPriorityDocument",
    f"{soap_header()}<Application><OfficeCode>XB</OfficeCode><Right>patent</Right><Number>2026/1</Number>"
    "<FilingDate>2026-10-01</FilingDate></Application><AccessCode>{}</AccessCode>",
)


def signed(content: str, **choices) -> Spoil:
    return lambda door: door.signed(content, **choices)


def spoiled(change: Callable[[etree._Element], None]) -> Spoil:
    """A good deposit, spoiled after it was signed."""

    def make(door: RealDoor) -> bytes:
        root = etree.fromstring(door.signed(soap_deposit()))
        change(root)
        return etree.tostring(root)

    return make


def second_signature(root: etree._Element) -> None:
    signature = next(root.iter(f"{{{DS}}}Signature"))
    signature.addnext(etree.fromstring(etree.tostring(signature)))


def other_transform(root: etree._Element) -> None:
    for transform in root.iter(f"{{{DS}}}Transform"):
        transform.set("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")


def body_not_covered(root: etree._Element) -> None:
    references = list(root.iter(f"{{{DS}}}Reference"))
    body = next(reference for reference in references if "body" in reference.get("URI"))
    body.getparent().remove(body)


def other_content(root: etree._Element) -> None:
    next(root.iter("{urn:pouch:exchange:1}Number")).text = "2026/000124"


def header_to_understand(door: RealDoor) -> bytes:
    block = f'<a:To xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:s="{SOAP11}" s:mustUnderstand="1">x</a:To>'
    return door.signed(soap_deposit(), headers=block)


#: what is wrong -> (message, Reason code)
ROWS: dict[str, tuple[Spoil, str]] = {
    "not XML": (lambda door: b"%PDF-1.7", "3001"),
    "truncated XML": (lambda door: door.signed(soap_deposit())[:-20], "3001"),
    "a DOCTYPE": (lambda door: b"<!DOCTYPE x>" + door.signed(soap_deposit()), "3002"),
    "entities": (lambda door: b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "3002"),
    "a wrong namespace": (signed(soap_deposit().replace("urn:pouch:exchange:1", "urn:other:1")), "3004"),
    "a schema violation": (signed(soap_deposit().replace("<Number>", "<Extra/><Number>")), "3005"),
    "no signature": (lambda door: unsigned(soap_deposit()), "2001"),
    "an expired message": (signed(soap_deposit(), at=hours(-3)), "2008"),
    "a message of the future": (signed(soap_deposit(), at=hours(3)), "2009"),
    "a certificate nobody agreed": (signed(soap_deposit(), signer="nobody"), "2010"),
    "another office's certificate": (signed(soap_deposit(), signer="XB"), "2012"),
    "two signatures": (spoiled(second_signature), "2003"),
    "a transform not on the list": (spoiled(other_transform), "2004"),
    "a body that is not covered": (spoiled(body_not_covered), "2005"),
    "a body changed after signing": (spoiled(other_content), "2002"),
    "a document missing": (signed(soap_deposit(soap_document(inner=""))), "3010"),
    "a document twice": (signed(soap_deposit(soap_document() * 2)), "3011"),
    "a document of another size": (signed(soap_deposit(soap_document(PDF, listed=PDF + b"!"))), "3012"),
    "a document longer than listed": (signed(soap_deposit(soap_document(PDF + b"!", listed=PDF))), "3012"),
    "a document of another digest": (signed(soap_deposit(soap_document(PDF[:-1] + b"!", listed=PDF))), "3013"),
    "an unknown hosted office": (signed(soap_deposit(header=soap_header(receiver="ZZ"))), "3014"),
    "an office code that is none": (signed(soap_deposit(office="xa")), "3014"),
    "another office's application": (signed(soap_deposit(office="XB")), "4005"),
    "a malformed number": (signed(soap_deposit(number="\N{SNOWMAN}")), "3015"),
    "a malformed date": (signed(soap_deposit(filing_date="2026-02-30")), "3016"),
    "a date to come": (signed(soap_deposit(filing_date="2099-01-01")), "3016"),
    "a malformed access code": (signed(RETRIEVAL.format("8B0")), "3017"),
    "a right the agreement does not allow": (signed(soap_deposit(right="trademark")), "3018"),
    "a type its bytes are not of": (signed(soap_deposit(soap_document(b"no PDF at all"))), "3020"),
    "no address for a code of the Bureau": (signed(soap_deposit(email="")), "3023"),
    "an empty document": (signed(soap_deposit(soap_document(b""))), "3022"),
    "a header nobody understands": (header_to_understand, "3008"),
    "two operations": (signed(soap_deposit() * 2), "3006"),
    "no such exchange": (
        signed(
            operation(
                "GetExchangeStatus",
                f"{soap_header()}<ExchangeId>00000000-0000-7000-8000-000000000000</ExchangeId>",
            )
        ),
        "4002",
    ),
}


def text(fault: bytes, name: str) -> str | None:
    found = re.search(rf"<{name}>([^<]*)</{name}>", fault.decode())
    return found and found[1]


async def check(door: RealDoor, answer, code: str) -> bytes:
    """The code and remedy are told, the fault is signed by XA, the ledger has one entry, nothing else happened."""
    status, _, fault = answer
    assert text(fault, "Code") == code, fault
    assert status in (400, 408, 413, 415, 500, 503)
    assert text(fault, "Remedy")
    verdict = verify(etree.fromstring(fault), trust=door.trust, now=hours(0))
    assert verdict.office == "XA", verdict.verdict.explanation
    assert [leaf["outcome"] for leaf in await door.ledger()] == [code]
    assert await door.effects() == {}
    return fault


@pytest.mark.parametrize("wrong", ROWS)
async def test_bad_input_has_its_code_an_entry_and_no_effect(door, wrong):
    make, code = ROWS[wrong]
    await check(door, await door.post(make(door)), code)


async def test_a_schema_violation_names_the_place(door):
    fault = await check(door, await door.post(ROWS["a schema violation"][0](door)), "3005")
    assert text(fault, "Place") == "/Envelope/Body/DepositPriorityDocument/Application/Extra"


async def test_an_action_of_another_operation_is_refused(door):
    action = {"SOAPAction": '"urn:pouch:exchange:1:PollExchanges"'}
    await check(door, await door.post(door.signed(soap_deposit()), headers=action), "3007")


async def test_a_part_that_is_not_listed_is_refused(door):
    root = door.signed(soap_deposit(soap_document(inner=included())))
    content_type, body = related(root, {"copy": PDF, "stowaway": PDF})
    await check(door, await door.post(body, content_type=content_type), "3011")


async def test_a_part_with_other_bytes_is_refused(door):
    root = door.signed(soap_deposit(soap_document(inner=included())))
    content_type, body = related(root, {"copy": PDF[:-1] + b"!"})
    await check(door, await door.post(body, content_type=content_type), "3013")


async def test_what_a_large_part_with_other_bytes_leaves_on_the_disk_is_swept(door):
    large = PDF + bytes(1_000_000)
    root = door.signed(soap_deposit(soap_document(large, inner=included())))
    content_type, body = related(root, {"copy": large[:-1] + b"!"})
    _, _, fault = await door.post(body, content_type=content_type)
    assert text(fault, "Code") == "3013"
    assert set(await door.effects()) <= {"files"}

    async def none(addresses):
        return set()

    await door.gateway.documents.sweep(none, older_than=hours(1))
    assert await door.effects() == {}


async def test_a_message_without_its_end_is_refused(door):
    root = door.signed(soap_deposit(soap_document(inner=included())))
    content_type, body = related(root, {"copy": PDF})
    await check(door, await door.post(body[:-6], content_type=content_type), "1004")


async def test_the_signature_is_judged_before_any_document_is_read(door):
    root = door.signed(soap_deposit(soap_document(inner=included())), signer="nobody")
    content_type, body = related(root, {"copy": PDF})
    await check(door, await door.post(body, content_type=content_type), "2010")


async def test_same_id_with_other_content_is_a_conflict(door):
    status, _, _ = await door.post(door.signed(soap_deposit()))
    assert status == 200
    before = await door.effects()
    _, _, fault = await door.post(door.signed(soap_deposit(number="2026/000124")))
    assert text(fault, "Code") == "4001"
    assert await door.effects() == before
    assert [leaf["outcome"] for leaf in await door.ledger()] == ["done", "4001"]


async def test_a_second_deposit_of_the_same_document_is_refused(door):
    await door.post(door.signed(soap_deposit()))
    before = await door.effects()
    _, _, fault = await door.post(door.signed(soap_deposit(header=soap_header("m-other"))))
    assert text(fault, "Code") == "4006"
    assert await door.effects() == before


async def test_strangers_fill_no_ledger(door):
    most = door.gateway.settings.front_door.refusals_per_minute
    for _ in range(most + 5):
        await door.post(b"<")
    assert len(await door.ledger()) == most


async def test_a_client_that_goes_away_in_the_middle_of_a_document_leaves_nothing(door):
    large = PDF + bytes(2_000_000)
    root = door.signed(soap_deposit(soap_document(large, inner=included())))
    content_type, body = related(root, {"copy": large})
    head = (
        f"POST /soap/exchange HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    context = ssl.create_default_context(cafile=str(door.folder / "keys" / "ca.pem"))
    _, writer = await asyncio.open_connection("127.0.0.1", door.port, ssl=context)
    writer.write(head.encode() + body[:1_500_000])
    await writer.drain()
    writer.transport.abort()
    async with asyncio.timeout(10):
        while not await door.ledger():
            pass
    assert await door.presence.leave(grace=10)
    assert [(leaf["actor"], leaf["outcome"]) for leaf in await door.ledger()] == [("XA", "1002")]
    assert await door.effects() == {}


async def test_a_body_over_the_limit_is_refused_while_it_comes(database, tmp_path):
    async with open_real_door(tmp_path / "xa", database.app, limits=Limits(inline=20_000, body=300_000)) as door:
        large = PDF + bytes(400_000)
        root = door.signed(soap_deposit(soap_document(large, inner=included())))
        content_type, body = related(root, {"copy": large})

        async def unannounced():
            for start in range(0, len(body), 50_000):
                yield body[start : start + 50_000]

        for sent in (body, unannounced()):
            status, _, fault = await door.post(sent, content_type=content_type)
            assert (status, text(fault, "Code")) == (413, "1001")
        assert set(await door.effects()) == set()
