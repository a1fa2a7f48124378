"""Whether an XML signature that could not be verified is only unusual, or of a shape that nobody signs honestly.

Rules: this proves nothing and is asked only after a verdict that is not good: what other toolkits write (XAdES,
inclusive canonical form, a second signature beside the first) stays a warning, since a refusal can cost a right; what
lets two readers take different things for signed is an error.
Sources: W3C XML Signature 1.1, 8; Somorovsky et al., "On Breaking SAML" (2012).
"""

import re
from collections import Counter
from typing import Final

from lxml import etree

__all__ = ["is_customary"]

_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_XADES: Final = "{http://uri.etsi.org/01903/v1.3.2#}QualifyingProperties"
_C14N: Final = (
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
)
#: Transforms that leave out nothing but comments and the signature itself; no filters, no programs (XPath, XSLT).
_TRANSFORMS: Final = frozenset(
    {"http://www.w3.org/2000/09/xmldsig#enveloped-signature", *_C14N, f"{_C14N[0]}#WithComments"}
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/ \t\r\n]*={0,2}[ \t\r\n]*")
_IDS: Final = frozenset({"Id", "ID", "id"})


def is_customary(root: etree._Element) -> bool:
    """Whether the signatures of a document, or a signature document, are of a kind that honest toolkits write."""
    signatures = [root] if root.tag == f"{_DS}Signature" else list(root.iter(f"{_DS}Signature"))
    if any(each is not root and each.getparent() is not root for each in signatures):
        return False
    if len(signatures) != sum(1 for _ in root.iter(f"{_DS}SignatureValue")):
        return False
    if next(root.iter(etree.Comment, etree.PI, etree.Entity), None) is not None:  # they part what is read as one text
        return False
    return _has_single_ids(root) and all(map(_is_usual, signatures))


def _has_single_ids(root: etree._Element) -> bool:
    ids = Counter(
        value for element in root.iter("*") for name, value in element.items() if str(name).rpartition("}")[2] in _IDS
    )
    return all(count == 1 for count in ids.values())


def _is_usual(signature: etree._Element) -> bool:
    """No key of two parties, no transform that chooses, no reference twice, nothing enveloped but XAdES properties."""
    if any("hmac" in method.get("Algorithm", "") for method in signature.iter(f"{_DS}SignatureMethod")):
        return False
    steps = (each.get("Algorithm") for each in signature.iter(f"{_DS}Transform", f"{_DS}CanonicalizationMethod"))
    if not all(step in _TRANSFORMS for step in steps):
        return False
    values = (each.text or "" for each in signature.iter(f"{_DS}DigestValue", f"{_DS}SignatureValue"))
    if not all(_BASE64.fullmatch(value) for value in values):
        return False
    targets = [each.get("URI") for each in signature.iter(f"{_DS}Reference")]
    if len(set(targets)) != len(targets) or any(target is None or "://" in target for target in targets):
        return False
    enveloped = [child.tag for part in signature.iterchildren(f"{_DS}Object") for child in part]
    return all(tag == _XADES for tag in enveloped)
