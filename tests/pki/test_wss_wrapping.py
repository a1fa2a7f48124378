"""Signature wrapping against our own validly signed messages: whatever is moved where, it is not believed.

After McIntosh and Austel (2005), Somorovsky et al. (2012) and the recipes of WS-Attacker and SAMLRaider.
"""

from copy import deepcopy

import pytest
from lxml import etree

from pki import wss

DS = "{http://www.w3.org/2000/09/xmldsig#}"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
WSU_ID = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"


def evil_body(envelope, **attributes):
    """Take the signed Body out and put a forged one in its place; returns the signed one."""
    signed = envelope[-1]
    forged = etree.Element(signed.tag)
    etree.SubElement(etree.SubElement(forged, "{urn:example:deposit}Deposit"), "Forged").text = "pay me"
    for name, value in attributes.items():
        forged.set({"wsu_id": WSU_ID, "xml_id": XML_ID}.get(name, name), value)
    envelope.replace(signed, forged)
    return signed


def wrapper(parent, tag="{urn:evil}Wrapper"):
    return etree.SubElement(parent, tag)


def in_header(envelope):
    wrapper(envelope[0]).append(evil_body(envelope))


def in_header_with_same_id(envelope):
    wrapper(envelope[0]).append(evil_body(envelope, wsu_id="id-body"))


def in_header_with_another_id(envelope):
    wrapper(envelope[0]).append(evil_body(envelope, wsu_id="id-other"))


def as_header(envelope):
    envelope[0].append(evil_body(envelope, wsu_id="id-other"))


def in_security(envelope):
    wrapper(envelope.find(f".//{WSSE}Security")).append(evil_body(envelope))


def as_child_of_security(envelope):
    envelope.find(f".//{WSSE}Security").append(evil_body(envelope))


def in_object(envelope):
    wrapper(envelope.find(f".//{DS}Signature"), f"{DS}Object").append(evil_body(envelope))


def in_token(envelope):
    envelope.find(f".//{WSSE}BinarySecurityToken").append(evil_body(envelope))


def in_key_info(envelope):
    envelope.find(f".//{DS}KeyInfo").append(evil_body(envelope))


def inside_the_forged_body(envelope):
    signed = evil_body(envelope)
    wrapper(envelope[-1]).append(signed)


def before_the_forged_body(envelope):
    signed = evil_body(envelope)
    envelope.insert(1, signed)


def after_the_forged_body(envelope):
    signed = evil_body(envelope)
    envelope.append(signed)


def same_id_as_plain_attribute(envelope):
    wrapper(envelope[0]).append(evil_body(envelope, Id="id-body"))


def same_id_as_upper_case_attribute(envelope):
    wrapper(envelope[0]).append(evil_body(envelope, ID="id-body"))


def same_id_as_xml_id(envelope):
    wrapper(envelope[0]).append(evil_body(envelope, xml_id="id-body"))


def forged_envelope_around(envelope):
    signed = deepcopy(envelope)
    evil_body(envelope, wsu_id="id-body")
    wrapper(envelope[0]).append(signed)


def signed_envelope_in_forged_header(envelope):
    signed = deepcopy(envelope)
    evil_body(envelope)
    envelope[0].remove(envelope[0][0])
    envelope[0].append(signed)


def timestamp_moved(envelope):
    security = envelope.find(f".//{WSSE}Security")
    signed = security[0]
    fresh = deepcopy(signed)
    del fresh.attrib[WSU_ID]
    fresh[1].text = "2099-01-01T00:00:00Z"
    security.replace(signed, fresh)
    wrapper(envelope[0]).append(signed)


def timestamp_doubled(envelope):
    security = envelope.find(f".//{WSSE}Security")
    fresh = deepcopy(security[0])
    fresh.set(WSU_ID, "id-other")
    security.insert(0, fresh)


def timestamp_moved_to_another_header(envelope):
    security = envelope.find(f".//{WSSE}Security")
    signed = security[0]
    fresh = deepcopy(signed)
    fresh.set(WSU_ID, "id-other")
    security.replace(signed, fresh)
    envelope[0].append(signed)


ATTACKS = {
    in_header: "SIGNED_DATA_NOT_FOUND",
    in_header_with_same_id: "FORMAT_FAILURE",
    in_header_with_another_id: "SIGNED_DATA_NOT_FOUND",
    as_header: "NOT_COVERED",
    in_security: "FORMAT_FAILURE",
    as_child_of_security: "FORMAT_FAILURE",
    in_object: "FORMAT_FAILURE",
    in_token: "SIGNED_DATA_NOT_FOUND",
    in_key_info: "SIGNED_DATA_NOT_FOUND",
    inside_the_forged_body: "SIGNED_DATA_NOT_FOUND",
    before_the_forged_body: "FORMAT_FAILURE",
    after_the_forged_body: "FORMAT_FAILURE",
    same_id_as_plain_attribute: "SIGNED_DATA_NOT_FOUND",
    same_id_as_upper_case_attribute: "SIGNED_DATA_NOT_FOUND",
    same_id_as_xml_id: "SIGNED_DATA_NOT_FOUND",
    forged_envelope_around: "MULTIPLE_SIGNATURES",
    signed_envelope_in_forged_header: "FORMAT_FAILURE",
    timestamp_moved: "SIGNED_DATA_NOT_FOUND",
    timestamp_doubled: "FORMAT_FAILURE",
    timestamp_moved_to_another_header: "NOT_COVERED",
}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_wrapped_message_is_refused(soap, attack, version):
    envelope = soap.signed(version=version)
    assert soap.verify(envelope).verdict.passed
    attack(envelope)
    assert soap.refused(envelope) == ATTACKS[attack]


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("place", ["security", "header", "new security header", "deep in a header"])
def test_a_second_signature_is_refused(soap, stranger, place, position):
    envelope = soap.signed()
    other = soap.signed(stranger)
    security, header = soap.part(envelope, "Security"), envelope[0]
    signature = soap.part(other, "Signature")
    if place == "security":
        security.insert(position, signature)
    elif place == "header":
        header.insert(position, signature)
    elif place == "new security header":
        header.insert(position, soap.part(other, "Security"))
    else:
        wrapper(wrapper(header)).append(signature)
    assert soap.refused(envelope) == "MULTIPLE_SIGNATURES"


