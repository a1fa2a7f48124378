"""Signature wrapping against our own receipts and against id references: XSW 1 to 8 and some more.

The numbers follow Somorovsky et al., "On Breaking SAML" (2012), as SAMLRaider builds them.
"""

import base64
from copy import deepcopy

import pytest
from lxml import etree
from signxml import XMLSigner, methods

from pki import xmldsig

DS = "{http://www.w3.org/2000/09/xmldsig#}"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


@pytest.fixture(scope="module")
def response(signer):
    """A message whose Assertion is signed by id, the signature inside it."""
    root = etree.fromstring(
        '<Response xmlns="urn:p" ID="r1"><Issuer>x</Issuer><Assertion ID="a1"><Subject>honest</Subject>'
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/></Assertion></Response>'
    )
    tool = XMLSigner(
        method=methods.enveloped,
        signature_algorithm="ecdsa-sha256",
        digest_algorithm="sha256",
        c14n_algorithm=EXCLUSIVE,
    )
    signed = tool.sign(root, key=signer.key, cert=[signer.certificate], reference_uri="a1", id_attribute="ID")
    return etree.tostring(signed)


LOCATION = "./{urn:p}Assertion/"


def look(document, trust, now, location=LOCATION):
    return xmldsig.verify(etree.fromstring(etree.tostring(document)), location=location, trust=trust, now=now)


def test_an_element_signed_by_id_is_handed_out_without_its_signature(response, trust, now):
    verdict, signed = look(etree.fromstring(response), trust, now)
    assert verdict.passed
    assert [etree.QName(element).localname for element in signed] == ["Assertion"]
    assert signed[0].find("{urn:p}Subject").text == "honest"
    assert signed[0].find(f"{DS}Signature") is None


def test_a_document_signed_as_a_whole_is_accepted_too(receipt, trust, now):
    verdict, signed = xmldsig.verify(receipt, location="./", trust=trust, now=now)
    assert verdict.passed
    assert len(signed) == 1


def parts(response):
    root = etree.fromstring(response)
    assertion = root.find("{urn:p}Assertion")
    return root, assertion, assertion.find(f"{DS}Signature")


def forged(assertion, identifier="evil"):
    copy = deepcopy(assertion)
    copy.find("{urn:p}Subject").text = "forged"
    copy.set("ID", identifier)
    signature = copy.find(f"{DS}Signature")
    if signature is not None:
        copy.remove(signature)
    return copy


def xsw1(response):
    """A forged Response around the signature, which encloses the original Response."""
    root = parts(response)[0]
    evil = deepcopy(root)
    evil.set("ID", "evil")
    evil[1].find("{urn:p}Subject").text = "forged"
    evil[1].find(f"{DS}Signature").append(root)
    return evil


def xsw2(response):
    """As 1, the original beside the signature."""
    root = parts(response)[0]
    evil = deepcopy(root)
    evil[1].find("{urn:p}Subject").text = "forged"
    evil[1].append(root)
    return evil


def xsw3(response):
    """A forged Assertion before the signed one."""
    root, assertion, _ = parts(response)
    assertion.addprevious(forged(assertion))
    return root


def xsw4(response):
    """A forged Assertion around the signed one."""
    root, assertion, _ = parts(response)
    evil = forged(assertion)
    assertion.addprevious(evil)
    evil.append(assertion)
    return root


def xsw5(response):
    """The signature in a forged Assertion, the original without it at the end."""
    root, assertion, signature = parts(response)
    evil = forged(assertion)
    assertion.addprevious(evil)
    evil.append(signature)
    return root


def xsw6(response):
    """The signature in a forged Assertion, the original inside the signature."""
    root, assertion, signature = parts(response)
    evil = forged(assertion)
    assertion.addprevious(evil)
    evil.append(signature)
    signature.append(assertion)
    return root


def xsw7(response):
    """A forged Assertion with the same id inside an Extensions element."""
    root, assertion, _ = parts(response)
    extensions = etree.Element("{urn:p}Extensions")
    extensions.append(forged(assertion, "a1"))
    root.insert(0, extensions)
    return root


def xsw8(response):
    """The original inside a ds:Object of the signature of a forged Assertion."""
    root, assertion, signature = parts(response)
    evil = forged(assertion)
    assertion.addprevious(evil)
    evil.append(signature)
    etree.SubElement(signature, f"{DS}Object").append(assertion)
    return root


