"""The certificate that a signed document carries: one, or none."""

import base64

import pytest
from lxml import etree

from pki.embedded import embedded_certificate


def test_it_is_found_in_a_receipt_and_in_an_envelope(receipt, soap, signer):
    assert embedded_certificate(etree.fromstring(receipt)) == signer.certificate
    assert embedded_certificate(soap.signed()) == signer.certificate


@pytest.mark.parametrize("content", ["", "!", "AAAA"])
def test_what_is_no_certificate_is_none(receipt, signer, content):
    written = base64.b64encode(signer.der)
    assert embedded_certificate(etree.fromstring(receipt.replace(written, content.encode()))) is None


def test_two_are_none(receipt):
    assert embedded_certificate(etree.fromstring(b"<a>" + receipt + receipt + b"</a>")) is None
    assert embedded_certificate(etree.fromstring(b"<a/>")) is None