def test_an_unsigned_second_security_header_is_refused(soap):
    envelope = soap.signed()
    etree.SubElement(envelope[0], f"{WSSE}Security")
    assert soap.refused(envelope) == "FORMAT_FAILURE"


@pytest.mark.parametrize("place", ["header", "body", "wrapped"])
def test_a_moved_signature_is_refused(soap, place):
    envelope = soap.signed()
    signature = soap.part(envelope, "Signature")
    home = {"header": envelope[0], "body": envelope[1], "wrapped": wrapper(soap.part(envelope, "Security"))}
    home[place].append(signature)
    assert soap.refused(envelope) == ("NO_SIGNATURE" if place == "body" else "FORMAT_FAILURE")


@pytest.mark.parametrize("strip", ["signature", "security", "header"])
def test_an_unsigned_message_is_refused(soap, strip):
    envelope = soap.signed()
    gone = {"signature": soap.part(envelope, "Signature"), "security": soap.part(envelope, "Security")}
    element = gone.get(strip, envelope[0])
    element.getparent().remove(element)
    assert soap.refused(envelope) == "NO_SIGNATURE"


@pytest.mark.parametrize("name", [WSU_ID, "Id", "ID", XML_ID])
def test_two_equal_ids_are_refused_even_where_nothing_refers_to_them(soap, now, name):
    envelope = soap.envelope(body='<a xmlns="urn:x"><b/><c/></a>')
    for element in envelope[1][0]:
        element.set(name, "same")
    wss.sign(envelope, key=soap.signer, now=now)
    # Not parsed again: libxml2 itself refuses a document with two equal xml:id.
    result = wss.verify(envelope, trust=soap.trust, now=now)
    assert result.verdict.sub_indication.name == "FORMAT_FAILURE"


@pytest.mark.parametrize("name", ["id", "{urn:other}Id", "{urn:other}id", "ID"])
def test_a_referenced_id_may_not_occur_again_under_any_id_like_name(soap, name):
    envelope = soap.signed(headers='<h xmlns="urn:x"/>')
    envelope[0][0].set(name, "id-body")
    assert soap.refused(envelope) == "FORMAT_FAILURE"


def test_business_attributes_called_id_may_repeat(soap):
    envelope = soap.signed(body='<a xmlns="urn:x"><b id="1"/><c id="1" d="1"/></a>')
    assert soap.verify(envelope).verdict.passed


@pytest.mark.parametrize("place", ["value", "between", "digest", "header", "timestamp"])
@pytest.mark.parametrize("node", [etree.Comment("x"), etree.ProcessingInstruction("x", "y")])
def test_comments_and_instructions_are_refused_since_they_split_text_unsigned(soap, place, node):
    envelope = soap.signed()
    home = {
        "value": envelope[1][0][0],
        "between": envelope[1],
        "digest": soap.part(envelope, "DigestValue"),
        "header": envelope[0],
        "timestamp": soap.part(envelope, "Timestamp")[0],
    }
    node = deepcopy(node)
    home[place].insert(0, node)
    if place in ("value", "digest", "timestamp"):
        node.tail, home[place].text = home[place].text[3:], home[place].text[:3]
    assert soap.refused(envelope) == "FORMAT_FAILURE"


def test_a_doctype_is_refused(soap, now):
    text = b'<!DOCTYPE x [<!ATTLIST x y CDATA "z">]>' + etree.tostring(soap.signed())
    result = wss.verify(etree.fromstring(text), trust=soap.trust, now=now)
    assert result.verdict.sub_indication.name == "FORMAT_FAILURE"


def test_only_a_whole_soap_envelope_is_verified(soap, now):
    inner = soap.signed()
    outer = etree.Element("outer")
    outer.append(inner)
    assert wss.verify(inner, trust=soap.trust, now=now).verdict.sub_indication.name == "FORMAT_FAILURE"
    assert wss.verify(outer, trust=soap.trust, now=now).verdict.sub_indication.name == "FORMAT_FAILURE"


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("{soap}actor", "http://example.org/other", False),
        ("{soap}role", "http://www.w3.org/2003/05/soap-envelope/role/next", False),
        ("{soap}role", "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver", True),
        ("{soap}mustUnderstand", "1", True),
    ],
)
def test_the_security_header_must_be_meant_for_us(soap, name, value, good):
    version = "1.1" if "actor" in name else "1.2"
    envelope = soap.signed(version=version)
    soap.part(envelope, "Security").set(name.replace("{soap}", envelope.tag.partition("}")[0] + "}"), value)
    assert soap.verify(envelope).verdict.passed is good


def test_other_tokens_in_the_security_header_are_refused(soap):
    envelope = soap.signed()
    etree.SubElement(soap.part(envelope, "Security"), f"{WSSE}UsernameToken")
    assert soap.refused(envelope) == "FORMAT_FAILURE"
