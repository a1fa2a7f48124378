"""Read one ds:Signature strictly: shape, algorithms, transforms and references, before any of it is used.

Rules: what is not listed is refused; nothing here fetches, resolves or evaluates. Functions raise Refusal,
which the public functions of this package turn into a Verdict.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import new as new_digest
from hmac import compare_digest
from typing import Final

from lxml import etree

from pki.canonical import canonical, namespaces_in_scope, refuse_stray_text
from pki.names import (
    DS_CANONICALIZATION,
    DS_DIGEST_METHOD,
    DS_DIGEST_VALUE,
    DS_KEY_INFO,
    DS_REFERENCE,
    DS_SIGNATURE,
    DS_SIGNATURE_METHOD,
    DS_SIGNATURE_VALUE,
    DS_SIGNED_INFO,
    DS_TRANSFORM,
    DS_TRANSFORMS,
    EC_INCLUSIVE,
)
from pki.policy import (
    DIGESTS,
    EXCLUSIVE_C14N,
    MAX_REFERENCES,
    MAX_TRANSFORMS,
    SIGNATURE_ALGORITHMS,
    PublicKey,
    SignatureAlgorithm,
    is_signature_good,
)
from pki.verdict import Refusal, SubIndication, shown

__all__ = [
    "Reference",
    "SignatureParts",
    "check_digest",
    "check_signature_value",
    "decode_base64",
    "leaf_text",
    "read_signature",
]

#: Prefixes of an InclusiveNamespaces list; the list's length is bounded because C14N walks it per element.
_PREFIX: Final = re.compile(r"[^\W\d][\w.\-]{0,63}|#default")
_MAX_PREFIXES: Final = 32
#: Attributes each element may have (XML-DSig schema, without the extension points nobody needs here).
_ATTRIBUTES: Final = {
    DS_SIGNATURE: frozenset({"Id"}),
    DS_SIGNED_INFO: frozenset({"Id"}),
    DS_SIGNATURE_VALUE: frozenset({"Id"}),
    DS_KEY_INFO: frozenset({"Id"}),
    DS_CANONICALIZATION: frozenset({"Algorithm"}),
    DS_SIGNATURE_METHOD: frozenset({"Algorithm"}),
    DS_REFERENCE: frozenset({"Id", "URI", "Type"}),
    DS_TRANSFORMS: frozenset(),
    DS_TRANSFORM: frozenset({"Algorithm"}),
    DS_DIGEST_METHOD: frozenset({"Algorithm"}),
    DS_DIGEST_VALUE: frozenset(),
    EC_INCLUSIVE: frozenset({"PrefixList"}),
}
_ID: Final = re.compile(r"[^\W\d][\w.\-]{0,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One ds:Reference: where it points, its transforms, the prefix list of its C14N, and the digest claimed."""

    uri: str
    transforms: tuple[str, ...]
    prefixes: list[str] | None
    digest_name: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureParts:
    """A ds:Signature whose every algorithm is on the list; nothing is verified yet."""

    signed_info: etree._Element
    prefixes: list[str] | None
    algorithm: SignatureAlgorithm
    references: tuple[Reference, ...]
    value: bytes
    key_info: etree._Element


def read_signature(
    signature: etree._Element, *, chains: Collection[tuple[str, ...]], max_references: int = MAX_REFERENCES
) -> SignatureParts:
    """Take a ds:Signature apart; the transforms of each reference must be, in order, one of `chains`.

    The empty chain stands alone: references without transforms, over octets as they are (a detached signature).
    Refuses ds:Object (nothing enveloped is ours), any algorithm off the lists, and zero or too many references.
    """
    _expect(signature, DS_SIGNATURE)
    namespaces_in_scope(signature)
    signed_info, value, key_info = _children(signature, (DS_SIGNED_INFO, DS_SIGNATURE_VALUE, DS_KEY_INFO))
    # A count before any loop: a thousand references cost as much as one.
    if not 3 <= len(signed_info) <= 2 + max_references:
        raise Refusal(
            SubIndication.SIG_CONSTRAINTS_FAILURE,
            f"the signature has {max(len(signed_info) - 2, 0)} references; 1 to {max_references} are allowed",
        )
    refuse_stray_text(signed_info)
    refuse_stray_text(key_info)
    canonicalization, method, *references = signed_info
    _expect(canonicalization, DS_CANONICALIZATION)
    _expect(method, DS_SIGNATURE_METHOD)
    if canonicalization.get("Algorithm") != EXCLUSIVE_C14N:
        raise Refusal(
            SubIndication.TRANSFORM_NOT_ALLOWED,
            f"SignedInfo must be canonicalized by exclusive C14N, not {shown(canonicalization.get('Algorithm'))}",
        )
    algorithm = SIGNATURE_ALGORITHMS.get(method.get("Algorithm", ""))
    if algorithm is None:
        raise Refusal(
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
            f"signature algorithm {shown(method.get('Algorithm'))} is not accepted",
        )
    _refuse_content(method)
    return SignatureParts(
        signed_info=signed_info,
        prefixes=_read_prefixes(canonicalization),
        algorithm=algorithm,
        references=tuple([_read_reference(each, chains) for each in references]),
        value=decode_base64(leaf_text(value)),
        key_info=key_info,
    )


def check_signature_value(parts: SignatureParts, key: PublicKey) -> None:
    """Verify SignatureValue over the canonical SignedInfo, or raise SIG_CRYPTO_FAILURE."""
    if not is_signature_good(key, parts.algorithm, parts.value, canonical(parts.signed_info, parts.prefixes)):
        raise Refusal(
            SubIndication.SIG_CRYPTO_FAILURE, "the signature value does not fit SignedInfo and the certificate"
        )


