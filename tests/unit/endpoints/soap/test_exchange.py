"""SOAP requests from the socket to the line, in both versions, inline and as MTOM; and each way to be refused."""

import re

import pytest
from rehearsed_door import (
    PDF,
    SOAP11,
    SOAP12,
    deposited,
    envelope,
    inline,
    open_door,
    operation,
    post_soap,
    related,
    soap_deposit,
    soap_header,
    soap_listed,
)

from gateway.endpoints.door import Limits

INCLUDE = '<Content><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:{}"/></Content>'


def text(body: bytes, name: str) -> str | None:
    found = re.search(rf"<{name}>([^<]*)</{name}>", body.decode())
    return found and found[1]


@pytest.mark.parametrize(
    ("namespace", "content_type"), [(SOAP11, "text/xml; charset=utf-8"), (SOAP12, "application/soap+xml")]
)
async def test_a_deposit_is_recorded_and_answered_with_its_receipt(door, namespace, content_type):
    status, headers, body = await post_soap(
        door, envelope(soap_deposit(), namespace=namespace), content_type=content_type
    )
    assert status == 200
    assert headers["Content-Type"].partition(";")[0] == content_type.partition(";")[0]
    assert f'xmlns:soap="{namespace}"'.encode() in body
    assert b"<DepositPriorityDocumentResponse" in body
    assert text(body, "State") == "held"
    assert b">XA</Signed>" in body
    [exchange] = door.line.journal.exchanges
    assert text(body, "ExchangeId") == exchange
    assert list(door.line.documents.kept.values())[:1] == [PDF]


@pytest.mark.parametrize("soap", ["text/xml", "application/soap+xml"])
async def test_documents_come_as_parts(door, soap):
    namespace = SOAP11 if soap == "text/xml" else SOAP12
    root = envelope(soap_deposit(soap_listed(inner=INCLUDE.format("copy"))), namespace=namespace)
    content_type, body = related(root, {"copy": PDF}, soap=soap)
    status, headers, answer = await post_soap(door, body, content_type=content_type)
    assert (status, text(answer, "State")) == (200, "held")
    assert headers["Content-Type"].startswith(soap)


async def test_a_toolkit_may_name_its_parts_as_it_likes(door):
    root = envelope(soap_deposit(soap_listed(inner=INCLUDE.format("urn%3Auuid%3A1%40toolkit"))))
    content_type, body = related(root, {"urn:uuid:1@toolkit": PDF})
    status, _, answer = await post_soap(door, body, content_type=content_type)
    assert status == 200, answer


async def test_the_same_again_is_answered_with_the_same_receipt(door):
    answers = [await post_soap(door, envelope(soap_deposit())) for _ in range(2)]
    assert text(answers[0][2], "Receipt") == text(answers[1][2], "Receipt")
    assert len(door.line.journal.exchanges) == 1
    assert list(door.line.documents.kept.values()).count(PDF) == 1, "the bytes that came again are not kept twice"


async def test_large_xml_is_worked_on_like_small(door):
    large = PDF + b"x" * 100_000
    status, _, body = await post_soap(door, envelope(soap_deposit(soap_listed(content=large, inner=inline(large)))))
    assert status == 200, body


#: what is wrong -> (envelope, Reason code); none of it may have any effect
REFUSED = {
    "not XML": (b"no xml", "3001"),
    "a DOCTYPE": (b'<!DOCTYPE a [<!ENTITY b "c">]><a/>', "3002"),
    "no envelope": (b"<a/>", "3006"),
    "no signature": (envelope(soap_deposit(), signer=None), "2001"),
    "another office's certificate": (envelope(soap_deposit(), signer="XB"), "2012"),
    "an unknown hosted office": (envelope(soap_deposit(head=soap_header(receiver="ZZ"))), "3014"),
    "not its hosted office": (envelope(soap_deposit(head=soap_header(receiver="XB"))), "4005"),
    "a wrong namespace": (envelope(soap_deposit().replace("urn:pouch:exchange:1", "urn:other")), "3004"),
    "a schema violation": (
        envelope(soap_deposit().replace("<Right>", "<Wrong>").replace("</Right>", "</Wrong>")),
        "3005",
    ),
    "a malformed number": (envelope(soap_deposit(number="a b c")), "3015"),
    "a malformed date": (envelope(soap_deposit().replace("2026-10-01", "2026-13-01")), "3016"),
    "a date to come": (envelope(soap_deposit().replace("2026-10-01", "2027-10-01")), "3016"),
    "a document missing": (envelope(soap_deposit(soap_listed())), "3010"),
    "another size": (envelope(soap_deposit(soap_listed(inner=inline(PDF + b"!")))), "3012"),
    "another digest": (envelope(soap_deposit(soap_listed(inner=inline(PDF[:-1] + b"!")))), "3013"),
    "no base64": (envelope(soap_deposit(soap_listed(inner="<Content>a*b</Content>"))), "3019"),
    "an address to fetch": (
        envelope(soap_deposit(soap_listed(inner=INCLUDE.format("").replace("cid:", "http://10.0.0.1/")))),
        "3019",
    ),
    "an unknown header to understand": (
        envelope(
            soap_deposit(),
            headers=f'<a:ReplyTo xmlns:a="urn:a" xmlns:s="{SOAP11}" s:mustUnderstand="1">http://10.0.0.1/</a:ReplyTo>',
        ),
        "3008",
    ),
}


