"""Verify and sign SOAP messages by WS-Security 1.0, X.509 token profile: one fixed shape, nothing beside it.

The accepted shape: one wsse:Security header, in it one wsu:Timestamp, at most one X509v3 token and one
ds:Signature that covers the SOAP Body and the Timestamp (it may cover the token and other headers too).

Rules: references are resolved by place, not by search: only the Body and the direct children of Header and
Security can be meant, so an element moved elsewhere is never found (signature wrapping). The caller goes on
with `WssResult.signed_body` and nothing else. Standard: OASIS WSS SOAP Message Security 1.0, WS-I BSP 1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from cryptography import x509
from lxml import etree

from pki.canonical import refuse_stray_text, refuse_uncovered_nodes
from pki.keyinfo import find_signer
from pki.names import (
    DS_SIGNATURE,
    SOAP11,
    SOAP12,
    SOAP12_ULTIMATE,
    WSSE_SECURITY,
    WSSE_TOKEN,
    WSU_CREATED,
    WSU_EXPIRES,
    WSU_ID,
    WSU_TIMESTAMP,
    XML_ID,
)
from pki.policy import EXCLUSIVE_C14N, MAX_REFERENCES
from pki.signature import Reference, check_digest, check_signature_value, leaf_text, read_signature
from pki.trust import TrustedCertificate, TrustList
from pki.verdict import Refusal, SubIndication, Verdict, passed, refused, shown
from pki.wss_sign import sign

__all__ = ["WssPolicy", "WssResult", "sign", "verify"]

_FORMAT = SubIndication.FORMAT_FAILURE
#: Envelope tag -> (tags of its children in order, attribute that addresses a header to a role).
_ENVELOPES: Final = {
    f"{{{SOAP11}}}Envelope": ([f"{{{SOAP11}}}Header", f"{{{SOAP11}}}Body"], f"{{{SOAP11}}}actor"),
    f"{{{SOAP12}}}Envelope": ([f"{{{SOAP12}}}Header", f"{{{SOAP12}}}Body"], f"{{{SOAP12}}}role"),
}
#: Transforms a reference may have.
_CHAINS: Final = ((EXCLUSIVE_C14N,),)
#: Local names that some processor might take for an id; and, since this XPath runs over every message, a
#: cheaper one that finds at least those.
_ID_LIKE: Final = frozenset({"Id", "ID", "id"})
_FIND_ID_LIKE: Final = etree.XPath("/descendant::*/@*[contains('Id ID id', local-name())]", smart_strings=False)
_ID_NAMES: Final = frozenset({WSU_ID, "Id", "ID", XML_ID})
#: xs:dateTime with a zone; BSP 1.1 R3217 wants Z, libraries also write +00:00.
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class WssPolicy:
    """What the verifier tolerates."""

    #: Difference of clocks, applied to Created and Expires alike.
    skew: timedelta = timedelta(minutes=5)
    #: Longest time between Created and Expires; bounds how long a captured message stays fresh.
    max_lifetime: timedelta = timedelta(hours=1)
    max_references: int = MAX_REFERENCES


@dataclass(frozen=True, slots=True, kw_only=True)
class WssResult:
    """The verdict on one envelope.

    `office`, `certificate`, `created` and `expires` are set once signature and digests are proven, also when
    the message is then found expired; `signed_body` and `covered` (all elements under the signature, Body
    among them) only if the verdict is PASSED.
    """

    verdict: Verdict
    office: str | None = None
    certificate: x509.Certificate | None = None
    signed_body: etree._Element | None = None
    created: datetime | None = None
    expires: datetime | None = None
    covered: tuple[etree._Element, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The envelope's parts that matter, each found at its fixed place."""

    body: etree._Element
    timestamp: etree._Element
    token: etree._Element | None
    signature: etree._Element
    #: wsu:Id -> element, for every element a reference may mean.
    targets: dict[str, etree._Element]


_DEFAULT_POLICY: Final = WssPolicy()


def verify(
    envelope: etree._Element,
    *,
    trust: TrustList,
    now: datetime,
    policy: WssPolicy = _DEFAULT_POLICY,
    body_withheld: bool = False,
) -> WssResult:
    """Verify the signature of a parsed SOAP 1.1 or 1.2 envelope; `now` is aware UTC.

    With `body_withheld` what stood in the Body was taken out before the envelope was handed on as evidence: the Body's
    digest, which the signature covers, is compared with nothing, and there is no `signed_body` to go on with.

    1. every part at its place, ids unique   2. algorithms, transforms and references on the list
    3. Body and Timestamp covered            4. certificate pinned, within its validity
    5. SignatureValue over SignedInfo        6. digests
    7. Timestamp fresh
    Cheap checks come first; cryptography runs only for a pinned certificate.
    """
    try:
        frame = _read_envelope(envelope)
        parts = read_signature(frame.signature, chains=_CHAINS, max_references=policy.max_references)
        covered = _resolve(parts.references, frame, envelope)
        signer = find_signer(parts.key_info, frame.token, trust)
        if (refusal := signer.refusal_at(now)) is not None:
            return WssResult(verdict=refusal)
        check_signature_value(parts, signer.public_key)
        if body_withheld and (len(frame.body) or frame.body.text):
            raise Refusal(_FORMAT, "the Body is there, though it was to be withheld")
        for reference, element in zip(parts.references, covered, strict=True):
            if not (body_withheld and element is frame.body):
                check_digest(reference, element)
        created, expires = _read_timestamp(frame.timestamp)
    except Refusal as refusal:
        return WssResult(verdict=refusal.verdict)
    verdict = _judge_time(created, expires, now, policy, signer)
    believed = verdict.passed and not body_withheld
    return WssResult(
        verdict=verdict,
        office=signer.office,
        certificate=signer.certificate,
        signed_body=frame.body if believed else None,
        created=created,
        expires=expires,
        covered=covered if believed else (),
    )


