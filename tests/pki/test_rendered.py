"""Signing what is canonical as written: the ordinary verifiers take it, and what is not ours is not signed."""

import pytest
from lxml import etree

from pki import wss, xmldsig
from pki.rendered import sign_rendered_document, sign_rendered_envelope

WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
SOAP = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
CONTENT = '<Answer xmlns="urn:pouch:exchange:1"><State>held</State><Text>Ñandú &amp; Co. &lt;1&gt;</Text></Answer>'


def rendered(version: str, content: str = CONTENT) -> bytes:
    soap = SOAP[version]
    return (
        f'<soap:Envelope xmlns:soap="{soap}"><soap:Header></soap:Header>'
        f'<soap:Body xmlns:soap="{soap}" xmlns:wsu="{WSU}" wsu:Id="id-body">{content}</soap:Body></soap:Envelope>'
    ).encode()


@pytest.mark.parametrize("version", SOAP)
def test_a_rendered_envelope_verifies(soap, signer, now, version):
    signed = sign_rendered_envelope(rendered(version), key=signer, now=now)
    result = soap.verify(etree.fromstring(signed), now=now)
    assert result.verdict.passed, result.verdict.explanation
    assert result.signed_body[0].tag == "{urn:pouch:exchange:1}Answer"


def test_it_says_the_same_as_the_careful_way(signer, now):
    careful = etree.fromstring(rendered("1.1"))
    wss.sign(careful, key=signer, now=now)
    quick = etree.fromstring(sign_rendered_envelope(rendered("1.1"), key=signer, now=now))
    digests = "//*[local-name()='DigestValue']/text()"
    assert quick.xpath(digests) == careful.xpath(digests)


def test_what_is_changed_afterwards_is_found(soap, signer, now):
    signed = sign_rendered_envelope(rendered("1.1"), key=signer, now=now)
    assert soap.refused(etree.fromstring(signed.replace(b">held<", b">gone<")), now=now) == "HASH_FAILURE"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda envelope: envelope.replace(b'wsu:Id="id-body"', b'wsu:Id="other"'),
        lambda envelope: envelope.replace(b"</soap:Header>", b"</soap:Header> "),
        lambda envelope: envelope.replace(b"<soap:Header></soap:Header>", b""),
        lambda envelope: envelope.replace(b"soap:", b"s:"),
    ],
)
def test_what_another_wrote_is_not_signed_as_it_stands(signer, now, spoil):
    with pytest.raises(ValueError):
        sign_rendered_envelope(spoil(rendered("1.1")), key=signer, now=now)


def test_a_rendered_document_verifies(trust, signer):
    document = b'<Receipt xmlns="urn:pouch:receipt:1"><Issuer>XA</Issuer></Receipt>'
    signed = sign_rendered_document(document, key=signer)
    verdict, element = xmldsig.verify_enveloped(signed, trust=trust)
    assert verdict.passed
    assert element.tag == "{urn:pouch:receipt:1}Receipt"
    assert signed == xmldsig.sign_enveloped(document, key=signer) or signer.algorithm.uri.endswith("ecdsa-sha256")
