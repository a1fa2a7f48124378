"""JSON requests: the same core values as by SOAP, and the same Reasons for the same mistakes."""

import json

import pytest

from gateway.core.document import Publication
from gateway.core.reason import Reason, Refused
from gateway.core.request import Hold, Hosting, Issuer, Resend, payload_digest
from gateway.wire import rest_requests
from gateway.wire.rest_requests import decode_deposit, decode_hold, read_head

AN_ID = "01920000-0000-7000-8000-000000000001"
DECODERS = {
    "DepositPriorityDocument": (rest_requests.decode_deposit,),
    "ReleaseDocument": (rest_requests.decode_release, AN_ID),
    "CorrectRegistration": (rest_requests.decode_correction, AN_ID),
    "ReplaceDocument": (rest_requests.decode_replacement, AN_ID),
    "WithdrawPriorityDocument": (rest_requests.decode_withdrawal, AN_ID),
    "RequestPriorityDocument": (rest_requests.decode_retrieval,),
    "ConfirmExchange": (rest_requests.decode_confirmation, AN_ID),
    "HoldExchange": (rest_requests.decode_hold, AN_ID),
    "ResendExchange": (rest_requests.decode_resend, AN_ID),
}


def decode(operation: str, body: bytes, **options):
    decoder, *address = DECODERS[operation]
    return decoder(body, *address, **options)


def refusal(operation: str, body: bytes, **options) -> tuple[Reason, str | None]:
    with pytest.raises(Refused) as caught:
        decode(operation, body, **options)
    return caught.value.reason, caught.value.place


@pytest.fixture
def change(requests_as_json):
    """Give a complete body with the value at a JSON pointer replaced, or removed by `...`."""

    def made(operation: str, pointer: str, value) -> bytes:
        body = json.loads(requests_as_json[operation])
        *steps, last = [int(step) if step.isdigit() else step for step in pointer.split("/")[1:]]
        node = body
        for step in steps:
            node = node[step]
        if value is ...:
            del node[last]
        else:
            node[last] = value
        return json.dumps(body).encode()

    return made


def test_every_golden_body_has_its_decoder(requests_as_json) -> None:
    assert set(requests_as_json) == set(DECODERS)


@pytest.mark.parametrize("operation", list(DECODERS)[:7])
def test_json_says_what_xml_says(operation: str, requests_as_json, requests_of_the_core) -> None:
    request = decode(operation, requests_as_json[operation])
    assert request == requests_of_the_core[operation]
    assert payload_digest(request) == payload_digest(requests_of_the_core[operation])


def test_what_only_rest_has(requests_as_json, requests_of_the_core) -> None:
    head = requests_of_the_core["FetchPackage"].head
    assert decode("HoldExchange", requests_as_json["HoldExchange"]) == Hold(
        head=head, exchange_id=AN_ID, explanation="Secrecy order received."
    )
    assert decode_hold(requests_as_json["HoldExchange"], None).exchange_id is None
    assert decode("ResendExchange", requests_as_json["ResendExchange"]) == Resend(head=head, exchange_id=AN_ID)


def test_least_deposit(change) -> None:
    deposit = decode_deposit(change("DepositPriorityDocument", "/registration", ...))
    assert (deposit.hosting, deposit.code_issuer, deposit.applicant_email) == (Hosting.BUREAU, Issuer.BUREAU, None)
    deposit = decode_deposit(change("DepositPriorityDocument", "/publicationState", ...))
    assert deposit.publication is Publication.UNPUBLISHED


def test_message_id_may_come_as_the_idempotency_key(change, requests_as_json) -> None:
    without = change("ConfirmExchange", "/header/messageId", ...)
    assert decode("ConfirmExchange", without, key="key-1").head.message_id == "key-1"
    whole = requests_as_json["ConfirmExchange"]
    assert decode("ConfirmExchange", whole, key="xa-2026-000017").head.message_id == "xa-2026-000017"
    place = "/header/messageId"
    assert refusal("ConfirmExchange", whole, key="other") == (Reason.SCHEMA_VIOLATION, place)
    assert refusal("ConfirmExchange", without) == (Reason.SCHEMA_VIOLATION, place)
    assert refusal("ConfirmExchange", without, key="a b") == (Reason.SCHEMA_VIOLATION, "Idempotency-Key")


def test_head_of_a_call_without_body() -> None:
    head = read_head("m-1", "XA", "XB")
    assert (head.message_id, head.sender, head.hosted) == ("m-1", "XA", "XB")
    for message_id, sender, reason in (
        (None, "XA", Reason.SCHEMA_VIOLATION),
        ("m-1\n", "XA", Reason.SCHEMA_VIOLATION),
        ("m-1", "xa", Reason.OFFICE_UNKNOWN),
    ):
        with pytest.raises(Refused) as caught:
            read_head(message_id, sender, "XB")
        assert caught.value.reason is reason


@pytest.mark.parametrize("address", ["", "1", AN_ID.upper().replace("0", "A"), AN_ID + "\n", "../" + AN_ID])
def test_addresses_that_cannot_exist(requests_as_json, address: str) -> None:
    with pytest.raises(Refused) as caught:
        rest_requests.decode_release(requests_as_json["ReleaseDocument"], address)
    assert caught.value.reason is Reason.EXCHANGE_UNKNOWN
    with pytest.raises(Refused) as caught:
        rest_requests.decode_confirmation(requests_as_json["ConfirmExchange"], address)
    assert caught.value.reason is Reason.NOTIFICATION_UNKNOWN


