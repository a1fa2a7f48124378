"""An envelope handed on as evidence without what stood in its Body: the signature over the Body's digest remains."""

import pytest


@pytest.fixture
def head(soap):
    envelope = soap.signed()
    for child in list(soap.body(envelope)):
        soap.body(envelope).remove(child)
    soap.body(envelope).text = None
    return soap.again(envelope)


def test_the_signature_is_verified_and_no_body_is_handed_on(soap, head):
    result = soap.verify(head, body_withheld=True)
    assert result.verdict.passed, result.verdict
    assert (result.office, result.signed_body, result.covered) == ("XA", None, ())


def test_it_is_no_message(soap, head):
    assert soap.refused(head) == "HASH_FAILURE"


def test_a_body_that_is_there_was_not_withheld(soap):
    assert soap.refused(soap.signed(), body_withheld=True) == "FORMAT_FAILURE"


@pytest.mark.parametrize("name", ["DigestValue", "SignatureValue", "Timestamp"])
def test_what_is_left_may_not_be_changed(soap, head, name):
    element = soap.part(head, name)
    if name == "Timestamp":
        element = element[0]
    letter = 12 if name == "Timestamp" else 5
    changed = "1" if name == "Timestamp" else "A" if element.text[letter] != "A" else "B"
    element.text = element.text[:letter] + changed + element.text[letter + 1 :]
    assert soap.refused(head, body_withheld=True) in {"HASH_FAILURE", "SIG_CRYPTO_FAILURE"}
