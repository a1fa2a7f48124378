"""Enveloped signatures on receipts: exact bytes, honest round trips, and every way to spoil one."""

import base64
from copy import deepcopy
from datetime import timedelta

import pytest
from lxml import etree

from pki import xmldsig
from pki.certificates import issue_ca, issue_tls
from pki.keys import generate_key
from pki.trust import TrustList
from pki.verdict import Indication

DS = "{http://www.w3.org/2000/09/xmldsig#}"
RECEIPT = (
    '<r:Receipt xmlns:r="urn:example:receipt"><r:Sender>XA</r:Sender>'
    '<r:Note xml:lang="es">Ñandú &amp; &lt;&#xD;</r:Note>'
    '<plain xmlns="urn:other" a="&quot;1&#x9;" b="2"></plain><r:Empty></r:Empty></r:Receipt>'
).encode()


def reason(document, **options):
    verdict, signed = xmldsig.verify_enveloped(document, **options)
    assert signed is None
    assert not verdict.passed
    return verdict.sub_indication.name


def seal(root, key):
    """Compute SignatureValue anew: a document whose own signer wrote whatever SignedInfo has become."""
    signed_info = root.find(f".//{DS}SignedInfo")
    octets = etree.tostring(signed_info, method="c14n", exclusive=True, with_comments=False)
    root.find(f".//{DS}SignatureValue").text = base64.b64encode(key.sign(octets)).decode()
    return root


# --- signing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["signer", "rsa_signer", "p384_signer"])
def test_a_signed_document_is_the_document_with_a_signature_before_its_end(request, trust, now, key):
    key = request.getfixturevalue(key)
    signed = xmldsig.sign_enveloped(RECEIPT, key=key)
    head, _, rest = signed.partition(b"<ds:Signature ")
    assert head + b"</r:Receipt>" == RECEIPT
    assert rest.endswith(b"</ds:Signature></r:Receipt>")
    assert b"\n" not in signed
    verdict, element = xmldsig.verify_enveloped(signed, trust=trust, now=now)
    assert verdict.indication is Indication.PASSED
    assert verdict.certificate == key.certificate
    assert etree.tostring(element, method="c14n", exclusive=True) == RECEIPT


def test_the_result_is_canonical_and_its_layout_is_fixed(signer):
    first, second = (xmldsig.sign_enveloped(RECEIPT, key=signer) for _ in range(2))
    assert etree.tostring(etree.fromstring(first), method="c14n", exclusive=True) == first
    assert first.split(b"<ds:SignatureValue>")[0] == second.split(b"<ds:SignatureValue>")[0]
    assert first.split(b"</ds:SignatureValue>")[1] == second.split(b"</ds:SignatureValue>")[1]


def test_signed_info_is_written_as_c14n_would(signer, receipt):
    """The octets that were signed by construction are those lxml makes of the finished document."""
    root = etree.fromstring(receipt)
    octets = etree.tostring(root.find(f".//{DS}SignedInfo"), method="c14n", exclusive=True)
    start, end = receipt.index(b"<ds:SignedInfo>"), receipt.index(b"</ds:SignedInfo>")
    written = receipt[start:end].replace(b"<ds:SignedInfo>", b'<ds:SignedInfo xmlns:ds="%s">' % DS[1:-1].encode())
    assert octets == written + b"</ds:SignedInfo>"


@pytest.mark.parametrize(
    "document",
    [
        b'<?xml version="1.0"?><a></a>',
        b"<a/>",
        b"<a></a>\n",
        b"<a b='1'></a>",
        b'<a xmlns:unused="urn:x"></a>',
        b"<a><!-- x --></a>",
        b"<a>\xc3\xb1&#241;</a>",
        b"<!DOCTYPE a><a></a>",
        b"<a>",
        b"",
    ],
)
def test_what_is_not_canonical_is_not_signed(signer, document):
    with pytest.raises(ValueError, match="document"):
        xmldsig.sign_enveloped(document, key=signer)


def test_a_signed_document_is_not_signed_again(signer, receipt):
    with pytest.raises(ValueError, match="signed already"):
        xmldsig.sign_enveloped(receipt, key=signer)


# --- who and when -------------------------------------------------------------------------------------------


