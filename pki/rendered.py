"""Sign what our own renderers wrote: it is in canonical form as it stands, so nothing is parsed and nothing changed.

Rules: only for bytes made here, never for what came from outside; tests hold that each renderer's output is its own
canonical form, and the ordinary verifiers are the judges.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from pki.keys import SigningKey
from pki.names import DS, ENCODING_BASE64, TYPE_X509V3, WSSE, WSU
from pki.policy import ENVELOPED, EXCLUSIVE_C14N
from pki.wss_sign import DEFAULT_LIFETIME, write_time

__all__ = ["sign_rendered_document", "sign_rendered_envelope"]

_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
_BODY: Final = (b"<soap:Body ", b"</soap:Envelope>")
_BODY_ID: Final = b'wsu:Id="id-body">'
_TIMESTAMP_ID: Final = "id-timestamp"
_C14N: Final = f'<ds:Transform Algorithm="{EXCLUSIVE_C14N}"></ds:Transform>'


def sign_rendered_document(document: bytes, *, key: SigningKey) -> bytes:
    """Add an enveloped signature as the last child of the root; see xmldsig.sign_enveloped, which looks first."""
    transforms = f'<ds:Transform Algorithm="{ENVELOPED}"></ds:Transform>{_C14N}'
    info, value = _sign(_reference("", transforms, document), key)
    signature = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{info}</ds:SignedInfo><ds:SignatureValue>{value}'
        f"</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{key.der_base64}</ds:X509Certificate>"
        f"</ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
    end = document.rindex(b"</")
    return document[:end] + signature.encode("ascii") + document[end:]


def sign_rendered_envelope(
    envelope: bytes, *, key: SigningKey, now: datetime, lifetime: timedelta = DEFAULT_LIFETIME
) -> bytes:
    """Add a wsse:Security header over Timestamp and Body to an envelope with an empty Header; see wss.sign.

    ValueError if the Body does not stand as our renderer writes it, with the id `id-body`.
    """
    start, end = envelope.index(_BODY[0]), envelope.rindex(_BODY[1])
    body = envelope[start:end]
    head, _, after = envelope[:start].rpartition(b"</soap:Header>")
    if not body.partition(b">")[0].endswith(_BODY_ID[:-1]) or not head or after:
        raise ValueError("only what our own renderer wrote is signed as it stands")
    timestamp = (
        f'<wsu:Timestamp xmlns:wsu="{WSU}" wsu:Id="{_TIMESTAMP_ID}"><wsu:Created>{write_time(now)}</wsu:Created>'
        f"<wsu:Expires>{write_time(now + lifetime)}</wsu:Expires></wsu:Timestamp>"
    )
    references = _reference(f"#{_TIMESTAMP_ID}", _C14N, timestamp.encode()) + _reference("#id-body", _C14N, body)
    info, value = _sign(references, key)
    security = (
        f'<wsse:Security xmlns:wsse="{WSSE}">{timestamp}<wsse:BinarySecurityToken xmlns:wsu="{WSU}"'
        f' EncodingType="{ENCODING_BASE64}" ValueType="{TYPE_X509V3}" wsu:Id="id-token">{key.der_base64}'
        f'</wsse:BinarySecurityToken><ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{info}</ds:SignedInfo>'
        f"<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>"
        f'<wsse:Reference URI="#id-token" ValueType="{TYPE_X509V3}"/></wsse:SecurityTokenReference></ds:KeyInfo>'
        f"</ds:Signature></wsse:Security></soap:Header>"
    )
    return head + security.encode("ascii") + body + _BODY[1]


def _reference(uri: str, transforms: str, canonical: bytes) -> str:
    digest = base64.b64encode(sha256(canonical).digest()).decode("ascii")
    return (
        f'<ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms><ds:DigestMethod Algorithm="{_SHA256}">'
        f"</ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
    )


def _sign(references: str, key: SigningKey) -> tuple[str, str]:
    """Give the inside of SignedInfo, which is canonical but for its namespace declaration, and the SignatureValue."""
    info = (
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{key.algorithm.uri}"></ds:SignatureMethod>{references}'
    )
    signed = f'<ds:SignedInfo xmlns:ds="{DS}">{info}</ds:SignedInfo>'.encode("ascii")
    return info, base64.b64encode(key.sign(signed)).decode("ascii")
