"""Attacks on packages that our own code signed validly: each is refused, by its code, and nothing forged is believed.

XSW 1 to 8 after Somorovsky et al., "On Breaking SAML" (2012), as far as a document signed as a whole has them.
"""

import base64
import io
from collections.abc import Callable
from copy import deepcopy

import pytest
from asn1crypto import algos, cms
from lxml import etree
from signed_things import AT, DS, resealed

from gateway.core.finding import Code, Form, Judgement, Report, Severity
from gateway.packages.inspecting import inspect
from gateway.packages.signed_xml import SIGNATURE_ENTRY
from gateway.wire.archive import open_archive
from gateway.wire.archive_write import ArchiveWriter
from pki.cms import sign_attached
from pki.keys import SigningKey
from pki.xmldsig import sign_enveloped
from pki.xmldsig_detached import sign_files

Attack = Callable[[etree._Element], etree._Element]

HONEST = (
    b'<bibliographic-data id="b1"><application-reference><document-id><country>XA</country>'
    b"<doc-number>2026/123</doc-number><date>20260302</date></document-id></application-reference></bibliographic-data>"
)
FILES = {"bib.xml": HONEST, "notes.txt": b"as filed"}
#: A number that is in no honest package: whoever believes the forged part would tell a wrong office code.
FORGED = "0x"


def look(source: bytes, *roots: SigningKey) -> Report:
    return inspect(source, name="p", at=AT, roots=[key.certificate for key in roots])


def refused(report: Report, code: Code, sub_indication: str | None) -> None:
    """Refused by an error of that code; the verdict says why; of the forged part nothing was read."""
    assert code in {each.code for each in report.findings}, report.findings
    assert report.judgement is Judgement.FAILED
    assert report.certification is not None and report.certification.judgement is not Judgement.PASSED
    assert sub_indication is None or report.certification.sub_indication == sub_indication
    assert not any(each.code is Code.OFFICE_CODE for each in report.findings)


# --- an XML document with its signature inside ----------------------------------------------------------------


def parts(signed: etree._Element) -> tuple[etree._Element, etree._Element]:
    """A forged document without a signature, and the signature of the honest one."""
    forged = deepcopy(signed)
    forged.remove(forged.find(f"{DS}Signature"))
    forged.find(".//country").text = FORGED
    return forged, deepcopy(signed.find(f"{DS}Signature"))


def bare(signed: etree._Element) -> etree._Element:
    original = deepcopy(signed)
    original.remove(original.find(f"{DS}Signature"))
    return original


def xsw1(signed: etree._Element) -> etree._Element:
    """The honest document inside the signature of the forged one."""
    forged, signature = parts(signed)
    signature.append(deepcopy(signed))
    forged.append(signature)
    return forged


def xsw2(signed: etree._Element) -> etree._Element:
    """The honest document before the signature, both in the forged one."""
    forged, signature = parts(signed)
    forged.append(bare(signed))
    forged.append(signature)
    return forged


def xsw3(signed: etree._Element) -> etree._Element:
    """A forged part before the honest ones."""
    forged = parts(signed)[0]
    evil = deepcopy(signed)
    evil.insert(0, forged[0])
    return evil


def xsw4(signed: etree._Element) -> etree._Element:
    """The whole signed document inside the forged one."""
    forged = parts(signed)[0]
    forged.append(deepcopy(signed))
    return forged


def xsw5(signed: etree._Element) -> etree._Element:
    """The signature in the forged document, the honest one without it at the end."""
    forged, signature = parts(signed)
    forged.append(signature)
    forged.append(bare(signed))
    return forged


def xsw6(signed: etree._Element) -> etree._Element:
    """As 5, the honest one inside the signature."""
    forged, signature = parts(signed)
    forged.append(signature)
    signature.append(bare(signed))
    return forged


def xsw7(signed: etree._Element) -> etree._Element:
    """A forged document with the same id in an element of extensions before the honest parts."""
    evil = deepcopy(signed)
    extensions = etree.Element("Extensions")
    extensions.append(parts(signed)[0])
    evil.insert(0, extensions)
    return evil


def xsw8(signed: etree._Element) -> etree._Element:
    """The honest document in a ds:Object of the signature."""
    forged, signature = parts(signed)
    etree.SubElement(signature, f"{DS}Object").append(bare(signed))
    forged.append(signature)
    return forged