def test_the_signer_must_be_pinned_or_given(signer, stranger, trust, now, receipt):
    assert xmldsig.verify_enveloped(receipt, trust=trust, now=now)[0].passed
    assert xmldsig.verify_enveloped(receipt, certificate=signer.certificate, now=now)[0].passed
    assert reason(receipt, certificate=stranger.certificate, now=now) == "NO_CERTIFICATE_CHAIN_FOUND"
    assert reason(receipt, trust=TrustList(), now=now) == "NO_CERTIFICATE_CHAIN_FOUND"


def test_with_no_pin_an_intact_document_is_indeterminate_and_a_changed_one_failed(receipt, now):
    verdict, _ = xmldsig.verify_enveloped(receipt, now=now)
    assert verdict.indication is Indication.INDETERMINATE
    verdict, _ = xmldsig.verify_enveloped(receipt.replace(b"XA", b"XC"), now=now)
    assert verdict.indication is Indication.FAILED


def test_the_certificate_must_be_valid_at_the_time_asked_about(receipt, signer, now):
    certificate = signer.certificate
    assert reason(receipt, certificate=certificate, now=now + timedelta(days=800)) == "EXPIRED"
    assert reason(receipt, certificate=certificate, now=now - timedelta(days=800)) == "NOT_YET_VALID"
    assert xmldsig.verify_enveloped(receipt, certificate=certificate)[0].passed


def test_a_certificate_that_may_not_sign_is_refused(now):
    server = issue_tls("XA", key=generate_key(), names=["localhost"], now=now)
    signed = xmldsig.sign_enveloped(RECEIPT, key=server)
    # A TLS certificate has digitalSignature, so given explicitly it will do; a CA's has not.
    assert xmldsig.verify_enveloped(signed, certificate=server.certificate, now=now)[0].passed
    ca = issue_ca("CA", now=now)
    signed = xmldsig.sign_enveloped(RECEIPT, key=ca)
    assert reason(signed, certificate=ca.certificate, now=now) == "CHAIN_CONSTRAINTS_FAILURE"


def test_another_key_under_the_pinned_certificate_is_found(receipt, signer, stranger, now):
    forged = xmldsig.sign_enveloped(RECEIPT, key=stranger).replace(
        stranger.der_base64.encode(), signer.der_base64.encode()
    )
    assert reason(forged, certificate=signer.certificate, now=now) == "SIG_CRYPTO_FAILURE"


# --- changes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b">XA<", b">XC<", "HASH_FAILURE"),
        (b"</r:Receipt>", b" </r:Receipt>", "HASH_FAILURE"),
        (b"<r:Sender>", b"<r:Sender x='1'>", "HASH_FAILURE"),
        (b">00ff<", b">00<!-- -->ff<", "FORMAT_FAILURE"),
        (b">00ff<", b">00<?x y?>ff<", "FORMAT_FAILURE"),
        (b"<r:Receipt ", b"<!DOCTYPE r><r:Receipt ", "FORMAT_FAILURE"),
        (b"</r:Receipt>", b"", "FORMAT_FAILURE"),
        (b'Reference URI=""', b'Reference URI="#x"', "NOT_COVERED"),
        (b'Reference URI=""', b"Reference", "FORMAT_FAILURE"),
        (b"<ds:X509Data>", b"<ds:X509Data><ds:X509SubjectName>CN=x</ds:X509SubjectName>", None),
        (b"ds:KeyInfo", b"ds:KeyInfos", "FORMAT_FAILURE"),
    ],
)
def test_a_changed_receipt_is_refused(receipt, trust, now, old, new, expected):
    changed = receipt.replace(old, new)
    assert changed != receipt
    if expected is None:
        assert xmldsig.verify_enveloped(changed, trust=trust, now=now)[0].passed
    else:
        assert reason(changed, trust=trust, now=now) == expected


def test_an_unsigned_document_is_refused(trust):
    assert reason(RECEIPT, trust=trust) == "NO_SIGNATURE"


def test_a_key_value_beside_the_certificate_is_refused(receipt, signer, trust, now):
    root = etree.fromstring(receipt)
    etree.SubElement(root.find(f".//{DS}KeyInfo"), f"{DS}KeyValue")
    assert reason(root, trust=trust, now=now) == "NO_SIGNING_CERTIFICATE_FOUND"


