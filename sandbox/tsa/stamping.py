"""From a time-stamp request to its answer, both DER, honest or in one of the ways in which authorities go wrong.

Sources: RFC 3161, 2.4; RFC 5652, 5; RFC 5816.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from asn1crypto import algos, cms, core, tsp  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.tsa.authority import Authority, Stamping, issue_stamping

__all__ = ["POLICY", "Manner", "answer", "is_request"]

#: Of the sandbox's own; below the joint-iso-itu-t arc for UUIDs nobody is disturbed (ITU-T X.667).
POLICY: Final = "2.25.1"


class Manner(StrEnum):
    """How an answer is made: honestly, or wrong in exactly one point."""

    HONEST = "honest"
    UNSORTED = "unsorted"  # certificates out of DER order, as OpenSSL does with -chain: legal in effect
    BARE = "bare"  # without the certificates that were asked for
    OTHER_DIGEST = "other-digest"  # a time-stamp of something else
    WRONG_NONCE = "wrong-nonce"  # an answer to another question
    WRONG_POLICY = "wrong-policy"  # made under a policy that nobody asked for
    EXPIRED = "expired"  # by a certificate that had expired
    NOT_CRITICAL = "not-critical"  # by a certificate that may do anything
    FROM_FUTURE = "from-future"  # a clock that is a day ahead
    FROM_PAST = "from-past"  # a clock that is a day behind
    TORN_SIGNATURE = "torn-signature"  # a bit of the signature is another
    REJECTION = "rejection"  # no time-stamp, with a status
    REDIRECT = "redirect"  # the answer is elsewhere, says HTTP
    HUGE = "huge"  # an answer of megabytes


def is_request(body: bytes) -> bool:
    """Whether the bytes are a time-stamp request over SHA-256."""
    try:
        request = tsp.TimeStampReq.load(body, strict=True)
        imprint = request["message_imprint"]
        return bool(
            request["version"].native == "v1"
            and imprint["hash_algorithm"]["algorithm"].native == "sha256"
            and len(imprint["hashed_message"].native) == 32
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def answer(authority: Authority, request: bytes, *, serial: int, at: datetime, manner: Manner = Manner.HONEST) -> bytes:
    """A TimeStampResp for a request that `is_request`, in a manner that is not HTTP's.

    `serial` is unique per authority, `at` is its clock (aware).
    """
    if manner is Manner.REJECTION:
        status = {"status": "rejection", "status_string": ["not today"], "fail_info": {"time_not_available"}}
        return bytes(core.Sequence(contents=tsp.PKIStatusInfo(status).dump()).dump())
    asked = tsp.TimeStampReq.load(request)
    stamping = _stamping(authority, at, manner)
    content = _content(asked, serial, _clock(at, manner), manner)
    signed = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content.dump())},
        "signer_infos": [_signature(stamping, content.dump(), manner)],
    }
    certificates = sorted(one.public_bytes(Encoding.DER) for one in (stamping.certificate, *authority.above))
    if asked["cert_req"].native and manner is not Manner.BARE:
        signed["certificates"] = [cms.CertificateChoices({"certificate": _loaded(der)}) for der in certificates]
    token = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})
    response = bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())
    if manner is Manner.UNSORTED:  # the library sorts whatever it is given
        return response.replace(b"".join(certificates), b"".join(reversed(certificates)))
    return response


def _content(asked: Any, serial: int, at: datetime, manner: Manner) -> Any:
    imprint, nonce, policy = asked["message_imprint"], asked["nonce"].native, asked["req_policy"].native
    if manner is Manner.OTHER_DIGEST:
        imprint = tsp.MessageImprint(
            {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": sha256(b"something else").digest()}
        )
    if manner is Manner.WRONG_NONCE and nonce is not None:
        nonce ^= 1
    if manner is Manner.WRONG_POLICY:
        policy = f"{POLICY}.1"
    stamp = {
        "version": "v1",
        "policy": policy or POLICY,
        "message_imprint": imprint,
        "serial_number": serial,
        "gen_time": at,
        "accuracy": {"seconds": 1},
    }
    if nonce is not None:
        stamp["nonce"] = nonce
    return tsp.TSTInfo(stamp)


def _signature(stamping: Stamping, content: bytes, manner: Manner) -> Any:
    certificate = _loaded(stamping.certificate.public_bytes(Encoding.DER))
    named = tsp.ESSCertIDv2({"cert_hash": sha256(certificate.dump()).digest()})
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [sha256(content).digest()]}),
            cms.CMSAttribute(
                {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [named]})]}
            ),
        ]
    )
    signature = stamping.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
    if manner is Manner.TORN_SIGNATURE:
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    issuer = cms.IssuerAndSerialNumber({"issuer": certificate.issuer, "serial_number": certificate.serial_number})
    return cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier({"issuer_and_serial_number": issuer}),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "signed_attrs": attributes,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            "signature": signature,
        }
    )


def _loaded(der: bytes) -> Any:
    return asn1_x509.Certificate.load(der)


def _stamping(authority: Authority, at: datetime, manner: Manner) -> Stamping:
    begin, end = at - timedelta(days=30), at + timedelta(days=30)
    if manner is Manner.EXPIRED:
        end = at - timedelta(days=1)
    elif manner is not Manner.NOT_CRITICAL:
        return authority.stamping
    key, critical = authority.stamping.key, manner is not Manner.NOT_CRITICAL
    return issue_stamping(authority.between, authority.issuing, key, begin, end, critical=critical)


def _clock(at: datetime, manner: Manner) -> datetime:
    return at + {Manner.FROM_FUTURE: timedelta(days=1), Manner.FROM_PAST: timedelta(days=-1)}.get(manner, timedelta())