def comment(signed: etree._Element) -> etree._Element:
    """`2026/1<!-- -->23`: canonical form has no comments, a careless reader takes the text before it."""
    evil = deepcopy(signed)
    number = evil.find(".//doc-number")
    split = etree.Comment("x")
    split.tail = number.text[6:]
    number.text = number.text[:6]
    number.insert(0, split)
    return evil


def instruction(signed: etree._Element) -> etree._Element:
    evil = deepcopy(signed)
    evil.insert(0, etree.PI("x", "y"))
    return evil


def same_id(signed: etree._Element) -> etree._Element:
    """The reference made one by id, and the id given twice."""
    evil = deepcopy(signed)
    evil.find(f".//{DS}Reference").set("URI", "#b1")
    evil.insert(0, parts(signed)[0])
    return evil


def key_named(signed: etree._Element, stranger: SigningKey) -> etree._Element:
    """Forged and sealed by a stranger, the honest signer's certificate left beside it."""
    evil = deepcopy(signed)
    evil.find(".//country").text = FORGED
    resealed(evil, stranger)
    return evil


ENVELOPED: dict[Attack, tuple[Code, str]] = {
    xsw1: (Code.SEAL_MALFORMED, "MULTIPLE_SIGNATURES"),
    xsw2: (Code.SEAL_BROKEN, "HASH_FAILURE"),
    xsw3: (Code.SEAL_BROKEN, "HASH_FAILURE"),
    xsw4: (Code.SEAL_MALFORMED, "FORMAT_FAILURE"),
    xsw5: (Code.SEAL_BROKEN, "HASH_FAILURE"),
    xsw6: (Code.SEAL_MALFORMED, "FORMAT_FAILURE"),
    xsw7: (Code.SEAL_BROKEN, "HASH_FAILURE"),
    xsw8: (Code.SEAL_MALFORMED, "FORMAT_FAILURE"),
    comment: (Code.SEAL_MALFORMED, "FORMAT_FAILURE"),
    same_id: (Code.SEAL_BROKEN, "NOT_COVERED"),
}


@pytest.fixture
def signed(signer: SigningKey) -> etree._Element:
    return etree.fromstring(sign_enveloped(HONEST, key=signer))


@pytest.mark.parametrize("attack", ENVELOPED, ids=lambda attack: attack.__name__)
def test_a_wrapped_document_is_refused(attack: Attack, signed: etree._Element, ca: SigningKey) -> None:
    assert look(etree.tostring(signed), ca).judgement is Judgement.PASSED
    refused(look(etree.tostring(attack(signed)), ca), *ENVELOPED[attack])


def test_an_instruction_in_a_signed_document_is_refused_by_the_parser(signed: etree._Element, ca: SigningKey) -> None:
    report = look(etree.tostring(instruction(signed)), ca)
    assert [each.code for each in report.findings] == [Code.XML_DOCTYPE]


TRANSFORMS = {
    "http://www.w3.org/TR/1999/REC-xslt-19991116": Code.SEAL_MALFORMED,
    "http://www.w3.org/TR/1999/REC-xpath-19991116": Code.SEAL_MALFORMED,
    "http://www.w3.org/2002/06/xmldsig-filter2": Code.SEAL_MALFORMED,
    "http://www.w3.org/2000/09/xmldsig#base64": Code.SEAL_MALFORMED,
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments": Code.SEAL_MALFORMED,
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315": Code.SEAL_UNPROVEN,
}


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_transforms_are_not_abused(transform: str, signed: etree._Element, signer: SigningKey, ca: SigningKey) -> None:
    """Sealed by the honest signer, so that only the transform is to be refused; what toolkits usually write is told."""
    signed.findall(f".//{DS}Transform")[1].set("Algorithm", transform)
    resealed(signed, signer)
    report = look(etree.tostring(signed), ca)
    assert report.certification is not None and report.certification.sub_indication == "TRANSFORM_NOT_ALLOWED"
    assert TRANSFORMS[transform] in {each.code for each in report.findings}
    expected = Judgement.FAILED if TRANSFORMS[transform].severity is Severity.ERROR else Judgement.INDETERMINATE
    assert report.judgement is expected