@pytest.mark.parametrize(
    ("part", "uri", "expected"),
    [
        ("SignatureMethod", "http://www.w3.org/2000/09/xmldsig#rsa-sha1", "CRYPTO_CONSTRAINTS_FAILURE"),
        ("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "CRYPTO_CONSTRAINTS_FAILURE"),
        ("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "SIG_CRYPTO_FAILURE"),
        ("DigestMethod", "http://www.w3.org/2000/09/xmldsig#sha1", "CRYPTO_CONSTRAINTS_FAILURE"),
        ("CanonicalizationMethod", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "TRANSFORM_NOT_ALLOWED"),
        ("Transform", "http://www.w3.org/TR/1999/REC-xslt-19991116", "TRANSFORM_NOT_ALLOWED"),
        ("Transform", "http://www.w3.org/2000/09/xmldsig#base64", "TRANSFORM_NOT_ALLOWED"),
        ("Transform", "http://www.w3.org/2001/10/xml-exc-c14n#", "TRANSFORM_NOT_ALLOWED"),
        ("Transform", "urn:unknown", "TRANSFORM_NOT_ALLOWED"),
    ],
)
def test_algorithms_off_the_list_are_refused_even_if_well_signed(receipt, signer, trust, now, part, uri, expected):
    root = etree.fromstring(receipt)
    root.find(f".//{DS}{part}").set("Algorithm", uri)
    assert reason(seal(root, signer), trust=trust, now=now) == expected


@pytest.mark.parametrize("count", [3, 30])
def test_many_transforms_are_refused(receipt, signer, trust, now, count):
    root = etree.fromstring(receipt)
    chain = root.find(f".//{DS}Transforms")
    chain.extend(deepcopy(chain[1]) for _ in range(count - 2))
    assert reason(seal(root, signer), trust=trust, now=now) == "TRANSFORM_NOT_ALLOWED"


def test_the_enveloped_transform_must_be_there_and_has_no_parameters(receipt, signer, trust, now):
    without, filled = etree.fromstring(receipt), etree.fromstring(receipt)
    chain = without.find(f".//{DS}Transforms")
    chain.remove(chain[0])
    etree.SubElement(filled.find(f".//{DS}Transform"), f"{DS}XPath").text = "here()"
    assert reason(seal(without, signer), trust=trust, now=now) == "TRANSFORM_NOT_ALLOWED"
    assert reason(seal(filled, signer), trust=trust, now=now) == "FORMAT_FAILURE"


@pytest.mark.parametrize("count", [0, 2, 6, 10_000])
def test_a_receipt_has_one_reference(receipt, signer, trust, now, count):
    root = etree.fromstring(receipt)
    signed_info = root.find(f".//{DS}SignedInfo")
    reference = signed_info[2]
    signed_info[2:] = [deepcopy(reference) for _ in range(count)]
    expected = "NOT_COVERED" if count == 2 else "SIG_CONSTRAINTS_FAILURE"
    assert reason(seal(root, signer), trust=trust, now=now) == expected


@pytest.mark.parametrize(("count", "good"), [(80, True), (50_000, False)])
def test_the_namespaces_in_scope_are_bounded(receipt, trust, now, count, good):
    many = b"".join(b' xmlns:n%d="urn:%d"' % (number, number) for number in range(count))
    verdict, _ = xmldsig.verify_enveloped(receipt.replace(b"<r:Receipt", b"<r:Receipt" + many, 1), trust=trust, now=now)
    assert verdict.passed is good
    assert good or "namespaces are in scope" in verdict.explanation


def test_a_parsed_element_is_judged_like_its_bytes_and_left_alone(receipt, trust, now):
    root = etree.fromstring(receipt)
    assert xmldsig.verify_enveloped(root, trust=trust, now=now)[0].passed
    assert etree.tostring(root) == etree.tostring(etree.fromstring(receipt))


@pytest.mark.parametrize("document", [b"", b"not xml", b"<a>", b"\x00", b"<a/>" * 2, b"<a" + b" " * 5_000_000 + b"/>"])
def test_what_is_not_xml_is_a_verdict_not_an_error(document, trust):
    assert reason(document, trust=trust) == "FORMAT_FAILURE"


def test_names_of_elements_need_not_be_ascii(signer, trust, now):
    signed = xmldsig.sign_enveloped("<Übersicht><größe>1</größe></Übersicht>".encode(), key=signer)
    verdict, root = xmldsig.verify_enveloped(signed, trust=trust, now=now)
    assert verdict.passed, verdict
    assert root[0].tag == "größe"
