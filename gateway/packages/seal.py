"""What the signature of a package comes to, as a finding."""

from typing import Final

from gateway.core.finding import Code, Finding, found
from pki.verdict import SubIndication, Verdict

__all__ = ["seal_finding"]

#: What proves that the package is not the one that was signed.
_BROKEN: Final = frozenset({SubIndication.HASH_FAILURE, SubIndication.SIG_CRYPTO_FAILURE, SubIndication.NOT_COVERED})


def seal_finding(verdict: Verdict, place: str | None = None) -> Finding:
    """One finding for a verdict; its explanation is the detail."""
    if verdict.passed:
        return found(Code.SEAL_GOOD, place, verdict.explanation)
    if verdict.sub_indication in _BROKEN:
        return found(Code.SEAL_BROKEN, place, verdict.explanation)
    weak = verdict.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    return found(Code.SEAL_WEAK if weak else Code.SEAL_UNPROVEN, place, verdict.explanation)
