"""WS-Security: algorithms, transforms, references and key names off the list are refused, even if well signed."""

import base64
from copy import deepcopy
from hashlib import new, sha1

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from pki import wss

DS = "{http://www.w3.org/2000/09/xmldsig#}"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
WSU_ID = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#"


def octets_of(element, **options):
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False, **options)


def set_value(soap, envelope, value):
    soap.part(envelope, "SignatureValue").text = base64.b64encode(value).decode()
    return envelope


# --- signature algorithms -----------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [256, 384, 512])
@pytest.mark.parametrize("form", ["rsa-sha", "pss"])
def test_rsa_signatures_of_every_accepted_form_pass(soap, rsa_signer, bits, form):
    envelope = soap.signed(rsa_signer)
    hash_ = {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()}[bits]
    uri = f"{MORE}rsa-sha{bits}" if form == "rsa-sha" else f"http://www.w3.org/2007/05/xmldsig-more#sha{bits}-rsa-MGF1"
    pad = padding.PKCS1v15() if form == "rsa-sha" else padding.PSS(padding.MGF1(hash_), hash_.digest_size)
    soap.part(envelope, "SignatureMethod").set("Algorithm", uri)
    set_value(soap, envelope, rsa_signer.key.sign(octets_of(soap.part(envelope, "SignedInfo")), pad, hash_))
    assert soap.verify(envelope).verdict.passed


@pytest.mark.parametrize(
    ("uri", "name"), [("xmldsig-more#sha384", "sha384"), ("xmlenc#sha512", "sha512"), ("xmlenc#sha256", "sha256")]
)
def test_digests_of_every_accepted_form_pass(soap, uri, name):
    envelope = soap.signed()
    for reference, element in zip(
        envelope.iter(f"{DS}Reference"), (soap.part(envelope, "Timestamp"), envelope[1]), strict=True
    ):
        reference[1].set("Algorithm", f"http://www.w3.org/2001/04/{uri}")
        reference[2].text = base64.b64encode(new(name, octets_of(element)).digest()).decode()
    assert soap.verify(soap.seal(envelope)).verdict.passed


@pytest.mark.parametrize(
    "uri",
    [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        f"{MORE}hmac-sha256",
        f"{MORE}ecdsa-sha1",
        f"{MORE}rsa-md5",
        f"{MORE}ecdsa-sha224",
        "http://www.w3.org/2009/xmldsig11#dsa-sha256",
        "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
        "none",
        "",
        None,
    ],
)
def test_signature_methods_off_the_list_are_refused(soap, uri):
    envelope = soap.signed()
    method = soap.part(envelope, "SignatureMethod")
    method.set("Algorithm", uri) if uri is not None else method.attrib.clear()
    assert soap.refused(soap.seal(envelope)) == "CRYPTO_CONSTRAINTS_FAILURE"


@pytest.mark.parametrize("uri", ["http://www.w3.org/2000/09/xmldsig#sha1", f"{MORE}md5", f"{MORE}sha224", ""])
def test_digest_methods_off_the_list_are_refused(soap, uri):
    envelope = soap.signed()
    reference = next(envelope.iter(f"{DS}Reference"))
    reference[1].set("Algorithm", uri)
    reference[2].text = base64.b64encode(sha1(octets_of(soap.part(envelope, "Timestamp"))).digest()).decode()
    assert soap.refused(soap.seal(envelope)) == "CRYPTO_CONSTRAINTS_FAILURE"


@pytest.mark.parametrize("truncated", [False, True])
def test_hmac_with_the_public_key_as_secret_is_refused(soap, truncated):
    envelope = soap.signed()
    method = soap.part(envelope, "SignatureMethod")
    method.set("Algorithm", f"{MORE}hmac-sha256")
    if truncated:
        etree.SubElement(method, f"{DS}HMACOutputLength").text = "8"
    secret = soap.signer.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mac = HMAC(secret, hashes.SHA256())
    mac.update(octets_of(soap.part(envelope, "SignedInfo")))
    set_value(soap, envelope, mac.finalize()[: 1 if truncated else 32])
    assert soap.refused(envelope) == "CRYPTO_CONSTRAINTS_FAILURE"


def test_parameters_of_the_signature_method_are_refused(soap):
    envelope = soap.signed()
    etree.SubElement(soap.part(envelope, "SignatureMethod"), f"{DS}HMACOutputLength").text = "0"
    assert soap.refused(soap.seal(envelope)) == "FORMAT_FAILURE"