@pytest.mark.parametrize(
    ("algorithm", "code", "why"),
    [
        ("2000/09/xmldsig#hmac-sha1", Code.SEAL_MALFORMED, "CRYPTO_CONSTRAINTS_FAILURE"),
        ("2001/04/xmldsig-more#hmac-sha256", Code.SEAL_MALFORMED, "CRYPTO_CONSTRAINTS_FAILURE"),
        ("2001/04/xmldsig-more#rsa-sha256", Code.SEAL_BROKEN, "SIG_CRYPTO_FAILURE"),
        ("2001/04/xmldsig-more#ecdsa-sha512", Code.SEAL_BROKEN, "SIG_CRYPTO_FAILURE"),
    ],
)
def test_algorithms_are_not_confused(
    algorithm: str, code: Code, why: str, signed: etree._Element, ca: SigningKey
) -> None:
    """Above all HMAC with the public key as its secret."""
    signed.find(f".//{DS}SignatureMethod").set("Algorithm", f"http://www.w3.org/{algorithm}")
    refused(look(etree.tostring(signed), ca), code, why)


def test_a_key_is_not_substituted(signed: etree._Element, ca: SigningKey, stranger: SigningKey) -> None:
    refused(look(etree.tostring(key_named(signed, stranger)), ca), Code.SEAL_BROKEN, "SIG_CRYPTO_FAILURE")
    own = look(sign_enveloped(HONEST, key=stranger), ca)  # a whole signature of his own proves nothing, and is told
    assert Code.SEAL_UNPROVEN in {each.code for each in own.findings}
    assert own.certification is not None
    assert own.certification.sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"


# --- an archive with a signature over its files ---------------------------------------------------------------


def archive(signature: bytes, files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    writer = ArchiveWriter(sink, AT)
    for name, content in (files | {SIGNATURE_ENTRY: signature}).items():
        writer.add(name, content)
    writer.close()
    assert open_archive(sink.getvalue()).names
    return sink.getvalue()


def renamed_reference(root: etree._Element) -> None:
    root.find(f".//{DS}Reference").set("URI", "other.xml")


def reference_by_id(root: etree._Element) -> None:
    root.find(f".//{DS}Reference").set("URI", "#b1")


def reference_fetched(root: etree._Element) -> None:
    root.find(f".//{DS}Reference").set("URI", "http://127.0.0.1:9/bib.xml")


def reference_doubled(root: etree._Element) -> None:
    reference = root.find(f".//{DS}Reference")
    reference.addnext(deepcopy(reference))


def transform_added(root: etree._Element) -> None:
    transforms = etree.Element(f"{DS}Transforms")
    etree.SubElement(transforms, f"{DS}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116")
    root.find(f".//{DS}Reference").insert(0, transforms)


def object_added(root: etree._Element) -> None:
    etree.SubElement(root, f"{DS}Object").append(etree.fromstring(HONEST))


def signature_in_signature(root: etree._Element) -> None:
    root.append(deepcopy(root))


def digest_weak(root: etree._Element) -> None:
    root.find(f".//{DS}DigestMethod").set("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")


DETACHED = {
    renamed_reference: Code.SEAL_MALFORMED,
    reference_by_id: Code.SEAL_MALFORMED,
    reference_fetched: Code.SEAL_MALFORMED,
    reference_doubled: Code.SEAL_MALFORMED,
    transform_added: Code.SEAL_MALFORMED,
    object_added: Code.SEAL_MALFORMED,
    signature_in_signature: Code.SEAL_MALFORMED,
}


@pytest.mark.parametrize("change", DETACHED, ids=lambda change: change.__name__)
def test_a_detached_signature_is_not_bent(
    change: Callable[[etree._Element], None], signer: SigningKey, ca: SigningKey
) -> None:
    """Sealed again by the honest signer: the form alone is refused."""
    signature = sign_files({name: [content] for name, content in FILES.items()}, key=signer)
    assert look(archive(signature, FILES), ca).judgement is not Judgement.FAILED
    root = etree.fromstring(signature)
    change(root)
    resealed(root, signer)
    refused(look(archive(etree.tostring(root), FILES), ca), DETACHED[change], None)


def test_a_detached_signature_over_other_bytes_is_broken(signer: SigningKey, ca: SigningKey) -> None:
    signature = sign_files({name: [content] for name, content in FILES.items()}, key=signer)
    forged = FILES | {"bib.xml": HONEST.replace(b"2026/123", b"2026/124")}
    refused(look(archive(signature, forged), ca), Code.SEAL_BROKEN, "HASH_FAILURE")


def test_a_detached_signature_with_a_weak_digest_is_told(signer: SigningKey, ca: SigningKey) -> None:
    root = etree.fromstring(sign_files({name: [content] for name, content in FILES.items()}, key=signer))
    digest_weak(root)
    resealed(root, signer)
    report = look(archive(etree.tostring(root), FILES), ca)
    assert Code.SEAL_WEAK in {each.code for each in report.findings}
    assert report.certification is not None and report.certification.judgement is not Judgement.PASSED


# --- a WASP: a CMS signature around an archive ----------------------------------------------------------------


def wasp(signer: SigningKey) -> bytes:
    content, sink = io.BytesIO(), io.BytesIO()
    writer = ArchiveWriter(content, AT)
    writer.add("XA2026-pkgh.xml", b"<pkgheader/>")
    writer.close()
    sign_attached(io.BytesIO(content.getvalue()), len(content.getvalue()), sink, key=signer, at=AT)
    return sink.getvalue()


def changed(package: bytes, change: Callable[[cms.SignedData], None]) -> bytes:
    told = cms.ContentInfo.load(package)
    signed = told["content"]
    change(signed)
    rebuilt: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump(force=True)
    return rebuilt


def signature_from(package: bytes) -> Callable[[cms.SignedData], None]:
    other = cms.ContentInfo.load(package)["content"]

    def change(signed: cms.SignedData) -> None:
        signed["signer_infos"][0]["signature"] = other["signer_infos"][0]["signature"].native

    return change


def digest_sha1(signed: cms.SignedData) -> None:
    signed["signer_infos"][0]["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": "sha1"})


