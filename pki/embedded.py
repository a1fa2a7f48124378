"""The certificate that a signed XML document carries: for whoever keeps it, never for whoever believes it.

Rules: nothing is verified here, and nobody is trusted for it; more than one certificate is none.
"""

from __future__ import annotations

from cryptography import x509
from lxml import etree

from pki.names import DS_X509_CERTIFICATE, WSSE_TOKEN
from pki.signature import decode_base64, leaf_text
from pki.verdict import Refusal

__all__ = ["embedded_certificate"]


def embedded_certificate(root: etree._Element) -> x509.Certificate | None:
    """The one certificate in a BinarySecurityToken or ds:X509Certificate anywhere in a document, or None."""
    found = list(root.iter(DS_X509_CERTIFICATE, WSSE_TOKEN))
    if len(found) != 1:
        return None
    try:
        return x509.load_der_x509_certificate(decode_base64(leaf_text(found[0])))
    except (Refusal, ValueError):
        return None
