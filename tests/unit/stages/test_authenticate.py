"""Whose message it is, and that it may be said to this office: nothing is read of a stranger's."""

import pytest
from core_values import NOW, XA, XB, deposit, head
from line_in_memory import make_bench, parts_of

from gateway.core.reason import Reason, Refused
from gateway.core.request import Inquiry, Notice, Read, ReadKind, Resend
from gateway.core.secret import Secret
from gateway.stages.authenticate import (
    Asked,
    Authentic,
    authenticate_call,
    authenticate_caller,
    authenticate_envelope,
)
from gateway.stages.receive import Arrival, Encounter
from gateway.wire.jws import detach_payload

QUESTION = Read(head=head(), kind=ReadKind.STATUS, exchange_id="e-1")


def arrival(parts=None):
    return Arrival(
        encounter=Encounter(door="soap", source="192.0.2.1"),
        content_type="text/xml",
        root=b"<root/>",
        parts=parts,
        received_at=NOW,
    )


def never(_):
    raise AssertionError("a stranger's message was read")


def refusal(call):
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.reason


def enveloped(of, office=XA, request=None, read=None, bench=None):
    request = request or deposit()
    return authenticate_envelope(of, (office, request), read or (lambda body: body), (bench or make_bench()).line)


def called(of, request=None, token="XA/exchange", proof=None, read=None, **changes):
    options = {"scope": "exchange", "proof_needed": False} | changes
    reading = read or (lambda root: request or deposit())
    return authenticate_call(of, Secret(token), proof, reading, make_bench().line, **options)


def test_an_envelope_is_its_signer_s():
    parts = parts_of()
    of = arrival(parts)
    authentic = enveloped(of)
    assert isinstance(authentic, Authentic)
    assert (authentic.request, authentic.evidence, authentic.parts) == (deposit(), b"<root/>", parts)
    assert (of.encounter.office, of.encounter.hosted) == (XA, XA)


def test_it_is_known_what_carries_its_sender_s_signature():
    assert enveloped(arrival()).is_signed
    assert called(arrival(), proof="XA..c2ln").is_signed
    assert not called(arrival()).is_signed, "a token proves no content"


def test_a_question_is_no_request():
    of = arrival()
    asked = enveloped(of, request=QUESTION)
    assert isinstance(asked, Asked)
    assert (asked.question, of.encounter.exchange_id) == (QUESTION, "e-1")


def test_without_a_signature_nothing_is_read():
    of = arrival()
    assert refusal(lambda: enveloped(of, office=None, read=never)) is Reason.SIGNATURE_MISSING
    assert of.encounter.office is None, "a stranger"


@pytest.mark.parametrize(
    ("office", "names", "reason"),
    [
        (XB, head(sender=XA), Reason.SENDER_MISMATCH),
        (XA, head(sender=XB), Reason.SENDER_MISMATCH),
        (XA, head(hosted="XX"), Reason.OFFICE_UNKNOWN),
        ("IB", head(sender="IB", hosted="IB"), Reason.OFFICE_UNKNOWN),
        (XA, head(hosted=XB), Reason.NOT_ENTITLED),
        ("XD", head(sender="XD"), Reason.NOT_ENTITLED),
    ],
)
@pytest.mark.parametrize("way", ["envelope", "call"])
def test_a_message_names_its_signer_and_an_office_that_takes_it(office, names, reason, way):
    of, request = arrival(), deposit(head=names)
    if way == "envelope":
        assert refusal(lambda: enveloped(of, office, request)) is reason
    else:
        assert refusal(lambda: called(of, request, token=f"{office}/exchange")) is reason
    assert of.encounter.office == office, "it is proven who was refused"
    assert of.encounter.hosted is None


def test_an_office_may_be_taken_for_several():
    for hosted in (XA, XB):
        request = deposit(head=head(sender="XC", hosted=hosted))
        assert enveloped(arrival(), "XC", request).request is request


def test_a_call_needs_its_scope():
    of = arrival()
    assert refusal(lambda: called(of, token="XA/exchange", scope="operate", read=never)) is Reason.SCOPE_MISSING
    request = Resend(head=head(), exchange_id="e-1")
    assert called(of, request, token="XA/exchange operate", scope="operate").request is request
    assert of.encounter.exchange_id == "e-1"


@pytest.mark.parametrize("needed", [True, False])
def test_a_proof_is_verified_wherever_it_is_there(needed):
    assert called(arrival(), proof="XA..c2ln", proof_needed=needed).request == deposit()
    stranger = refusal(lambda: called(arrival(), proof="XB..c2ln", proof_needed=needed, read=never))
    assert stranger is Reason.SENDER_MISMATCH


def test_a_proof_is_kept_with_what_it_proves():
    """Evidence without the signature would be our word only."""
    assert detach_payload(called(arrival(), proof="XA..c2ln").evidence) == ("XA..c2ln", b"<root/>")
    assert called(arrival()).evidence == b"<root/>"


def test_a_token_alone_proves_no_content():
    assert refusal(lambda: called(arrival(), proof_needed=True, read=never)) is Reason.SIGNATURE_MISSING


async def test_a_counterpart_is_known_by_its_own_token(bench):
    of = arrival()

    def read(root, named):
        assert root == b"<root/>"
        return Notice(head=named, acknowledgement_id="A-1")

    one = await authenticate_caller(of, Secret("IB->XA"), read, bench.line)
    other = await authenticate_caller(of, Secret("IB->XA"), read, bench.line)
    assert (one.request.head.sender, one.request.head.hosted) == ("IB", XA)
    assert one.request.head.message_id != other.request.head.message_id, "each call is a message of its own"
    assert (of.encounter.office, of.encounter.hosted, one.parts) == ("IB", XA, None)
    assert not isinstance(one.request, Inquiry)
