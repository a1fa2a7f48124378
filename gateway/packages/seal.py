"""What the signature of a document or package comes to: the verdict of its certification, and a finding."""

from typing import Final

from cryptography.hazmat.primitives import hashes

from gateway.core.finding import CertificationVerdict, Code, Finding, Judgement, found
from pki.verdict import Indication, SubIndication, Verdict

__all__ = ["BROKEN", "certification_of", "seal_finding"]

#: What proves that the package is not the one that was signed.
BROKEN: Final = frozenset({SubIndication.HASH_FAILURE, SubIndication.SIG_CRYPTO_FAILURE, SubIndication.NOT_COVERED})
#: What says that nobody can tell from the signature what is signed.
_MALFORMED: Final = frozenset(
    {
        SubIndication.FORMAT_FAILURE,
        SubIndication.MULTIPLE_SIGNATURES,
        SubIndication.SIGNED_DATA_NOT_FOUND,
        SubIndication.TRANSFORM_NOT_ALLOWED,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        SubIndication.NO_SIGNATURE,
    }
)


def certification_of(verdict: Verdict, *, covers_all: bool) -> CertificationVerdict:
    """The verdict of a certification, from that of the signature behind it."""
    certificate = verdict.certificate
    return CertificationVerdict(
        judgement=Judgement[verdict.indication.name],
        sub_indication=verdict.sub_indication.value if verdict.sub_indication else None,
        explanation=verdict.explanation,
        signer=certificate.fingerprint(hashes.SHA256()).hex() if certificate is not None else None,
        covers_all=covers_all,
    )


def seal_finding(verdict: Verdict, place: str | None = None, *, customary: bool | None = None) -> Finding:
    """One finding for a verdict; its explanation is the detail.

    `customary` says of an XML signature whether honest toolkits write such (seal_shape.py); None where a faulty form
    has no honest cause.
    """
    if verdict.passed:
        return found(Code.SEAL_GOOD, place, verdict.explanation)
    if verdict.sub_indication in BROKEN:
        return found(Code.SEAL_BROKEN, place, verdict.explanation)
    if customary is False or (customary is None and verdict.sub_indication in _MALFORMED):
        return found(Code.SEAL_MALFORMED, place, verdict.explanation)
    weak = verdict.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    return found(Code.SEAL_WEAK if weak else Code.SEAL_UNPROVEN, place, verdict.explanation)


if {each.name for each in Indication} != {each.name for each in Judgement}:
    raise TypeError("verdicts of signatures and of inspections have other words")
