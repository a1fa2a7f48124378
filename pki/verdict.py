"""What a verification found, as a value: passed, failed or cannot tell, with the reason in ETSI's words.

Rules: verification never raises for bad input, it returns a Verdict. Explanations are written for a person
and carry no text of the other side but what `shown` lets through. Only PASSED is a yes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509

__all__ = ["Indication", "Refusal", "SubIndication", "Verdict", "passed", "refused", "shown"]

_SHOWN_LENGTH = 100


class Indication(StrEnum):
    """Main result of a validation (ETSI EN 319 102-1, 5.1.3)."""

    PASSED = "PASSED"
    INDETERMINATE = "INDETERMINATE"
    FAILED = "FAILED"


class SubIndication(StrEnum):
    """Why a validation did not pass: words of ETSI EN 319 102-1, then those a message profile adds."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    REVOKED = "REVOKED"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    # Ours: each is a row of its own in the error table of whoever asks.
    NO_SIGNATURE = "NO_SIGNATURE"
    NO_TIMESTAMP = "NO_TIMESTAMP"
    MULTIPLE_SIGNATURES = "MULTIPLE_SIGNATURES"
    TRANSFORM_NOT_ALLOWED = "TRANSFORM_NOT_ALLOWED"
    NOT_COVERED = "NOT_COVERED"
    MESSAGE_EXPIRED = "MESSAGE_EXPIRED"
    MESSAGE_FROM_FUTURE = "MESSAGE_FROM_FUTURE"
    WRONG_AUDIENCE = "WRONG_AUDIENCE"
    SUBJECT_NOT_ALLOWED = "SUBJECT_NOT_ALLOWED"
    INSUFFICIENT_SCOPE = "INSUFFICIENT_SCOPE"

    @property
    def indication(self) -> Indication:
        """The main result this reason leads to (EN 319 102-1, tables 4 to 6)."""
        return Indication.INDETERMINATE if self in _INDETERMINATE else Indication.FAILED


#: More facts (another pin, another time, another policy) could still turn these into PASSED.
_INDETERMINATE = frozenset(
    {
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
        SubIndication.SIGNED_DATA_NOT_FOUND,
        SubIndication.EXPIRED,
        SubIndication.NOT_YET_VALID,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One verification's result; `certificate` is the signer's where one was established."""

    indication: Indication
    sub_indication: SubIndication | None
    explanation: str
    certificate: x509.Certificate | None

    @property
    def passed(self) -> bool:
        """True for PASSED only."""
        return self.indication is Indication.PASSED


def passed(explanation: str, certificate: x509.Certificate | None = None) -> Verdict:
    """The good verdict."""
    return Verdict(indication=Indication.PASSED, sub_indication=None, explanation=explanation, certificate=certificate)


def refused(sub_indication: SubIndication, explanation: str, certificate: x509.Certificate | None = None) -> Verdict:
    """A verdict that is not good: FAILED or INDETERMINATE, as the sub-indication says."""
    return Verdict(
        indication=sub_indication.indication,
        sub_indication=sub_indication,
        explanation=explanation,
        certificate=certificate,
    )


class Refusal(Exception):
    """A verdict on its way out: raised inside this package, caught by its public functions, never seen outside."""

    def __init__(
        self, sub_indication: SubIndication, explanation: str, certificate: x509.Certificate | None = None
    ) -> None:
        super().__init__(explanation)
        self.verdict = refused(sub_indication, explanation, certificate)


def shown(text: str | None) -> str:
    """Foreign text made fit for an explanation: quoted, printable ASCII only, at most 100 characters."""
    if text is None:
        return "(nothing)"
    kept = "".join(char if " " <= char <= "~" else "?" for char in text[:_SHOWN_LENGTH])
    return f"'{kept}'" if len(text) <= _SHOWN_LENGTH else f"'{kept}...'"
