"""Detached XML signatures: one small document that signs files beside it, each read once, whatever their size.

Rules: a reference is the name of a file, without transforms, so that its digest is over the octets as they are; whoever
asks hands in the contents, so no name is ever resolved or fetched. What is not listed is not signed, and is told.
Standard: W3C XML Signature Syntax and Processing 1.1, 4.4.3 and 8.1 (only what is signed is secure).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Final
from urllib.parse import quote, unquote

from cryptography import x509
from lxml import etree

from pki.canonical import refuse_uncovered_nodes
from pki.chains import check_signer
from pki.document import parse
from pki.keys import SigningKey
from pki.names import DS, DS_X509_CERTIFICATE, DS_X509_DATA
from pki.policy import EXCLUSIVE_C14N
from pki.signature import SignatureParts, check_signature_value, decode_base64, leaf_text, read_signature
from pki.trust import UnusablePin, pin
from pki.verdict import Refusal, SubIndication, Verdict, passed, shown

__all__ = ["REFERENCES_MOST", "SignedFiles", "sign_files", "verify_files"]

#: Files that one signature may list: a package of drawings has some hundreds.
REFERENCES_MOST: Final = 1000
_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFiles:
    """What a detached signature proves: `names` are the files it covers, and only if the verdict is PASSED."""

    verdict: Verdict
    names: tuple[str, ...] = ()


def sign_files(contents: Mapping[str, Iterable[bytes]], *, key: SigningKey) -> bytes:
    """A ds:Signature document over files, by name; each content is read once, in pieces."""
    references = "".join(
        f'<ds:Reference URI="{quote(name)}"><ds:DigestMethod Algorithm="{_SHA256}"></ds:DigestMethod>'
        f"<ds:DigestValue>{_digest(pieces, 'sha256', base64.b64encode).decode('ascii')}</ds:DigestValue></ds:Reference>"
        for name, pieces in contents.items()
    )
    info = (
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{key.algorithm.uri}"></ds:SignatureMethod>{references}'
    )
    signed = f'<ds:SignedInfo xmlns:ds="{DS}">{info}</ds:SignedInfo>'.encode("ascii")  # canonical as it stands
    value = base64.b64encode(key.sign(signed)).decode("ascii")
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{info}</ds:SignedInfo><ds:SignatureValue>{value}'
        f"</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{key.der_base64}</ds:X509Certificate>"
        f"</ds:X509Data></ds:KeyInfo></ds:Signature>"
    ).encode("ascii")


def _digest(pieces: Iterable[bytes], algorithm: str, form: Callable[[bytes], bytes] = bytes) -> bytes:
    running = hashlib.new(algorithm)
    for piece in pieces:
        running.update(piece)
    return form(running.digest())


def verify_files(
    document: bytes | etree._Element,
    open_file: Callable[[str], Iterable[bytes] | None],
    *,
    roots: Sequence[x509.Certificate],
    at: datetime,
) -> SignedFiles:
    """Verify a detached signature; `open_file` gives the pieces of a file by its name, or None if it is not there.

    `roots`: authorities, or the signers' certificates themselves, valid at `at` (aware). The contents are read only
    after the signature over their digests holds.
    """
    try:
        root = parse(document) if isinstance(document, bytes) else document
        refuse_uncovered_nodes(root)
        parts = read_signature(root, chains=((),), max_references=REFERENCES_MOST)
        names = [unquote(reference.uri) for reference in parts.references]
        if len(set(names)) != len(names) or any(not name or name.startswith("#") for name in names):
            raise Refusal(SubIndication.SIGNED_DATA_NOT_FOUND, "a reference names no file, or one twice")
        certificate = _signer(parts)
        _check_files(parts, names, open_file)
        check_signer(certificate, (), roots, at)
    except Refusal as refusal:
        return SignedFiles(verdict=refusal.verdict)
    return SignedFiles(
        verdict=passed("the signature fits the files and the certificate", certificate), names=tuple(names)
    )


def _signer(parts: SignatureParts) -> x509.Certificate:
    """The embedded certificate, whose key the signature fits."""
    embedded = parts.key_info.findall(f"{DS_X509_DATA}/{DS_X509_CERTIFICATE}")
    if len(embedded) != 1 or len(parts.key_info) != 1:
        raise Refusal(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "ds:KeyInfo must hold exactly one X509Certificate")
    try:
        certificate = x509.load_der_x509_certificate(decode_base64(leaf_text(embedded[0])))
        known = pin("the signer", "signing", certificate)
    except ValueError:
        raise Refusal(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "no certificate in ds:KeyInfo") from None
    except UnusablePin as unusable:
        raise Refusal(unusable.sub_indication, str(unusable)) from unusable
    check_signature_value(parts, known.public_key)
    return certificate


def _check_files(
    parts: SignatureParts, names: Sequence[str], open_file: Callable[[str], Iterable[bytes] | None]
) -> None:
    for name, reference in zip(names, parts.references, strict=True):
        pieces = open_file(name)
        if pieces is None:
            raise Refusal(SubIndication.SIGNED_DATA_NOT_FOUND, f"the signed file {shown(name)} is not there")
        if not compare_digest(_digest(pieces, reference.digest_name), reference.digest):
            raise Refusal(SubIndication.HASH_FAILURE, f"the file {shown(name)} is not what was signed")