def scheme_other(signed: cms.SignedData) -> None:
    signed["signer_infos"][0]["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"})


def unsigned(signed: cms.SignedData) -> None:
    signed["signer_infos"] = []


def attributes_gone(signed: cms.SignedData) -> None:
    """The digest of the signed attributes given out as content (RFC 5652, 12; the eContent confusion)."""
    info = signed["signer_infos"][0]
    attributes = b"\x31" + info["signed_attrs"].dump()[1:]
    signed["encap_content_info"] = {"content_type": "data", "content": attributes}
    del info["signed_attrs"]


def attribute_doubled(signed: cms.SignedData) -> None:
    attributes = signed["signer_infos"][0]["signed_attrs"]
    attributes.append(attributes[2])


def test_a_wasp_is_refused_for_what_was_done_to_it(signer: SigningKey, stranger: SigningKey, ca: SigningKey) -> None:
    package = wasp(signer)
    assert (look(package, ca).form, look(package, ca).certification.judgement) == (Form.WASP, Judgement.PASSED)  # type: ignore[union-attr]
    for change, code, why in (
        (signature_from(wasp(stranger)), Code.SEAL_BROKEN, "SIG_CRYPTO_FAILURE"),
        (digest_sha1, Code.SEAL_BROKEN, "HASH_FAILURE"),
        (scheme_other, Code.SEAL_BROKEN, "SIG_CRYPTO_FAILURE"),
        (unsigned, Code.SEAL_MALFORMED, "NO_SIGNATURE"),
        (attribute_doubled, Code.SEAL_MALFORMED, "FORMAT_FAILURE"),
    ):
        refused(look(changed(package, change), ca), code, why)


def test_signed_attributes_are_not_taken_for_content(signer: SigningKey, ca: SigningKey) -> None:
    """Bytes that the signature fits, and that are no package: the content can only be an archive."""
    report = look(changed(wasp(signer), attributes_gone), ca)
    assert report.judgement is not Judgement.PASSED
    assert Code.FORM_UNKNOWN in {each.code for each in report.findings} or Code.SEAL_BROKEN in {
        each.code for each in report.findings
    }


def test_bytes_after_a_wasp_are_told(signer: SigningKey, ca: SigningKey) -> None:
    refused(look(wasp(signer) + b"PK\x05\x06" + bytes(18), ca), Code.SEAL_MALFORMED, "FORMAT_FAILURE")


def test_base64_in_a_signature_has_one_reading(signed: etree._Element, ca: SigningKey) -> None:
    value = signed.find(f".//{DS}SignatureValue")
    assert base64.b64decode(value.text)
    value.text = value.text[:10] + "*" + value.text[10:]
    refused(look(etree.tostring(signed), ca), Code.SEAL_MALFORMED, "FORMAT_FAILURE")


def test_a_signed_document_with_names_that_are_not_ascii_is_read(signer: SigningKey, ca: SigningKey) -> None:
    report = look(sign_enveloped("<Übersicht><größe>1</größe></Übersicht>".encode(), key=signer), ca)
    assert (report.form, report.judgement) == (Form.SIGNED_XML, Judgement.PASSED), report.findings
