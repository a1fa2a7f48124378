"""Find the pinned certificate that the ds:KeyInfo of a WS-Security signature names.

Rules: KeyInfo is a hint. It selects one of our pins or nothing; no key, chain or URL in it is ever used.
Standard: OASIS WSS X.509 Certificate Token Profile 1.0, section 3.2 (references to tokens).
"""

from __future__ import annotations

import re

from lxml import etree

from pki.names import (
    DS_ISSUER_NAME,
    DS_ISSUER_SERIAL,
    DS_SERIAL_NUMBER,
    DS_X509_CERTIFICATE,
    DS_X509_DATA,
    ENCODING_BASE64,
    TYPE_KEY_IDENTIFIER,
    TYPE_THUMBPRINT,
    TYPE_X509V3,
    WSSE_KEY_IDENTIFIER,
    WSSE_REFERENCE,
    WSSE_TOKEN_REFERENCE,
    WSU_ID,
)
from pki.signature import decode_base64, leaf_text
from pki.trust import TrustedCertificate, TrustList
from pki.verdict import Refusal, SubIndication, shown

__all__ = ["find_signer"]

_NO_SIGNER = SubIndication.NO_SIGNING_CERTIFICATE_FOUND


def find_signer(key_info: etree._Element, token: etree._Element | None, trust: TrustList) -> TrustedCertificate:
    """The pin meant by KeyInfo; `token` is the BinarySecurityToken of the same header, if there is one.

    Raises Refusal: NO_SIGNING_CERTIFICATE_FOUND if nothing readable is named, NO_CERTIFICATE_CHAIN_FOUND if
    what is named is not pinned. Read are: a reference to the token, a KeyIdentifier (certificate, SHA-1
    thumbprint or subject key identifier), and X509Data with a certificate or an issuer and serial number.
    """
    if len(key_info) != 1 or key_info[0].tag != WSSE_TOKEN_REFERENCE or len(key_info[0]) != 1:
        raise Refusal(_NO_SIGNER, "ds:KeyInfo must hold one wsse:SecurityTokenReference with one reference in it")
    hint = key_info[0][0]
    if hint.tag == WSSE_REFERENCE:
        signer = trust.find(_read_token(hint, token))
    elif hint.tag == WSSE_KEY_IDENTIFIER:
        signer = _find_by_identifier(hint, trust)
    elif hint.tag == DS_X509_DATA:
        signer = _find_by_x509_data(hint, trust)
    else:
        raise Refusal(_NO_SIGNER, "the key reference is of a kind that is not read")
    if signer is None:
        raise Refusal(SubIndication.NO_CERTIFICATE_CHAIN_FOUND, "the signer's certificate is not one of those pinned")
    return signer


def _read_token(reference: etree._Element, token: etree._Element | None) -> bytes:
    if token is None or reference.get("URI") != f"#{token.get(WSU_ID)}":
        raise Refusal(_NO_SIGNER, "the key reference does not point at the BinarySecurityToken of this header")
    if token.get("ValueType") != TYPE_X509V3 or reference.get("ValueType", TYPE_X509V3) != TYPE_X509V3:
        raise Refusal(_NO_SIGNER, "the BinarySecurityToken must be of type X509v3")
    if token.get("EncodingType", ENCODING_BASE64) != ENCODING_BASE64:
        raise Refusal(_NO_SIGNER, "the BinarySecurityToken must be encoded as base64")
    return decode_base64(leaf_text(token))


def _find_by_identifier(identifier: etree._Element, trust: TrustList) -> TrustedCertificate | None:
    kind = identifier.get("ValueType")
    value = decode_base64(leaf_text(identifier))
    if kind == TYPE_THUMBPRINT:
        return trust.find_sha1(value)
    if kind == TYPE_KEY_IDENTIFIER:
        return trust.find_key_identifier(value)
    if kind == TYPE_X509V3:
        return trust.find(value)
    raise Refusal(_NO_SIGNER, f"key identifiers of type {shown(kind)} are not read")


def _find_by_x509_data(x509_data: etree._Element, trust: TrustList) -> TrustedCertificate | None:
    certificates = x509_data.findall(DS_X509_CERTIFICATE)
    if len(certificates) == 1:
        return trust.find(decode_base64(leaf_text(certificates[0])))
    names = x509_data.findall(f"{DS_ISSUER_SERIAL}/{DS_ISSUER_NAME}")
    serials = x509_data.findall(f"{DS_ISSUER_SERIAL}/{DS_SERIAL_NUMBER}")
    serial = leaf_text(serials[0]).strip() if len(names) == len(serials) == 1 else ""
    # A serial number has at most 20 octets (RFC 5280, 4.1.2.2), that is 49 digits.
    if certificates or not re.fullmatch(r"[0-9]{1,49}", serial):
        raise Refusal(_NO_SIGNER, "ds:X509Data names no single certificate that can be looked up")
    return trust.find_issuer_serial(leaf_text(names[0]), int(serial))
