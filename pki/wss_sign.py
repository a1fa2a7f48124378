"""Sign a SOAP envelope by WS-Security 1.0: Timestamp, X509v3 token, and a signature over Body and Timestamp.

Rules: digests are taken from the tree as it stands, so the caller may use any prefixes; once signed, neither
the Body, a signed header nor the Security header may be touched, re-indented or moved.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from lxml import etree

from pki.canonical import canonical
from pki.document import parse
from pki.keys import SigningKey
from pki.names import DS, ENCODING_BASE64, SOAP11, SOAP12, TYPE_X509V3, WSSE, WSSE_SECURITY, WSU, WSU_ID
from pki.policy import EXCLUSIVE_C14N

__all__ = ["DEFAULT_LIFETIME", "sign", "write_time"]

DEFAULT_LIFETIME: Final = timedelta(minutes=5)

_ENVELOPES: Final = {f"{{{uri}}}Envelope": uri for uri in (SOAP11, SOAP12)}
_TOKEN_ID: Final = "id-token"  # noqa: S105 - an XML id
_TIMESTAMP_ID: Final = "id-timestamp"
_BODY_ID: Final = "id-body"
_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"

#: The header with every value left out; each message fills in a copy of it.
_SECURITY: Final = parse(
    (
        f'<wsse:Security xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}"><wsu:Timestamp wsu:Id="{_TIMESTAMP_ID}">'
        f"<wsu:Created/><wsu:Expires/></wsu:Timestamp><wsse:BinarySecurityToken"
        f' EncodingType="{ENCODING_BASE64}" ValueType="{TYPE_X509V3}" wsu:Id="{_TOKEN_ID}"/>'
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}"/><ds:SignatureMethod/></ds:SignedInfo>'
        f"<ds:SignatureValue/><ds:KeyInfo><wsse:SecurityTokenReference>"
        f'<wsse:Reference URI="#{_TOKEN_ID}" ValueType="{TYPE_X509V3}"/>'
        f"</wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature></wsse:Security>"
    ).encode()
)
_REFERENCE: Final = parse(
    (
        f'<ds:Reference xmlns:ds="{DS}"><ds:Transforms><ds:Transform Algorithm="{EXCLUSIVE_C14N}"/>'
        f'</ds:Transforms><ds:DigestMethod Algorithm="{_SHA256}"/><ds:DigestValue/></ds:Reference>'
    ).encode()
)


def sign(
    envelope: etree._Element,
    *,
    key: SigningKey,
    now: datetime,
    lifetime: timedelta = DEFAULT_LIFETIME,
    headers: Sequence[etree._Element] = (),
    must_understand: bool = False,
) -> None:
    """Add a wsse:Security header to a SOAP 1.1 or 1.2 envelope, in place; `now` is aware UTC.

    Covers the Timestamp, the Body and the given `headers` (children of the SOAP Header); elements without a
    wsu:Id get one. Raises ValueError for a tree that is no unsigned SOAP envelope.
    """
    soap = _ENVELOPES.get(envelope.tag)
    body = None if soap is None else envelope.find(f"{{{soap}}}Body")
    if body is None:
        raise ValueError("only a SOAP envelope with a Body can be signed")
    header = envelope.find(f"{{{soap}}}Header")
    if header is None:
        header = etree.Element(f"{{{soap}}}Header")
        envelope.insert(0, header)
    if header.find(WSSE_SECURITY) is not None:
        raise ValueError("the envelope already has a wsse:Security header")
    security = deepcopy(_SECURITY)
    # Into the tree first: a declaration the envelope already has is dropped here, and prefixes may change.
    header.append(security)
    if must_understand:
        security.set(f"{{{soap}}}mustUnderstand", "1")
    timestamp, token, signature = security
    timestamp[0].text = write_time(now)
    timestamp[1].text = write_time(now + lifetime)
    token.text = key.der_base64
    signed_info, value, _ = signature
    signed_info[1].set("Algorithm", key.algorithm.uri)
    for element, default_id in (
        (timestamp, _TIMESTAMP_ID),
        (body, _BODY_ID),
        *((each, f"id-header-{number}") for number, each in enumerate(headers, 1)),
    ):
        signed_info.append(_refer_to(element, default_id))
    value.text = base64.b64encode(key.sign(canonical(signed_info))).decode("ascii")


def _refer_to(element: etree._Element, default_id: str) -> etree._Element:
    """A ds:Reference with the element's digest; gives the element a wsu:Id if it has none."""
    identifier = element.get(WSU_ID)
    if identifier is None:
        identifier = default_id
        element.set(WSU_ID, identifier)
    reference = deepcopy(_REFERENCE)
    reference.set("URI", f"#{identifier}")
    reference[2].text = base64.b64encode(sha256(canonical(element)).digest()).decode("ascii")
    return reference


def write_time(moment: datetime) -> str:
    """A time of a Timestamp."""
    # BSP 1.1 R3217 and R3220: UTC, and no more than milliseconds are useful to anyone.
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
