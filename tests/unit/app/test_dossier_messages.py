"""What of a message may be shown: never an access code in any writing, no document, no address; else all of it."""

import json
from datetime import UTC, datetime

import pytest

from gateway.app.dossier_messages import WITHOUT_CODE, show_message
from gateway.core.secret import Secret
from gateway.wire.dossier_contents import EnvelopeForm
from gateway.wire.jws import attach_payload
from gateway.wire.operations import Operation
from pki.certificates import issue_signer
from pki.jws import sign_detached
from pki.keys import generate_key
from pki.trust import TrustList, pin

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = issue_signer("XA", key=generate_key(), now=AT)
TRUST = TrustList([pin("XA", "signing", KEY.certificate)])
CODE = "7F3Q"
DEPOSIT, RELEASE = Operation.DEPOSIT.value, Operation.RELEASE.value


def show(raw, operation=RELEASE, code=None, trust=TRUST):
    raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    secret = None if code is None else Secret(code)
    return show_message(raw, operation=operation, sender="XA", accepted_at=AT, trust=trust, code=secret)


def signed(body):
    payload = json.dumps(body).encode()
    return attach_payload(sign_detached(payload, key=KEY), payload)


def is_hidden(shown):
    return shown.has_code and shown.content is None and shown.form is None and shown.withheld


@pytest.mark.parametrize("operation", ["RequestPriorityDocument", "Inquiry", "SubmitSearchResult", "Unknown", ""])
@pytest.mark.parametrize("raw", [b'{"harmless":1}', b"<harmless/>", b"a.b.c"])
def test_an_operation_that_is_not_known_to_bring_no_code_is_not_shown_at_all(operation, raw):
    assert operation not in WITHOUT_CODE and is_hidden(show(raw, operation))


@pytest.mark.parametrize(
    "raw",
    [
        {"accessCode": CODE},
        {"dasAccessCode": CODE},
        {"a": [{"b": {"AccessCODE": "x"}}]},
        {"note": CODE},
        {"a": [["b", CODE]]},
        b"<a><AccessCode>x</AccessCode></a>",
        b'<a xmlns:d="urn:d"><d:dasAccessCode>x</d:dasAccessCode></a>',
        f"<a><b>{CODE}</b></a>".encode(),
        f'<a code="{CODE}"/>'.encode(),
        signed({"accessCode": CODE}),
        signed({"remark": CODE}),
    ],
    ids=range(11),
)
def test_a_code_by_its_name_or_by_itself_hides_the_message(raw):
    assert is_hidden(show(raw, code=CODE))


@pytest.mark.parametrize("raw", [b"<a>", b"<!DOCTYPE a><a/>", b"{", b"\xff\xfe", b"", b"[" * 100_000])
def test_what_cannot_be_read_is_not_shown(raw):
    assert is_hidden(show(raw))


def test_a_signed_body_is_shown_whole_with_its_verdict():
    raw = signed({"decisions": ["given"]})
    shown = show(raw, code=CODE)
    assert (shown.form, shown.content, shown.withheld, shown.has_code) == (EnvelopeForm.JWS, raw, None, False)
    assert shown.verdict.passed


def test_a_body_that_nobody_signed_is_shown_as_such():
    shown = show({"decisions": ["given"]})
    assert (shown.form, shown.verdict, shown.withheld) == (EnvelopeForm.UNSIGNED, None, None)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"documents": [{"content": "JVBERi0="}]}, "documents"),
        ({"registration": {"applicantEmail": "a@example.org"}}, "address"),
    ],
)
def test_of_a_message_with_documents_or_an_address_the_signature_is_left(body, why):
    shown = show(signed(body), DEPOSIT)
    assert shown.form is EnvelopeForm.JWS_HEAD and why in shown.withheld and shown.verdict.passed
    assert b"JVBER" not in shown.content and b"example.org" not in shown.content
    head = json.loads(shown.content)
    assert ".." in head["detached"] and len(head["digest"]) == 64
    unsigned = show(body, DEPOSIT)
    assert unsigned.content is None and why in unsigned.withheld


def test_of_an_envelope_with_documents_the_body_is_emptied():
    raw = (
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body><D><Content>JVBERi0='
        b"</Content></D>text</s:Body></s:Envelope>"
    )
    shown = show(raw, DEPOSIT)
    assert shown.form is EnvelopeForm.SOAP_HEAD and not shown.verdict.passed
    assert b"JVBER" not in shown.content and b"text" not in shown.content and b"<s:Body/>" in shown.content


def test_a_document_that_came_as_a_part_is_no_content():
    include = b'<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:copy"/>'
    raw = (
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body><D><Content>'
        + include
        + b"</Content></D></s:Body></s:Envelope>"
    )
    shown = show(raw, DEPOSIT)
    assert (shown.form, shown.content, shown.withheld) == (EnvelopeForm.SOAP, raw, None)


def test_a_certificate_that_is_not_pinned_any_more_leaves_it_open():
    shown = show(signed({"a": 1}), trust=TrustList())
    assert shown.form is EnvelopeForm.JWS and not shown.verdict.passed and shown.verdict.certificate is None
