"""signxml as referee: what it signs we accept, what we sign it accepts, and of hundreds of spoiled messages
we never accept one that it refuses."""

import random
from copy import deepcopy

import pytest
from lxml import etree
from signxml import SignatureConfiguration, SignatureReference, XMLSigner, XMLVerifier, methods
from signxml.exceptions import SignXMLException

from pki import wss, xmldsig

DS = "{http://www.w3.org/2000/09/xmldsig#}"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
LOCATION = f"./{{*}}Header/{{{WSSE}}}Security/"
METHOD = {"signer": "ecdsa-sha256", "rsa_signer": "rsa-sha256", "p384_signer": "ecdsa-sha384"}


def referee(document, certificate, now, location):
    """What signxml says was signed, as canonical octets, or None if it refuses."""
    configuration = SignatureConfiguration(location=location, expect_references=False, verification_time=now)
    try:
        results = XMLVerifier().verify(document, x509_cert=certificate, expect_config=configuration)
    except (SignXMLException, etree.LxmlError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return [result.signed_data for result in results]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("key", METHOD)
def test_signxml_accepts_the_envelopes_we_sign(soap, request, now, version, key):
    key = request.getfixturevalue(key)
    envelope = soap.signed(key, version=version)
    signed = referee(envelope, key.certificate, now, LOCATION)
    covered = wss.verify(envelope, trust=soap.trust, now=now).covered
    assert signed == [etree.tostring(each, method="c14n", exclusive=True) for each in covered]


@pytest.mark.parametrize("prefixes", [None, ["s", "wsu"]])
@pytest.mark.parametrize("key", METHOD)
def test_we_accept_the_envelopes_signxml_signs(soap, request, now, key, prefixes):
    method, key = METHOD[key], request.getfixturevalue(key)
    envelope = soap.envelope(
        headers=f'<wsse:Security xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}"><wsu:Timestamp wsu:Id="ts">'
        f"<wsu:Created>2026-11-22T09:00:00Z</wsu:Created><wsu:Expires>2026-11-22T09:05:00Z</wsu:Expires>"
        f'</wsu:Timestamp><wsse:BinarySecurityToken wsu:Id="t" ValueType="{PROFILE}#X509v3">'
        f"{key.der_base64}</wsse:BinarySecurityToken></wsse:Security>"
    )
    envelope[1].set(f"{{{WSU}}}Id", "b")
    key_info = etree.fromstring(
        f'<ds:KeyInfo xmlns:ds="{DS[1:-1]}" xmlns:wsse="{WSSE}"><wsse:SecurityTokenReference>'
        f'<wsse:Reference URI="#t"/></wsse:SecurityTokenReference></ds:KeyInfo>'
    )
    tool = XMLSigner(
        method=methods.detached, signature_algorithm=method, digest_algorithm="sha512", c14n_algorithm=EXCLUSIVE
    )
    references = [SignatureReference(URI=uri, inclusive_ns_prefixes=prefixes) for uri in ("#b", "#ts", "#t")]
    signature = tool.sign(
        envelope, key=key.key, cert=[key.certificate], key_info=key_info, reference_uri=references, id_attribute="Id"
    )
    envelope[0][0].append(signature)
    result = soap.verify(envelope)
    assert result.verdict.passed, result.verdict
    assert len(result.covered) == 3


def test_signxml_accepts_the_receipts_we_sign_and_we_those_it_signs(request, trust, now, receipt):
    for name, method in METHOD.items():
        key = request.getfixturevalue(name)
        document = xmldsig.sign_enveloped(b'<a xmlns="urn:a"><b>1</b></a>', key=key)
        assert referee(document, key.certificate, now, "./") == [b'<a xmlns="urn:a"><b>1</b></a>']
        tool = XMLSigner(signature_algorithm=method, digest_algorithm="sha384", c14n_algorithm=EXCLUSIVE)
        signed = tool.sign(etree.fromstring("<a>\n <b/>\n</a>"), key=key.key, cert=[key.certificate])
        verdict, element = xmldsig.verify_enveloped(etree.tostring(signed), trust=trust, now=now)
        assert verdict.passed, verdict
        assert element[0].tag == "b"


# --- spoiled messages ---------------------------------------------------------------------------------------

VALUES = [
    "",
    "#id-body",
    "#id-timestamp",
    "#id-token",
    EXCLUSIVE,
    EXCLUSIVE + "WithComments",
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2000/09/xmldsig#base64",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/1999/REC-xslt-19991116",
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmlenc#sha512",
    "http://www.w3.org/2000/09/xmldsig#sha1",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
]


def spoil(root, chance):
    """One random change to a tree: to text, an attribute, or the place of an element."""
    elements = list(root.iter(etree.Element))
    one, other = chance.choice(elements), chance.choice(elements)
    change = chance.randrange(10)
    if change == 0:
        text = one.text or ""
        at = chance.randrange(len(text) + 1)
        one.text = text[:at] + chance.choice("AZaz09+/= \n") + text[at + chance.randrange(2) :]
    elif change == 1:
        one.tail = chance.choice([" ", "\n", "x"]) if one is not root else None
    elif change == 2:
        name = chance.choice([*one.attrib, f"{{{WSU}}}Id", "Id", "ID", "id", "x"])
        one.set(name, chance.choice([*VALUES, "id-body", "id-timestamp", "id-token"]))
    elif change == 3 and one.attrib:
        del one.attrib[chance.choice(list(one.attrib))]
    elif change == 4 and one is not root:
        one.getparent().remove(one)
    elif change == 5 and one is not root:
        one.addnext(deepcopy(one))
    elif change == 6 and one is not root and one not in other.iterancestors() and one is not other:
        other.insert(chance.randrange(len(other) + 1), one)
    elif change == 7 and one is not root:
        around = etree.Element(chance.choice(["{urn:x}w", one.tag, f"{DS}Object"]))
        one.addprevious(around)
        around.append(one)
    elif change == 8:
        one.insert(chance.randrange(len(one) + 1), chance.choice([etree.Comment("c"), etree.PI("p", "q")]))
    else:
        one.tag = chance.choice([other.tag, "{urn:x}renamed"])


@pytest.mark.parametrize("seed", range(20))
def test_of_spoiled_envelopes_none_is_accepted_that_signxml_refuses(soap, now, seed):
    chance = random.Random(seed)
    original = etree.tostring(soap.signed())
    body = etree.tostring(etree.fromstring(original)[1], method="c14n", exclusive=True)
    for _ in range(40):
        envelope = etree.fromstring(original)
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            spoil(envelope, chance)
        if chance.random() < 0.5 and len(list(envelope.iter(f"{DS}SignedInfo"))) == 1 == len(
            list(envelope.iter(f"{DS}SignatureValue"))
        ):
            soap.seal(envelope)
        try:
            spoiled = etree.tostring(soap.again(envelope))
        except etree.XMLSyntaxError:
            continue  # two equal xml:id, or the like: no message at all
        result = wss.verify(etree.fromstring(spoiled), trust=soap.trust, now=now)
        if result.verdict.passed:
            assert referee(spoiled, soap.signer.certificate, now, LOCATION) is not None, spoiled
            assert etree.tostring(result.signed_body, method="c14n", exclusive=True) == body, spoiled


@pytest.mark.parametrize("seed", range(10))
def test_of_spoiled_receipts_none_is_accepted_that_signxml_refuses(receipt, trust, signer, now, seed):
    chance = random.Random(seed)
    (original,) = referee(receipt, signer.certificate, now, "./")
    for _ in range(30):
        root = etree.fromstring(receipt)
        for _ in range(chance.choice([1, 1, 2])):
            spoil(root, chance)
        spoiled = etree.tostring(root)
        verdict, signed = xmldsig.verify_enveloped(spoiled, trust=trust, now=now)
        if verdict.passed:
            assert referee(spoiled, signer.certificate, now, "./") is not None, spoiled
            assert etree.tostring(signed, method="c14n", exclusive=True) == original, spoiled


@pytest.mark.parametrize("seed", range(10))
def test_flipped_bytes_end_in_a_verdict(soap, receipt, trust, now, seed):
    """No error, whatever the bytes; and an accepted document still says what was signed."""
    chance = random.Random(seed)
    envelope = etree.tostring(soap.signed())
    body = etree.tostring(etree.fromstring(envelope)[1], method="c14n", exclusive=True)
    for _ in range(60):
        spoiled = bytearray(chance.choice([envelope, receipt]))
        for _ in range(chance.choice([1, 1, 2, 8])):
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
        verdict, signed = xmldsig.verify_enveloped(bytes(spoiled), trust=trust, now=now)
        assert verdict.passed is (signed is not None)
        try:
            parsed = etree.fromstring(bytes(spoiled))
        except etree.XMLSyntaxError:
            continue
        result = wss.verify(parsed, trust=trust, now=now)
        if result.verdict.passed:
            assert etree.tostring(result.signed_body, method="c14n", exclusive=True) == body