def _read_envelope(envelope: etree._Element) -> _Frame:
    shape = _ENVELOPES.get(envelope.tag)
    if shape is None or envelope.getparent() is not None:
        raise Refusal(_FORMAT, "it is not a SOAP 1.1 or 1.2 envelope")
    tags, role_name = shape
    refuse_uncovered_nodes(envelope)
    if [child.tag for child in envelope] != tags:
        if envelope.find(tags[0]) is None:
            raise Refusal(SubIndication.NO_SIGNATURE, "there is no SOAP Header, so there is no signature")
        raise Refusal(_FORMAT, "the envelope must hold exactly one Header and one Body, in this order")
    header, body = envelope
    # Counted over the whole header: a second signature hidden anywhere is a second signature.
    signatures = list(header.iter(DS_SIGNATURE))
    if len(signatures) != 1:
        if signatures:
            raise Refusal(SubIndication.MULTIPLE_SIGNATURES, "there is more than one signature")
        raise Refusal(SubIndication.NO_SIGNATURE, "the message is not signed")
    security = signatures[0].getparent()
    if security is None or security.tag != WSSE_SECURITY or security.getparent() is not header:
        raise Refusal(_FORMAT, "the signature must be a child of the wsse:Security header")
    if len(list(header.iter(WSSE_SECURITY))) != 1:
        raise Refusal(_FORMAT, "there is more than one wsse:Security header")
    for element in (envelope, header, security):
        refuse_stray_text(element)
    if security.get(role_name) not in (None, SOAP12_ULTIMATE):
        raise Refusal(_FORMAT, "the wsse:Security header is addressed to another role")
    timestamp = security.find(WSU_TIMESTAMP)
    token = security.find(WSSE_TOKEN)
    if timestamp is None:
        raise Refusal(SubIndication.NO_TIMESTAMP, "the wsse:Security header has no wsu:Timestamp")
    if len(security) != (2 if token is None else 3):
        raise Refusal(_FORMAT, "wsse:Security may hold one Timestamp, one BinarySecurityToken and the Signature only")
    targets: dict[str, etree._Element] = {}
    for element in (body, *header, *security):
        if (identifier := element.get(WSU_ID)) is not None:
            targets[identifier] = element
    return _Frame(body=body, timestamp=timestamp, token=token, signature=signatures[0], targets=targets)


def _resolve(references: tuple[Reference, ...], frame: _Frame, envelope: etree._Element) -> tuple[etree._Element, ...]:
    """The element each reference means, in order; Body and Timestamp must be among them."""
    covered = []
    for reference in references:
        element = frame.targets.get(reference.uri[1:]) if reference.uri.startswith("#") else None
        if element is None:
            raise Refusal(
                SubIndication.SIGNED_DATA_NOT_FOUND,
                f"{shown(reference.uri)} is neither the Body nor a header (wsu:Id) of this message",
            )
        if element in covered:
            raise Refusal(_FORMAT, "two references point at the same element")
        covered.append(element)
    if frame.body not in covered:
        raise Refusal(SubIndication.NOT_COVERED, "the signature does not cover the SOAP Body")
    if frame.timestamp not in covered:
        raise Refusal(SubIndication.NOT_COVERED, "the signature does not cover the wsu:Timestamp")
    _refuse_double_ids(envelope, {reference.uri[1:] for reference in references})
    return tuple(covered)


def _refuse_double_ids(envelope: etree._Element, referenced: set[str]) -> None:
    """No two equal ids; one that is referenced may not occur under any other id-like attribute either."""
    candidates = cast(list[str], _FIND_ID_LIKE(envelope))
    if len(candidates) == len(set(candidates)):
        return
    ids, id_like = [], []
    for element in envelope.iter("*"):
        for name, value in element.items():
            if name in _ID_NAMES:
                ids.append(value)
            if etree.QName(name).localname in _ID_LIKE:
                id_like.append(value)
    if len(ids) != len(set(ids)) or any(id_like.count(identifier) > 1 for identifier in referenced):
        raise Refusal(_FORMAT, "two elements have the same id")


def _read_timestamp(timestamp: etree._Element) -> tuple[datetime, datetime]:
    if [child.tag for child in timestamp] != [WSU_CREATED, WSU_EXPIRES]:
        raise Refusal(SubIndication.NO_TIMESTAMP, "wsu:Timestamp must hold Created and Expires, in this order")
    created, expires = (_read_time(leaf_text(child).strip()) for child in timestamp)
    if expires <= created:
        raise Refusal(_FORMAT, "wsu:Expires is not later than wsu:Created")
    return created, expires


def _read_time(text: str) -> datetime:
    if _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # such as 30 February, or the year 9999 west of Greenwich
    raise Refusal(_FORMAT, f"{shown(text)} is not a date and time with a zone")


def _judge_time(
    created: datetime, expires: datetime, now: datetime, policy: WssPolicy, signer: TrustedCertificate
) -> Verdict:
    if expires - created > policy.max_lifetime:
        text = f"the message claims to live longer than {policy.max_lifetime}"
        return refused(SubIndication.SIG_CONSTRAINTS_FAILURE, text, signer.certificate)
    if created - policy.skew > now:
        text = f"the message was created in the future ({created.isoformat()}); compare the clocks"
        return refused(SubIndication.MESSAGE_FROM_FUTURE, text, signer.certificate)
    if expires + policy.skew <= now:
        text = f"the message expired at {expires.isoformat()}; send it again with a new signature"
        return refused(SubIndication.MESSAGE_EXPIRED, text, signer.certificate)
    return passed(f"signed by {signer.office}; Body and Timestamp are covered", signer.certificate)