@pytest.mark.parametrize("attack", [xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8], ids=lambda attack: attack.__name__)
def test_wrapped_content_is_never_handed_out(attack, response, trust, now):
    document = attack(response)
    assert b"forged" in etree.tostring(document)
    verdict, signed = look(document, trust, now)
    assert verdict.passed is bool(signed)
    for element in signed:
        assert b"forged" not in etree.tostring(element)
    # Only the forgery that leaves the signed Assertion where it was can pass, and hands out that one.
    assert verdict.passed is (attack is xsw3), verdict


# --- the same against a whole signed receipt ----------------------------------------------------------------


def evil_receipt(receipt):
    root = etree.fromstring(receipt)
    root[0].text = "forged"
    signature = root.find(f"{DS}Signature")
    root.remove(signature)
    return root, signature, etree.fromstring(receipt)


def original_in_signature(receipt):
    evil, signature, original = evil_receipt(receipt)
    evil.append(signature)
    signature.append(original)
    return evil


def original_beside_signature(receipt):
    evil, signature, original = evil_receipt(receipt)
    original.remove(original.find(f"{DS}Signature"))
    evil.append(original)
    evil.append(signature)
    return evil


def original_in_object(receipt):
    evil, signature, original = evil_receipt(receipt)
    original.remove(original.find(f"{DS}Signature"))
    etree.SubElement(signature, f"{DS}Object").append(original)
    evil.append(signature)
    return evil


def original_inside_forged(receipt):
    evil, _, original = evil_receipt(receipt)
    evil.append(original)
    return evil


def original_first(receipt):
    evil, _, original = evil_receipt(receipt)
    evil.insert(0, original)
    return evil


def forged_inside_original(receipt):
    evil, _, original = evil_receipt(receipt)
    original.insert(0, evil)
    return original


def forged_inside_signature(receipt):
    evil, _, original = evil_receipt(receipt)
    original.find(f"{DS}Signature").append(evil)
    return original


def signature_moved_down(receipt):
    evil, signature, _ = evil_receipt(receipt)
    evil[0].append(signature)
    return evil


def signature_doubled(receipt):
    original = etree.fromstring(receipt)
    original.append(deepcopy(original.find(f"{DS}Signature")))
    return original


RECEIPT_ATTACKS = {
    original_in_signature: "MULTIPLE_SIGNATURES",
    original_beside_signature: "HASH_FAILURE",
    original_in_object: "FORMAT_FAILURE",
    original_inside_forged: "FORMAT_FAILURE",
    original_first: "FORMAT_FAILURE",
    forged_inside_original: "HASH_FAILURE",
    forged_inside_signature: "FORMAT_FAILURE",
    signature_moved_down: "FORMAT_FAILURE",
    signature_doubled: "MULTIPLE_SIGNATURES",
}


@pytest.mark.parametrize("attack", RECEIPT_ATTACKS, ids=lambda attack: attack.__name__)
def test_a_wrapped_receipt_is_refused(attack, receipt, trust, now):
    verdict, signed = xmldsig.verify_enveloped(etree.tostring(attack(receipt)), trust=trust, now=now)
    assert signed is None
    assert verdict.sub_indication.name == RECEIPT_ATTACKS[attack]
    moved = (original_inside_forged, original_first, signature_moved_down)
    assert ("not at its place" in verdict.explanation) is (attack in moved)


def test_a_receipt_may_not_be_signed_by_id(response, trust, now):
    """Moving a good #id signature to the root of a receipt does not make it cover the receipt."""
    root, _, signature = parts(response)
    root.append(signature)
    verdict, _ = xmldsig.verify_enveloped(etree.tostring(root), trust=trust, now=now)
    assert verdict.sub_indication.name == "NOT_COVERED"


def test_a_reference_may_not_be_doubled(response, signer, trust, now):
    root, _, signature = parts(response)
    signed_info = signature.find(f"{DS}SignedInfo")
    signed_info.append(deepcopy(signed_info[2]))
    octets = etree.tostring(signed_info, method="c14n", exclusive=True)
    signature.find(f"{DS}SignatureValue").text = base64.b64encode(signer.sign(octets)).decode()
    verdict, _ = look(root, trust, now)
    assert verdict.sub_indication.name == "SIGNED_DATA_NOT_FOUND"


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9/x", "file:///etc/passwd", "#xpointer(/)", "a1"])
def test_references_out_of_the_document_are_refused(response, trust, now, uri):
    root, _, signature = parts(response)
    signature.find(f".//{DS}Reference").set("URI", uri)
    verdict, _ = look(root, trust, now)
    assert not verdict.passed
