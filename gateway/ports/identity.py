"""What the line needs to know who calls and to sign what it says; and time, chance and counting."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.core.office import OfficeCode
from gateway.core.secret import Secret

__all__ = [
    "Asserter",
    "Clock",
    "LineMeter",
    "Randomness",
    "Signature",
    "Signer",
    "Verifier",
]


class Clock(Protocol):
    """The wall clock, aware and UTC."""

    def now(self) -> datetime: ...


class Randomness(Protocol):
    """The operating system's randomness, or a seeded one in tests."""

    def take(self, count: int) -> bytes: ...


class Signer(Protocol):
    """Signs with a hosted office's key: receipts and notifications, SOAP envelopes, JSON bodies."""

    def sign_document(self, document: bytes) -> bytes:
        """Put an enveloped signature into a document of our renderers (XML-DSig, ECDSA P-256 or RSA, SHA-256)."""
        ...

    def sign_envelope(self, envelope: bytes, at: datetime) -> bytes:
        """Put a WS-Security header over body and timestamp into a SOAP envelope."""
        ...

    def sign_reply(self, envelope: bytes, at: datetime) -> bytes:
        """The same for a reply of our renderer, whose Body is canonical as it is written: nothing is parsed."""
        ...

    def sign_detached(self, payload: bytes) -> str:
        """Give a detached JWS over `payload` (RFC 7515, appendix F)."""
        ...


class Asserter(Protocol):
    """Signs client assertions (RFC 7523) with the key agreed with one counterpart."""

    def client_assertion(self, *, client_id: str, audience: str) -> Secret: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who a verified signature or token belongs to, and its scopes if it is a token."""

    office: OfficeCode
    subject: str
    scopes: frozenset[str] = frozenset()


class Verifier(Protocol):
    """Verifies what callers present; raises Refused with the Reason of family 2 that fits."""

    def verify_envelope(self, envelope: Any, at: datetime) -> tuple[Signature, Any]:
        """Verify the WS-Security header of a parsed envelope; gives the signer and the Body that was covered."""
        ...

    def verify_detached(self, signature: str, payload: bytes, at: datetime) -> Signature: ...
    def verify_token(self, token: Secret, at: datetime) -> Signature:
        """Verify an access token of our own /oauth2/token."""
        ...

    async def verify_caller(self, token: Secret, at: datetime) -> tuple[OfficeCode, Signature]:
        """Verify a counterpart's own bearer token at our DAS-shaped door; gives the hosted office it calls."""
        ...


class LineMeter(Protocol):
    """What the line counts; what labels may say is bounded behind it."""

    def accepted(self, office: str, operation: str) -> None: ...
    def repeated(self, office: str, operation: str) -> None: ...
    def refused(self, reason: str, door: str) -> None: ...
    def refusals_counted(self, reason: str, door: str, count: int) -> None: ...
    def wrong_access_code(self, office: str, door: str) -> None: ...
    def stage_took(self, stage: str, seconds: float) -> None: ...
    def receipt_signed(self, seconds: float) -> None: ...
    def delivered(self, counterpart: str, task: str, outcome: str) -> None: ...
