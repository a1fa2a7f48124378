"""Enveloped XML signatures on small documents (receipts, notifications), and XML-DSig in general by signxml.

Rules: our own pass over the signature comes first, because signxml skips transforms it does not know and looks
for signatures anywhere; then signxml verifies with one pinned certificate. The caller goes on with the element
handed back, which is parsed from the octets that were signed, never with its own input.
Standard: W3C XML Signature Syntax and Processing 1.1; algorithms as in `policy`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidDigest, InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from pki.canonical import canonical, refuse_uncovered_nodes
from pki.document import parse
from pki.keys import SigningKey
from pki.names import DS_SIGNATURE, DS_X509_CERTIFICATE, DS_X509_DATA, WSU_ID, XML_ID
from pki.policy import DIGESTS, ENVELOPED, EXCLUSIVE_C14N, SIGNATURE_ALGORITHMS
from pki.rendered import sign_rendered_document
from pki.signature import Reference, decode_base64, leaf_text, read_signature
from pki.trust import TrustedCertificate, TrustList, UnusablePin, pin
from pki.verdict import Refusal, SubIndication, Verdict, passed, refused

__all__ = ["sign_enveloped", "verify", "verify_enveloped"]

_ENVELOPED_CHAIN: Final = (ENVELOPED, EXCLUSIVE_C14N)
_CHAINS: Final = (_ENVELOPED_CHAIN, (EXCLUSIVE_C14N,))
_SIGNATURE_METHODS: Final = frozenset(SignatureMethod(uri) for uri in SIGNATURE_ALGORITHMS)
_DIGESTS: Final = frozenset(DigestAlgorithm(uri) for uri in DIGESTS)
_ID_NAMES: Final = ("Id", "ID", "id", XML_ID, WSU_ID)
_SHA256: Final = DigestAlgorithm.SHA256.value


def sign_enveloped(document: bytes, *, key: SigningKey) -> bytes:
    """Add an enveloped signature as the last child of the root; the result is canonical and otherwise unchanged.

    `document` must be its own exclusive canonical form (no declaration, no white space around the root), since
    its bytes are what is digested; ValueError if it is not. The certificate travels in KeyInfo.
    """
    try:
        root = parse(document)
        if canonical(root) != document:
            raise ValueError("the document to sign is not in exclusive canonical form")
    except Refusal as refusal:
        raise ValueError(f"the document cannot be signed: {refusal}") from refusal
    if next(root.iter(DS_SIGNATURE), None) is not None:
        raise ValueError("the document is signed already")
    return sign_rendered_document(document, key=key)


def verify_enveloped(
    document: bytes | etree._Element,
    *,
    trust: TrustList | None = None,
    certificate: x509.Certificate | None = None,
    now: datetime | None = None,
) -> tuple[Verdict, etree._Element | None]:
    """Verify a signature that is a child of the root and covers the whole document (Reference URI="").

    Returns the verdict and, only if it is PASSED, the signed root without its signature, parsed from the signed
    octets. The signer must be in `trust` or be `certificate`; with neither, an intact document is INDETERMINATE
    (NO_CERTIFICATE_CHAIN_FOUND). `now` is the time at which the certificate must be valid; None leaves its
    validity period unjudged (for a document whose time of signing is proven elsewhere).
    """
    verdict, signed = _verify(document, trust, certificate, now, location="./", enveloped=True)
    return verdict, signed[0] if signed else None


def verify(
    document: bytes | etree._Element,
    *,
    location: str,
    trust: TrustList | None = None,
    certificate: x509.Certificate | None = None,
    now: datetime | None = None,
) -> tuple[Verdict, tuple[etree._Element, ...]]:
    """Verify any XML signature of 1 to 5 same-document references, the only one in its document.

    `location` is the path from the root to the parent of ds:Signature, ending in a slash, with namespaces as
    "{uri}name" ("./" means the root). Otherwise like `verify_enveloped`; the elements come in reference order.
    """
    return _verify(document, trust, certificate, now, location=location, enveloped=False)


def _verify(
    document: bytes | etree._Element,
    trust: TrustList | None,
    certificate: x509.Certificate | None,
    now: datetime | None,
    *,
    location: str,
    enveloped: bool,
) -> tuple[Verdict, tuple[etree._Element, ...]]:
    try:
        root = parse(document) if isinstance(document, bytes) else document
        refuse_uncovered_nodes(root)
        signature = _find_signature(root, location)
        parts = read_signature(signature, chains=(_ENVELOPED_CHAIN,) if enveloped else _CHAINS)
        if enveloped and [reference.uri for reference in parts.references] != [""]:
            raise Refusal(SubIndication.NOT_COVERED, "the signature does not cover the whole document")
        _check_targets(parts.references, signature)
        signer, is_known = _find_signer(parts.key_info, trust, certificate)
        if now is not None and (refusal := signer.refusal_at(now)) is not None:
            return refusal, ()
        if (parts.algorithm.kind == "RSA") is not isinstance(signer.public_key, rsa.RSAPublicKey):
            text = "the signature's algorithm is not for the signer's kind of key"
            raise Refusal(SubIndication.SIG_CRYPTO_FAILURE, text, signer.certificate)
        signed = _verify_by_signxml(root, location, len(parts.references), signer, now)
    except Refusal as refusal:
        return refusal.verdict, ()
    if not is_known:
        text = "the document is intact, but nothing says whether its signer is to be believed"
        return refused(SubIndication.NO_CERTIFICATE_CHAIN_FOUND, text, signer.certificate), ()
    return passed(f"signed by {signer.office}", signer.certificate), signed


def _find_signature(root: etree._Element, location: str) -> etree._Element:
    signatures = list(root.iter(DS_SIGNATURE))
    if not signatures:
        raise Refusal(SubIndication.NO_SIGNATURE, "the document is not signed")
    if len(signatures) > 1:
        raise Refusal(SubIndication.MULTIPLE_SIGNATURES, "there is more than one signature")
    if root.find(location + DS_SIGNATURE) is not signatures[0]:
        raise Refusal(SubIndication.FORMAT_FAILURE, "the signature is not at its place in the document")
    return signatures[0]


def _check_targets(references: tuple[Reference, ...], signature: etree._Element) -> None:
    """References stay in the document, and an enveloped one means the element the signature stands in."""
    uris = [reference.uri for reference in references]
    if not all(uri == "" or uri.startswith("#") for uri in uris) or len(set(uris)) != len(uris):
        raise Refusal(SubIndication.SIGNED_DATA_NOT_FOUND, "a reference leaves the document or is doubled")
    parent = signature.getparent()
    around = set() if parent is None else {parent.get(name) for name in _ID_NAMES}
    for reference in references:
        if ENVELOPED in reference.transforms and reference.uri != "" and reference.uri[1:] not in around:
            # XML-DSig 6.6.4 gives the transform no meaning elsewhere; signxml would just remove the signature.
            raise Refusal(
                SubIndication.SIGNED_DATA_NOT_FOUND, "the signature does not stand in the element it refers to"
            )


def _find_signer(
    key_info: etree._Element, trust: TrustList | None, certificate: x509.Certificate | None
) -> tuple[TrustedCertificate, bool]:
    """The certificate to verify with, and whether it is one we were told to believe."""
    embedded = key_info.findall(f"{DS_X509_DATA}/{DS_X509_CERTIFICATE}")
    if len(embedded) != 1 or len(key_info) != 1:
        raise Refusal(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "ds:KeyInfo must hold exactly one X509Certificate")
    der = decode_base64(leaf_text(embedded[0]))
    if trust is not None and (known := trust.find(der)) is not None:
        return known, True
    try:
        if certificate is not None and certificate.public_bytes(Encoding.DER) == der:
            return pin("the given certificate", "signing", certificate), True
        if trust is None and certificate is None:
            return pin("nobody known", "signing", x509.load_der_x509_certificate(der)), False
    except UnusablePin as unusable:
        raise Refusal(unusable.sub_indication, str(unusable)) from unusable
    except ValueError:
        raise Refusal(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "no certificate in ds:KeyInfo") from None
    raise Refusal(SubIndication.NO_CERTIFICATE_CHAIN_FOUND, "the signer's certificate is not one of those pinned")


class _Verifier(XMLVerifier):
    """signxml with trees written in UTF-8: in its ASCII, names of elements that are not ASCII cannot be written."""

    def _tostring(self, xml_node: etree._Element, **options: Any) -> bytes:
        return bytes(etree.tostring(xml_node, encoding="UTF-8", xml_declaration=False, **options))


def _verify_by_signxml(
    root: etree._Element, location: str, references: int, signer: TrustedCertificate, now: datetime | None
) -> tuple[etree._Element, ...]:
    configuration = SignatureConfiguration(
        location=location,
        expect_references=references,
        signature_methods=_SIGNATURE_METHODS,
        digest_algorithms=_DIGESTS,
        verification_time=now or signer.not_before,
    )
    try:
        # One verifier per call: it keeps state of the call in itself.
        found = _Verifier().verify(root, x509_cert=signer.certificate, expect_config=configuration)
    except InvalidDigest:
        raise Refusal(
            SubIndication.HASH_FAILURE, "a digest differs: the document was changed", signer.certificate
        ) from None
    except InvalidSignature:
        raise Refusal(
            SubIndication.SIG_CRYPTO_FAILURE, "the signature value does not fit", signer.certificate
        ) from None
    except (SignXMLException, etree.LxmlError, UnsupportedAlgorithm, ValueError, TypeError, KeyError):
        raise Refusal(SubIndication.FORMAT_FAILURE, "the signature cannot be processed") from None
    results = found if isinstance(found, list) else [found]
    signed = tuple(result.signed_xml for result in results if result.signed_xml is not None)
    if len(signed) != references:
        raise Refusal(SubIndication.SIGNED_DATA_NOT_FOUND, "what was signed is not XML")
    return signed