@pytest.mark.parametrize(
    ("operation", "pointer", "value", "reason"),
    [
        ("DepositPriorityDocument", "/header", ..., Reason.SCHEMA_VIOLATION),
        ("DepositPriorityDocument", "/header/sender", "xa", Reason.OFFICE_UNKNOWN),
        ("DepositPriorityDocument", "/header/sender", "XA\n", Reason.OFFICE_UNKNOWN),
        ("DepositPriorityDocument", "/header/messageId", "m\n", Reason.SCHEMA_VIOLATION),
        ("DepositPriorityDocument", "/header/unknown", 1, Reason.SCHEMA_VIOLATION),
        ("DepositPriorityDocument", "/application/officeCode", "?", Reason.OFFICE_UNKNOWN),
        ("DepositPriorityDocument", "/application/number", "1" * 65, Reason.NUMBER_MALFORMED),
        ("DepositPriorityDocument", "/application/number", "1\u0000", Reason.NUMBER_MALFORMED),
        ("DepositPriorityDocument", "/application/number", 17, Reason.NUMBER_MALFORMED),
        ("DepositPriorityDocument", "/application/filingDate", "2026-02-29", Reason.DATE_MALFORMED),
        ("DepositPriorityDocument", "/application/filingDate", "28.2.2026", Reason.DATE_MALFORMED),
        ("DepositPriorityDocument", "/application/filingDate", ..., Reason.SCHEMA_VIOLATION),
        ("DepositPriorityDocument", "/application/right", "copyright", Reason.SCHEMA_VIOLATION),
        ("DepositPriorityDocument", "/documents", [], Reason.SCHEMA_VIOLATION),
        ("DepositPriorityDocument", "/documents/0/role", "registration-certificate", Reason.SCHEMA_VIOLATION),
        ("DepositPriorityDocument", "/documents/1/size", -1, Reason.SCHEMA_VIOLATION),
        ("DepositPriorityDocument", "/documents/1/size", 10**30, Reason.SCHEMA_VIOLATION),
        ("DepositPriorityDocument", "/documents/1/size", 1.5, Reason.SCHEMA_VIOLATION),
        ("DepositPriorityDocument", "/documents/1/sha256", "A" * 64, Reason.SCHEMA_VIOLATION),
        ("DepositPriorityDocument", "/documents/0/content", "QUJ", Reason.CONTENT_ENCODING),
        ("DepositPriorityDocument", "/documents/0/certification/certifiedOn", "x", Reason.DATE_MALFORMED),
        ("RequestPriorityDocument", "/accessCode", "A2B", Reason.ACCESS_CODE_MALFORMED),
        ("RequestPriorityDocument", "/accessCode", "A2B4\n", Reason.ACCESS_CODE_MALFORMED),
        ("RequestPriorityDocument", "/accessCode", 1234, Reason.ACCESS_CODE_MALFORMED),
        ("RequestPriorityDocument", "/accessCode", ["A2B4"], Reason.ACCESS_CODE_MALFORMED),
        ("RequestPriorityDocument", "/holdingOffice", "X", Reason.OFFICE_UNKNOWN),
        ("ReleaseDocument", "/decisions/1/decidedAt", "2026-03-02T01:00:00", Reason.SCHEMA_VIOLATION),
        ("ReleaseDocument", "/decisions/1/decidedAt", "0001-01-01T01:00:00+09:00", Reason.SCHEMA_VIOLATION),
        ("ReleaseDocument", "/decisions/1/by", "a\u000bb", Reason.SCHEMA_VIOLATION),
        ("ReleaseDocument", "/decisions/1/by", "", Reason.SCHEMA_VIOLATION),
        ("CorrectRegistration", "/explanation", "x" * 501, Reason.SCHEMA_VIOLATION),
        ("CorrectRegistration", "/explanation", "\ufffe", Reason.SCHEMA_VIOLATION),
        ("WithdrawPriorityDocument", "/cause", "bored", Reason.SCHEMA_VIOLATION),
    ],
)
def test_bad_values_have_the_reason_and_a_pointer(change, operation: str, pointer: str, value, reason: Reason) -> None:
    assert refusal(operation, change(operation, pointer, value)) == (reason, pointer)


def test_list_of_documents(change, requests_as_json) -> None:
    documents = json.loads(requests_as_json["DepositPriorityDocument"])["documents"]
    twice = change("DepositPriorityDocument", "/documents", [documents[0], documents[0]])
    assert refusal("DepositPriorityDocument", twice) == (Reason.DOCUMENT_EXTRA, "/documents/1")
    many = change("DepositPriorityDocument", "/documents", [{**documents[1], "contentId": str(n)} for n in range(65)])
    assert refusal("DepositPriorityDocument", many) == (Reason.SCHEMA_VIOLATION, "/documents")
    large = [{**documents[0], "contentId": str(n), "content": "A" * (3 << 20)} for n in range(2)]
    assert refusal("DepositPriorityDocument", change("DepositPriorityDocument", "/documents", large)) == (
        Reason.BODY_TOO_LARGE,
        "/documents/1",
    )


def test_wrong_code_is_in_no_text(change) -> None:
    with pytest.raises(Refused) as caught:
        decode("RequestPriorityDocument", change("RequestPriorityDocument", "/accessCode", "Z9Y8X"))
    assert "Z9Y8X" not in f"{caught.value!r} {caught.value}"
    request = decode("RequestPriorityDocument", change("RequestPriorityDocument", "/accessCode", "Z9Y8"))
    assert "Z9Y8" not in repr(request)
