"""Naming the signer's key in WS-Security: it selects a pinned certificate or nothing, and nothing is fetched."""

import base64
from hashlib import sha1

import pytest
from cryptography.x509 import SubjectKeyIdentifier
from lxml import etree

DS = "{http://www.w3.org/2000/09/xmldsig#}"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
WSU_ID = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"
PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#"


def name_key(soap, xml):
    """Replace the reference to the token by another way to name the certificate, and drop the token."""
    envelope = soap.signed()
    token = soap.part(envelope, "BinarySecurityToken")
    token.getparent().remove(token)
    holder = soap.part(envelope, "KeyInfo")[0]
    holder[:] = [etree.fromstring(f'<x xmlns:wsse="{WSSE[1:-1]}" xmlns:ds="{DS[1:-1]}">{xml}</x>')[0]]
    return envelope


def issuer_serial(name, serial):
    return (
        f"<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>{name}</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{serial}</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>"
    )


def identifier(kind, value):
    return f'<wsse:KeyIdentifier ValueType="{kind}">{base64.b64encode(value).decode()}</wsse:KeyIdentifier>'


THUMBPRINT = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"


def test_a_certificate_may_be_named_instead_of_carried(soap):
    certificate = soap.signer.certificate
    ski = certificate.extensions.get_extension_for_class(SubjectKeyIdentifier).value.digest
    for xml in (
        issuer_serial("CN=XA signer", certificate.serial_number),
        issuer_serial(" cn=XA signer", f" {certificate.serial_number}\n"),
        identifier(THUMBPRINT, sha1(soap.signer.der).digest()),
        identifier(PROFILE + "X509SubjectKeyIdentifier", ski),
        identifier(PROFILE + "X509v3", soap.signer.der),
        f"<ds:X509Data><ds:X509Certificate>{soap.signer.der_base64}</ds:X509Certificate></ds:X509Data>",
    ):
        assert soap.verify(name_key(soap, xml)).verdict.passed, xml


def test_a_name_of_no_pinned_certificate_is_refused(soap, stranger):
    serial = soap.signer.certificate.serial_number
    for xml in (
        issuer_serial("CN=XA signer", stranger.certificate.serial_number),
        issuer_serial("CN=someone else", serial),
        identifier(THUMBPRINT, sha1(stranger.der).digest()),
        identifier(PROFILE + "X509SubjectKeyIdentifier", b"\0" * 20),
        f"<ds:X509Data><ds:X509Certificate>{stranger.der_base64}</ds:X509Certificate></ds:X509Data>",
    ):
        assert soap.refused(name_key(soap, xml)) == "NO_CERTIFICATE_CHAIN_FOUND", xml


def test_key_names_of_other_kinds_are_refused(soap):
    doubled = f"<ds:X509Certificate>{soap.signer.der_base64}</ds:X509Certificate>" * 2
    for xml in (
        "<ds:KeyName>XA</ds:KeyName>",
        '<ds:RetrievalMethod URI="http://127.0.0.1:9/key"/>',
        "<wsse:Embedded/>",
        '<wsse:Reference URI="#id-token"/>',
        '<wsse:Reference URI="http://127.0.0.1:9/token"/>',
        identifier("urn:other", b"x"),
        issuer_serial("CN=XA signer", "-1"),
        issuer_serial("CN=XA signer", "1" * 5000),
        issuer_serial("CN=XA signer", "١"),
        "<ds:X509Data/>",
        f"<ds:X509Data>{doubled}</ds:X509Data>",
        f"<ds:X509Data>{doubled}{issuer_serial('CN=XA signer', soap.signer.certificate.serial_number)[13:]}",
        "<ds:X509Data><ds:X509SubjectName>CN=XA signer</ds:X509SubjectName></ds:X509Data>",
    ):
        assert soap.refused(name_key(soap, xml)) == "NO_SIGNING_CERTIFICATE_FOUND", xml


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("ValueType", PROFILE + "X509PKIPathv1"), ("EncodingType", "urn:hex"), ("ValueType", None), (WSU_ID, "other")],
)
def test_a_token_of_another_form_is_refused(soap, attribute, value):
    envelope = soap.signed()
    token = soap.part(envelope, "BinarySecurityToken")
    token.set(attribute, value) if value else token.attrib.pop(attribute)
    assert soap.refused(envelope) == "NO_SIGNING_CERTIFICATE_FOUND"


def test_a_key_value_beside_the_reference_is_refused(soap):
    envelope = soap.signed()
    etree.SubElement(soap.part(envelope, "KeyInfo"), f"{DS}KeyValue")
    assert soap.refused(envelope) == "NO_SIGNING_CERTIFICATE_FOUND"
