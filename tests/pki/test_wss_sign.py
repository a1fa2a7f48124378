"""Signing envelopes: what is written is in the profile, whatever prefixes the envelope uses."""

import pytest
from lxml import etree

from pki import wss

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"


def test_the_header_holds_timestamp_token_and_signature(soap):
    security = soap.part(soap.signed(), "Security")
    assert [etree.QName(child).localname for child in security] == ["Timestamp", "BinarySecurityToken", "Signature"]
    assert [child.text for child in security[0]] == ["2026-11-22T09:00:00.000Z", "2026-11-22T09:05:00.000Z"]
    assert security[1].text == soap.signer.der_base64
    assert security.attrib == {}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_must_understand_is_written_in_the_envelopes_own_namespace(soap, version):
    envelope = soap.signed(version=version, must_understand=True)
    namespace = etree.QName(envelope).namespace
    assert soap.part(envelope, "Security").attrib == {f"{{{namespace}}}mustUnderstand": "1"}
    assert soap.verify(envelope).verdict.passed


@pytest.mark.parametrize(
    "text",
    [
        f'<Envelope xmlns="{SOAP12}"><Header/><Body><x xmlns="urn:x"/></Body></Envelope>',
        f'<Envelope xmlns="{SOAP12}"><Body/></Envelope>',
        f'<S:Envelope xmlns:S="{SOAP12}" xmlns:u="{WSU}" xmlns:o="{WSSE}"><S:Body u:Id="own"/></S:Envelope>',
        f'<wsse:Envelope xmlns:wsse="{SOAP12}" xmlns:wsu="urn:x"><wsse:Body wsu:a="1"/></wsse:Envelope>',
        f'<e:Envelope xmlns:e="{SOAP12}" xmlns="{WSU}">\n<e:Header>\n</e:Header>\n<e:Body> <y/></e:Body></e:Envelope>',
        f'<e:Envelope xmlns:e="{SOAP12}" xmlns:d="http://www.w3.org/2000/09/xmldsig#"><e:Body/></e:Envelope>',
    ],
)
def test_any_prefixes_will_do(soap, now, text):
    envelope = etree.fromstring(text)
    wss.sign(envelope, key=soap.signer, now=now)
    result = soap.verify(envelope)
    assert result.verdict.passed, result.verdict
    # And in place, without serializing.
    assert wss.verify(envelope, trust=soap.trust, now=now).verdict.passed


def test_an_id_the_body_already_has_is_kept(soap, now):
    envelope = soap.envelope()
    envelope[1].set(f"{{{WSU}}}Id", "own")
    wss.sign(envelope, key=soap.signer, now=now)
    assert envelope[1].get(f"{{{WSU}}}Id") == "own"
    assert soap.verify(envelope).verdict.passed


def test_what_is_no_unsigned_envelope_is_not_signed(soap, now):
    signed, no_body, other = soap.signed(), soap.envelope(), etree.Element("Envelope")
    no_body.remove(no_body[1])
    for envelope in (signed, no_body, other):
        with pytest.raises(ValueError, match="envelope"):
            wss.sign(envelope, key=soap.signer, now=now)


def test_two_messages_share_nothing_of_the_template(soap, now, rsa_signer):
    first = etree.tostring(soap.signed())
    soap.signed(rsa_signer, must_understand=True)
    again = etree.tostring(soap.signed())
    assert first.split(b"<ds:SignatureValue>")[0] == again.split(b"<ds:SignatureValue>")[0]
