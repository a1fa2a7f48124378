"""Namespaces and qualified names of XML-DSig, WS-Security and SOAP, each written down once."""

from __future__ import annotations

from typing import Final

__all__ = [
    "DS",
    "DS_CANONICALIZATION",
    "DS_DIGEST_METHOD",
    "DS_DIGEST_VALUE",
    "DS_ISSUER_NAME",
    "DS_ISSUER_SERIAL",
    "DS_KEY_INFO",
    "DS_REFERENCE",
    "DS_SERIAL_NUMBER",
    "DS_SIGNATURE",
    "DS_SIGNATURE_METHOD",
    "DS_SIGNATURE_VALUE",
    "DS_SIGNED_INFO",
    "DS_TRANSFORM",
    "DS_TRANSFORMS",
    "DS_X509_CERTIFICATE",
    "DS_X509_DATA",
    "EC_INCLUSIVE",
    "ENCODING_BASE64",
    "SOAP11",
    "SOAP12",
    "SOAP12_ULTIMATE",
    "TYPE_KEY_IDENTIFIER",
    "TYPE_THUMBPRINT",
    "TYPE_X509V3",
    "WSSE",
    "WSSE_KEY_IDENTIFIER",
    "WSSE_REFERENCE",
    "WSSE_SECURITY",
    "WSSE_TOKEN",
    "WSSE_TOKEN_REFERENCE",
    "WSU",
    "WSU_CREATED",
    "WSU_EXPIRES",
    "WSU_ID",
    "WSU_TIMESTAMP",
    "XML_ID",
]

# XML Signature Syntax and Processing 1.1
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
DS_SIGNATURE: Final = f"{{{DS}}}Signature"
DS_SIGNED_INFO: Final = f"{{{DS}}}SignedInfo"
DS_SIGNATURE_VALUE: Final = f"{{{DS}}}SignatureValue"
DS_KEY_INFO: Final = f"{{{DS}}}KeyInfo"
DS_CANONICALIZATION: Final = f"{{{DS}}}CanonicalizationMethod"
DS_SIGNATURE_METHOD: Final = f"{{{DS}}}SignatureMethod"
DS_REFERENCE: Final = f"{{{DS}}}Reference"
DS_TRANSFORMS: Final = f"{{{DS}}}Transforms"
DS_TRANSFORM: Final = f"{{{DS}}}Transform"
DS_DIGEST_METHOD: Final = f"{{{DS}}}DigestMethod"
DS_DIGEST_VALUE: Final = f"{{{DS}}}DigestValue"
DS_X509_DATA: Final = f"{{{DS}}}X509Data"
DS_X509_CERTIFICATE: Final = f"{{{DS}}}X509Certificate"
DS_ISSUER_SERIAL: Final = f"{{{DS}}}X509IssuerSerial"
DS_ISSUER_NAME: Final = f"{{{DS}}}X509IssuerName"
DS_SERIAL_NUMBER: Final = f"{{{DS}}}X509SerialNumber"

# Exclusive XML Canonicalization 1.0
EC_INCLUSIVE: Final = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"

# SOAP 1.1 and 1.2
SOAP11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12: Final = "http://www.w3.org/2003/05/soap-envelope"
SOAP12_ULTIMATE: Final = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver"

# Web Services Security: SOAP Message Security 1.0 and X.509 Token Profile 1.0 (OASIS, 2004), with the
# thumbprint reference of 1.1 (2006)
_OASIS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE: Final = _OASIS + "wssecurity-secext-1.0.xsd"
WSU: Final = _OASIS + "wssecurity-utility-1.0.xsd"
WSSE_SECURITY: Final = f"{{{WSSE}}}Security"
WSSE_TOKEN: Final = f"{{{WSSE}}}BinarySecurityToken"
WSSE_TOKEN_REFERENCE: Final = f"{{{WSSE}}}SecurityTokenReference"
WSSE_REFERENCE: Final = f"{{{WSSE}}}Reference"
WSSE_KEY_IDENTIFIER: Final = f"{{{WSSE}}}KeyIdentifier"
WSU_ID: Final = f"{{{WSU}}}Id"
WSU_TIMESTAMP: Final = f"{{{WSU}}}Timestamp"
WSU_CREATED: Final = f"{{{WSU}}}Created"
WSU_EXPIRES: Final = f"{{{WSU}}}Expires"
XML_ID: Final = "{http://www.w3.org/XML/1998/namespace}id"
TYPE_X509V3: Final = _OASIS + "x509-token-profile-1.0#X509v3"
TYPE_KEY_IDENTIFIER: Final = _OASIS + "x509-token-profile-1.0#X509SubjectKeyIdentifier"
ENCODING_BASE64: Final = _OASIS + "soap-message-security-1.0#Base64Binary"
TYPE_THUMBPRINT: Final = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"