def test_an_algorithm_of_the_other_key_kind_is_refused(soap, rsa_signer):
    for key, uri in ((soap.signer, "rsa-sha256"), (rsa_signer, "ecdsa-sha256")):
        envelope = soap.signed(key)
        soap.part(envelope, "SignatureMethod").set("Algorithm", MORE + uri)
        assert soap.refused(soap.seal(envelope, key)) == "SIG_CRYPTO_FAILURE"


ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.mark.parametrize(
    "value",
    [
        bytes(64),
        bytes(32) + (1).to_bytes(32),
        (1).to_bytes(32) + bytes(32),
        ORDER.to_bytes(32) * 2,
        (ORDER + 1).to_bytes(32) + (1).to_bytes(32),
        b"\xff" * 64,
        b"",
        b"\x01",
        b"\x01" * 63,
        b"\x01" * 65,
        b"\x01" * 96,
    ],
    ids=lambda value: f"{len(value)}-{value[:2].hex()}",
)
def test_degenerate_ecdsa_values_are_refused(soap, value):
    assert soap.refused(set_value(soap, soap.signed(), value)) == "SIG_CRYPTO_FAILURE"


def test_a_der_encoded_or_padded_ecdsa_value_is_refused(soap):
    envelope = soap.signed()
    octets = octets_of(soap.part(envelope, "SignedInfo"))
    der = soap.signer.key.sign(octets, soap.signer.algorithm.ecdsa)
    assert soap.refused(set_value(soap, envelope, der)) == "SIG_CRYPTO_FAILURE"
    raw = soap.signer.sign(octets)
    for padded in (b"\0" + raw[:32] + b"\0" + raw[32:], raw[:32] + b"\0" + raw[32:]):
        assert soap.refused(set_value(soap, envelope, padded)) == "SIG_CRYPTO_FAILURE"
    assert soap.verify(set_value(soap, envelope, raw)).verdict.passed


@pytest.mark.parametrize("text", ["%%%", "A", "AAAA=AAAA", "AAAA\u00a0", "Ünicode", "AAAA AAA"])
def test_values_that_are_not_base64_are_refused(soap, text):
    for part in ("SignatureValue", "DigestValue", "BinarySecurityToken"):
        envelope = soap.signed()
        soap.part(envelope, part).text = text
        assert soap.refused(envelope) == "FORMAT_FAILURE"


def test_line_breaks_in_base64_are_no_matter(soap):
    envelope = soap.signed()
    for part in ("SignatureValue", "BinarySecurityToken"):
        element = soap.part(envelope, part)
        element.text = "\n".join(element.text[at : at + 64] for at in range(0, len(element.text), 64))
    assert soap.verify(envelope).verdict.passed


# --- transforms and references ------------------------------------------------------------------------------

TRANSFORMS = [
    "http://www.w3.org/TR/1999/REC-xslt-19991116",
    "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "http://www.w3.org/2002/06/xmldsig-filter2",
    "http://www.w3.org/2000/09/xmldsig#base64",
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",
    "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform",
    "",
]


@pytest.mark.parametrize("uri", TRANSFORMS)
@pytest.mark.parametrize("position", ["instead", "before", "after"])
def test_transforms_off_the_list_are_refused(soap, uri, position):
    envelope = soap.signed()
    chain = soap.part(envelope, "Transforms")
    transform = etree.Element(f"{DS}Transform", Algorithm=uri)
    transform.text = "here()"
    if position == "instead":
        chain[:] = [transform]
    else:
        chain.insert(0 if position == "before" else 1, transform)
    assert soap.refused(soap.seal(envelope)) == "TRANSFORM_NOT_ALLOWED"


@pytest.mark.parametrize("count", [0, 2, 30])
def test_a_reference_has_exactly_one_transform(soap, count):
    envelope = soap.signed()
    chain = soap.part(envelope, "Transforms")
    chain[:] = [deepcopy(chain[0]) for _ in range(count)]
    result = soap.verify(soap.seal(envelope))
    assert result.verdict.sub_indication.name == "TRANSFORM_NOT_ALLOWED"
    # Counted, not walked: the text tells which check it was.
    assert ("30 transforms" in result.verdict.explanation) is (count == 30)