def check_digest(reference: Reference, element: etree._Element) -> None:
    """Compare a reference's digest with the canonical element, or raise HASH_FAILURE."""
    octets = canonical(element, reference.prefixes)
    if not compare_digest(new_digest(reference.digest_name, octets).digest(), reference.digest):
        raise Refusal(SubIndication.HASH_FAILURE, f"the digest of {shown(reference.uri)} differs: it was changed")


def leaf_text(element: etree._Element) -> str:
    """The text of an element that must have no children (text after a child would be overlooked)."""
    if len(element):
        raise Refusal(SubIndication.FORMAT_FAILURE, f"{_name(element)} must hold text only")
    return element.text or ""


def decode_base64(text: str) -> bytes:
    """Base64 with white space as XML allows it, anything else refused."""
    try:
        # ASCII first: what else Python takes for white space is none in XML.
        return a2b_base64(b"".join(text.encode("ascii").split()), strict_mode=True)
    except ValueError:
        raise Refusal(SubIndication.FORMAT_FAILURE, "a value is not base64") from None


def _read_reference(reference: etree._Element, chains: Collection[tuple[str, ...]]) -> Reference:
    _expect(reference, DS_REFERENCE)
    if () in chains:
        transforms, (method, value) = None, _children(reference, (DS_DIGEST_METHOD, DS_DIGEST_VALUE))
    else:
        transforms, method, value = _children(reference, (DS_TRANSFORMS, DS_DIGEST_METHOD, DS_DIGEST_VALUE))
    uri = reference.get("URI")
    if uri is None:
        raise Refusal(SubIndication.FORMAT_FAILURE, "a ds:Reference has no URI")
    digest_name = DIGESTS.get(method.get("Algorithm", ""))
    if digest_name is None:
        raise Refusal(
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
            f"digest algorithm {shown(method.get('Algorithm'))} is not accepted",
        )
    _refuse_content(method)
    found, prefixes = _read_transforms(transforms, chains) if transforms is not None else ((), None)
    return Reference(
        uri=uri,
        transforms=found,
        prefixes=prefixes,
        digest_name=digest_name,
        digest=decode_base64(leaf_text(value)),
    )


def _read_transforms(
    transforms: etree._Element, chains: Collection[tuple[str, ...]]
) -> tuple[tuple[str, ...], list[str] | None]:
    """The chain of transforms, which must be one of those accepted, and the prefix list of its C14N."""
    if len(transforms) > MAX_TRANSFORMS:
        raise Refusal(
            SubIndication.TRANSFORM_NOT_ALLOWED,
            f"a reference has {len(transforms)} transforms; {MAX_TRANSFORMS} is the most",
        )
    refuse_stray_text(transforms)
    found = []
    for transform in transforms:
        _expect(transform, DS_TRANSFORM)
        found.append(transform.get("Algorithm", ""))
    if tuple(found) not in chains:
        raise Refusal(
            SubIndication.TRANSFORM_NOT_ALLOWED,
            f"transforms {shown(', '.join(found))}; allowed are: " + " or: ".join(map(", ".join, chains)),
        )
    prefixes: list[str] | None = None
    for transform in transforms:
        if transform.get("Algorithm") == EXCLUSIVE_C14N:
            prefixes = _read_prefixes(transform)
        else:
            _refuse_content(transform)
    return tuple(found), prefixes


def _read_prefixes(method: etree._Element) -> list[str] | None:
    """The PrefixList of exclusive C14N (its section 3); None where there is none."""
    refuse_stray_text(method)
    if not len(method):
        return None
    (inclusive,) = _children(method, (EC_INCLUSIVE,))
    prefixes = inclusive.get("PrefixList", "").split()
    if len(prefixes) > _MAX_PREFIXES or not all(_PREFIX.fullmatch(prefix) for prefix in prefixes):
        raise Refusal(SubIndication.FORMAT_FAILURE, "the PrefixList of exclusive C14N is malformed or too long")
    return prefixes or None


def _children(parent: etree._Element, tags: tuple[str, ...]) -> list[etree._Element]:
    """The children of an element, which must be exactly these, in this order."""
    if len(parent) != len(tags):
        wanted = ", ".join(etree.QName(tag).localname for tag in tags)
        raise Refusal(SubIndication.FORMAT_FAILURE, f"{_name(parent)} must hold exactly, in this order: {wanted}")
    refuse_stray_text(parent)
    children = list(parent)
    for child, tag in zip(children, tags, strict=True):
        _expect(child, tag)
    return children


def _expect(element: etree._Element, tag: str) -> None:
    """The element must be this one, with no attribute but those of the schema."""
    if element.tag != tag:
        raise Refusal(SubIndication.FORMAT_FAILURE, f"expected {etree.QName(tag).localname} in the signature")
    names = element.keys()
    if not _ATTRIBUTES[tag].issuperset(names) or ("Id" in names and not _ID.fullmatch(element.get("Id", ""))):
        raise Refusal(SubIndication.FORMAT_FAILURE, f"{_name(element)} has an attribute that does not belong there")


def _refuse_content(element: etree._Element) -> None:
    """The element stands for its algorithm alone: no parameter of any accepted one is ours to read."""
    if len(element):
        raise Refusal(SubIndication.FORMAT_FAILURE, f"{_name(element)} must be empty")
    refuse_stray_text(element)


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname
