"""Commitments: what a ledger leaf says of values that concern persons, so that they can be erased and it still holds.

Rules:
- A commitment is HMAC-SHA-256(salt, value) (RFC 2104) under a salt of 32 random bytes of its own, which is kept beside
  the ledger (`ledger_disclosure`). Who is given salt and value sees that the leaf meant this value; without the salt
  nobody finds it by trying, however few values are possible. Erasing is destroying the salt.
- A digest over a whole request is committed to likewise: who knows the rest of it would find an address or a name.
  Only the digest of a message that carries its sender's signature stands as it is, since nobody can guess that.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.core.request import Correction, Deposit, Hold, Release, Replacement, Request, Withdrawal

__all__ = ["PREFIX", "SALT_BYTES", "Commitment", "commit", "opens", "personal_values"]

SALT_BYTES: Final = 32
#: Begins the name of a commitment among a leaf's digests.
PREFIX: Final = "commitment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """One value that a leaf commits to: its name without PREFIX, the salt that opens it, the commitment (32 bytes)."""

    name: str
    salt: bytes = field(repr=False)
    digest: bytes


def commit(name: str, value: bytes, *, salt: bytes) -> Commitment:
    """Commit to a value; ValueError for a salt of another length than SALT_BYTES."""
    if len(salt) != SALT_BYTES:
        raise ValueError("the salt of a commitment is 32 bytes")
    return Commitment(name=name, salt=salt, digest=hmac.digest(salt, value, hashlib.sha256))


def opens(commitment: str, *, salt: bytes, value: bytes) -> bool:
    """Whether a leaf's commitment (hexadecimal) was made with this salt over this value."""
    return hmac.compare_digest(commitment, hmac.digest(salt, value, hashlib.sha256).hex())


def personal_values(request: Request) -> dict[str, bytes]:
    """What a request says of persons, by the name under which its entry commits to it; texts as UTF-8.

    An application's number and date are no person's, and stand in no leaf at all.
    """
    return {name: text.encode() for name, text in _texts(request)}


def _texts(request: Request) -> Iterator[tuple[str, str]]:
    match request:
        case Deposit(applicant_email=str(email)):
            yield "applicant-email", email
        case Release(decisions=decisions):
            for number, decision in enumerate(decisions, 1):
                yield f"decision.{number}.by", decision.by
                yield f"decision.{number}.basis", decision.basis
        case Correction() | Replacement() | Withdrawal() | Hold():
            if request.explanation is not None:
                yield "explanation", request.explanation
        case _:
            pass