def test_signed_info_is_canonicalized_exclusively_and_without_comments(soap):
    for uri in ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", EXCLUSIVE + "WithComments", None):
        envelope = soap.signed()
        method = soap.part(envelope, "CanonicalizationMethod")
        method.set("Algorithm", uri) if uri else method.attrib.clear()
        assert soap.refused(soap.seal(envelope)) == "TRANSFORM_NOT_ALLOWED"


@pytest.mark.parametrize("count", [0, 6, 10_000])
def test_the_number_of_references_is_bounded(soap, count):
    envelope = soap.signed()
    signed_info = soap.part(envelope, "SignedInfo")
    reference = deepcopy(signed_info[2])
    del signed_info[2:]
    signed_info.extend(deepcopy(reference) for _ in range(count))
    assert soap.refused(soap.seal(envelope)) == "SIG_CONSTRAINTS_FAILURE"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "#",
        "#id-nowhere",
        "id-body",
        "#xpointer(id('id-body'))",
        "#xpointer(/)",
        "http://127.0.0.1:9/x",
        "file:///etc/passwd",
        "cid:part1",
        "##id-body",
        "?id-body",
    ],
)
def test_references_that_point_elsewhere_are_refused_and_nothing_is_fetched(soap, uri):
    envelope = soap.signed()
    list(envelope.iter(f"{DS}Reference"))[1].set("URI", uri)
    assert soap.refused(soap.seal(envelope)) == "SIGNED_DATA_NOT_FOUND"


def test_a_reference_without_uri_is_refused(soap):
    envelope = soap.signed()
    del soap.part(envelope, "Reference").attrib["URI"]
    assert soap.refused(soap.seal(envelope)) == "FORMAT_FAILURE"


@pytest.mark.parametrize("left_out", [0, 1])
def test_body_and_timestamp_must_both_be_covered(soap, left_out):
    envelope = soap.signed()
    signed_info = soap.part(envelope, "SignedInfo")
    signed_info.remove(signed_info[2 + left_out])
    assert soap.refused(soap.seal(envelope)) == "NOT_COVERED"


def test_the_same_element_may_not_be_referenced_twice(soap):
    envelope = soap.signed()
    signed_info = soap.part(envelope, "SignedInfo")
    signed_info.append(deepcopy(signed_info[2]))
    assert soap.refused(soap.seal(envelope)) == "FORMAT_FAILURE"


def test_the_token_may_be_covered_too(soap):
    envelope = soap.signed()
    signed_info = soap.part(envelope, "SignedInfo")
    reference = deepcopy(signed_info[2])
    reference.set("URI", "#id-token")
    reference[2].text = base64.b64encode(
        new("sha256", octets_of(soap.part(envelope, "BinarySecurityToken"))).digest()
    ).decode()
    signed_info.append(reference)
    assert soap.verify(soap.seal(envelope)).verdict.passed


@pytest.mark.parametrize(
    "part", ["Signature", "SignedInfo", "Reference", "Transforms", "KeyInfo", "DigestMethod", "SignatureMethod"]
)
def test_unknown_elements_inside_the_signature_are_refused(soap, part):
    envelope = soap.signed()
    etree.SubElement(soap.part(envelope, part), f"{DS}Object")
    assert not soap.verify(soap.seal(envelope)).verdict.passed


@pytest.mark.parametrize(
    "part",
    [
        "Signature",
        "SignedInfo",
        "CanonicalizationMethod",
        "SignatureMethod",
        "Reference",
        "Transforms",
        "Transform",
        "DigestMethod",
        "KeyInfo",
        "Security",
    ],
)
@pytest.mark.parametrize("text", ["x", "\u00a0"])
def test_text_between_elements_is_refused(soap, part, text):
    envelope = soap.signed()
    soap.part(envelope, part).text = text
    assert soap.refused(soap.seal(envelope)) == "FORMAT_FAILURE"


@pytest.mark.parametrize("part", ["Signature", "SignatureMethod", "Transforms", "DigestValue", "KeyInfo"])
@pytest.mark.parametrize("name", ["x", "Algorithms", "{urn:x}Id"])
def test_attributes_that_do_not_belong_to_a_signature_are_refused(soap, part, name):
    envelope = soap.signed()
    soap.part(envelope, part).set(name, "x")
    assert soap.refused(soap.seal(envelope)) == "FORMAT_FAILURE"