@pytest.mark.parametrize("wrong", REFUSED)
async def test_bad_input_has_its_code_an_entry_and_no_effect(door, wrong):
    body, code = REFUSED[wrong]
    status, headers, answer = await post_soap(door, body)
    assert (text(answer, "Code"), status) == (code, 500)
    assert text(answer, "Remedy")
    assert headers["Content-Type"].startswith("text/xml")
    assert b">XA</Signed>" in answer or b">XB</Signed>" in answer
    assert door.line.journal.outcomes() == [code]
    assert not door.line.journal.exchanges
    assert not door.line.journal.messages


async def test_a_part_too_many_is_refused_and_no_part_is_kept(door):
    root = envelope(soap_deposit(soap_listed(inner=INCLUDE.format("copy"))))
    content_type, body = related(root, {"copy": PDF, "another": PDF})
    _, _, answer = await post_soap(door, body, content_type=content_type)
    assert text(answer, "Code") == "3011"
    assert not door.line.journal.exchanges


async def test_the_root_is_judged_before_any_part_is_read(door):
    root = envelope(soap_deposit(soap_listed(inner=INCLUDE.format("copy"))), signer=None)
    content_type, body = related(root, {"copy": b"x" * 200_000})
    _, _, answer = await post_soap(door, body, content_type=content_type)
    assert text(answer, "Code") == "2001"
    assert not door.line.documents.kept
    assert not door.line.documents.discarded


async def test_the_same_id_with_other_content_is_a_conflict(door):
    await post_soap(door, envelope(soap_deposit()))
    _, _, answer = await post_soap(door, envelope(soap_deposit(number="2026/000999")))
    assert text(answer, "Code") == "4001"
    assert len(door.line.journal.exchanges) == 1
    assert list(door.line.documents.kept.values()).count(PDF) == 1, "what was refused is not kept"


@pytest.mark.parametrize("action", ['"urn:pouch:exchange:1:ReleaseDocument"', "nonsense"])
async def test_an_action_that_names_something_else_is_refused(door, action):
    _, _, answer = await post_soap(door, envelope(soap_deposit()), headers={"SOAPAction": action})
    assert text(answer, "Code") == "3007"
    assert not door.line.journal.exchanges


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/xml; charset=utf-16", "", "multipart/mixed; boundary=b"]
)
async def test_another_media_type_is_refused(door, content_type):
    status, _, answer = await post_soap(door, envelope(soap_deposit()), content_type=content_type)
    assert (status, text(answer, "Code")) == (415, "1003")


async def test_faults_of_version_two_have_their_own_form_and_status(door):
    body = envelope(soap_deposit(number="a b c"), namespace=SOAP12)
    status, headers, answer = await post_soap(door, body, content_type="application/soap+xml")
    assert status == 400
    assert headers["Content-Type"].startswith("application/soap+xml")
    assert b"<soap:Value>soap:Sender</soap:Value>" in answer


async def test_an_envelope_alone_may_not_be_as_large_as_a_message_with_parts():
    async with open_door(limits=Limits(inline=1000, body=1 << 20)) as door:
        status, _, answer = await post_soap(door, envelope(soap_deposit() + " " * 3000))
        assert (status, text(answer, "Code")) == (413, "1001")


async def test_a_refusal_names_the_exchange_it_is_about(door):
    exchange = await deposited(door)
    correction = operation(
        "CorrectRegistration",
        f"{soap_header('m-2')}<ExchangeId>{exchange}</ExchangeId><FilingDate>2030-01-01</FilingDate>"
        "<Explanation>typing error</Explanation>",
    )
    _, _, answer = await post_soap(door, envelope(correction))
    assert (text(answer, "Code"), text(answer, "ExchangeId")) == ("3016", exchange)


async def test_who_may_ask_for_several_offices_is_answered_by_the_one_it_asked(door):
    status_of = operation("PollExchanges", soap_header("m-3", "XC", "XB"))
    _, _, answer = await post_soap(door, envelope(status_of, signer="XC"))
    assert b">XB</Signed>" in answer
