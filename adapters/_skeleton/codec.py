"""Core values as the counterpart's bytes, and its bytes as values.

Rules: every text that comes in is bounded; what cannot be read is Deferred(REMOTE_MALFORMED).
"""

from typing import Annotated, TypeVar

import msgspec

from gateway.core.errand import Cargo
from gateway.core.reason import Deferred, Reason

__all__ = ["Accepted", "Listing", "Refusal", "Registered", "read", "registration"]

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")]
_T = TypeVar("_T")


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What a registration is answered with."""

    id: _Id


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list: SHA-256 in hexadecimal tells whose it is."""

    id: _Id
    sha256: Annotated[str, msgspec.Meta(max_length=64)]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What is registered under a number."""

    registrations: tuple[Registered, ...]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An error; its text is in no field, so that nobody can keep it."""

    error: int


def registration(cargo: Cargo) -> bytes:
    """Write the request that registers a cargo."""
    content = {
        "number": cargo.application.normal,
        "kind": cargo.application.right.value,
        "filed": cargo.application.filing_date.isoformat(),
        "sha256": cargo.documents[0].listed.sha256.hex(),
    }
    return msgspec.json.encode(content)


def read(body: bytes, shape: type[_T]) -> _T:
    """Read an answer; the error says what kind of answer it was and nothing that stood in it."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Deferred(Reason.REMOTE_MALFORMED, shape.__name__) from None