@pytest.mark.parametrize("part", ["DigestValue", "SignatureValue", "BinarySecurityToken"])
def test_elements_inside_a_value_are_refused(soap, part):
    envelope = soap.signed()
    etree.SubElement(soap.part(envelope, part), "x").tail = "AAAA"
    assert soap.refused(soap.seal(envelope) if part == "DigestValue" else envelope) == "FORMAT_FAILURE"


# --- exclusive C14N with a prefix list ----------------------------------------------------------------------


def with_prefix_list(soap, envelope, prefixes):
    """Give both references and SignedInfo a PrefixList, as WSS4J does, and digest accordingly."""
    signed_info = soap.part(envelope, "SignedInfo")
    for holder in (signed_info[0], *(reference[0][0] for reference in signed_info[2:])):
        etree.SubElement(holder, f"{{{EXCLUSIVE}}}InclusiveNamespaces", PrefixList=prefixes)
    names = [name for name in prefixes.split() if name != "#default"]
    for reference, element in zip(signed_info[2:], (soap.part(envelope, "Timestamp"), envelope[1]), strict=True):
        octets = octets_of(element, inclusive_ns_prefixes=names)
        reference[2].text = base64.b64encode(new("sha256", octets).digest()).decode()
    octets = octets_of(signed_info, inclusive_ns_prefixes=names)
    return set_value(soap, envelope, soap.signer.sign(octets))


def test_a_prefix_list_is_honoured(soap):
    body = '<a xmlns:q="urn:qname" type="q:Thing"/>'
    envelope = with_prefix_list(soap, soap.signed(body=body), "q s wsu")
    # The list makes a difference, or the test would prove nothing.
    assert octets_of(envelope[1], inclusive_ns_prefixes=["wsse"]) == octets_of(envelope[1])
    assert octets_of(envelope[1][0], inclusive_ns_prefixes=["s"]) != octets_of(envelope[1][0])
    assert soap.verify(envelope).verdict.passed
    for holder in envelope.iter(f"{{{EXCLUSIVE}}}InclusiveNamespaces"):
        holder.set("PrefixList", "wsu")
    assert soap.refused(envelope) == "SIG_CRYPTO_FAILURE"


def test_default_in_a_prefix_list_is_refused_where_it_would_matter(soap):
    assert soap.verify(with_prefix_list(soap, soap.signed(), "#default s")).verdict.passed
    envelope = soap.signed()
    text = etree.tostring(envelope).replace(b"<s:Envelope ", b'<s:Envelope xmlns="urn:default" ', 1)
    assert soap.refused(with_prefix_list(soap, etree.fromstring(text), "#default")) == "SIG_CONSTRAINTS_FAILURE"


@pytest.mark.parametrize("prefixes", ["a " * 33, "a,b", "{urn}x", "1a", "a" * 65])
def test_a_malformed_prefix_list_is_refused(soap, prefixes):
    envelope = soap.signed()
    method = soap.part(envelope, "CanonicalizationMethod")
    etree.SubElement(method, f"{{{EXCLUSIVE}}}InclusiveNamespaces", PrefixList=prefixes)
    assert soap.refused(soap.seal(envelope)) == "FORMAT_FAILURE"


@pytest.mark.parametrize(("count", "good"), [(80, True), (100, False), (50_000, False)])
@pytest.mark.parametrize("place", [b"<s:Envelope ", b"<ds:SignedInfo "])
def test_the_namespaces_in_scope_are_bounded_since_anyone_may_add_them(soap, now, place, count, good):
    """Declarations nobody uses are not part of what is signed; 50,000 of them would cost half a minute."""
    text = etree.tostring(soap.signed()).replace(b"<ds:SignedInfo>", b"<ds:SignedInfo >")
    many = b" ".join(b'xmlns:n%d="urn:%d"' % (number, number) for number in range(count))
    result = wss.verify(etree.fromstring(text.replace(place, place + many + b" ", 1)), trust=soap.trust, now=now)
    assert result.verdict.passed is good
    assert good or "namespaces are in scope" in result.verdict.explanation


def test_what_cannot_be_canonicalized_is_refused(soap, now):
    envelope = soap.signed()
    text = etree.tostring(envelope).replace(b"urn:example:deposit", b"relative/name")
    result = wss.verify(etree.fromstring(text), trust=soap.trust, now=now)
    assert result.verdict.sub_indication.name == "FORMAT_FAILURE"
