"""Wrapping: document keys are kept in the database only wrapped by a key that lies outside it.

A wrapped key, version 1: one byte 0x01, 8 bytes naming the wrapping key, 40 bytes AES key wrap (RFC 3394) of the
document's key under AES-256. RFC 3394 takes no nonce, so there is no limit to how many keys one wrapping key wraps;
which document a key belongs to is held by the seal itself (sealing.py, `bound_to`).

Rules:
- Forgetting a document is erasing its wrapped key; the sealed bytes may stay and are noise.
- Rotation: add a new current key, re-wrap every row that `needs_rewrap`, then retire the former key.
"""

import hashlib
from collections.abc import Sequence
from typing import Final, Protocol

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from gateway.store.sealing import BrokenSeal, new_key, open_sealed, seal

__all__ = ["WrappingKey", "WrappingKeys", "key_id", "open_secret", "rewrap_secret", "seal_secret"]

_VERSION: Final = b"\x01"
_ID_BYTES: Final = 8
_WRAPPED_BYTES: Final = 1 + _ID_BYTES + 40
_KEY_BYTES: Final = 32


class WrappingKey(Protocol):
    """Wraps and unwraps document keys: a file now, a token later. Calls are short and may come from any thread."""

    def wrap(self, document_key: bytes) -> bytes:
        """Wrap a document's key of 32 bytes under the current wrapping key."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """Give the document's key. Raises BrokenSeal if the wrapping key is not here or does not fit."""
        ...

    def needs_rewrap(self, wrapped: bytes) -> bool:
        """Whether the key was wrapped by a former wrapping key."""
        ...


def key_id(key: bytes) -> bytes:
    """Name a wrapping key by 8 bytes of its digest, so that a wrapped key says which one it needs."""
    return hashlib.sha256(b"pouch wrapping key\x00" + key).digest()[:_ID_BYTES]


class WrappingKeys:
    """Wrapping keys held in memory: the first is current, the others only unwrap what they once wrapped."""

    __slots__ = ("_by_id", "_current", "_head")

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            raise ValueError("wrapping keys are 32 bytes each, and there is at least one")
        self._by_id = {key_id(key): key for key in keys}
        self._current = keys[0]
        self._head = _VERSION + key_id(keys[0])

    def wrap(self, document_key: bytes) -> bytes:
        """Wrap a document's key under the current key: 49 bytes."""
        return self._head + aes_key_wrap(self._current, document_key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Give the document's key. Raises BrokenSeal."""
        if len(wrapped) != _WRAPPED_BYTES or wrapped[:1] != _VERSION:
            raise BrokenSeal("the wrapped key is of no known version")
        key = self._by_id.get(wrapped[1 : 1 + _ID_BYTES])
        if key is None:
            raise BrokenSeal("the wrapping key that is needed is not in the key file")
        try:
            return aes_key_unwrap(key, wrapped[1 + _ID_BYTES :])
        except InvalidUnwrap:
            raise BrokenSeal("the wrapped key was changed") from None

    def needs_rewrap(self, wrapped: bytes) -> bool:
        """Whether the key was wrapped by a former wrapping key."""
        return wrapped[: len(self._head)] != self._head

    def __repr__(self) -> str:
        return f"<{len(self._by_id)} wrapping keys>"


def seal_secret(plain: bytes, *, wrapping: WrappingKey, bound_to: bytes) -> bytes:
    """Seal an access code or short evidence into one value that carries its own wrapped key.

    `bound_to` says what and whose it is (b"access-code:" and the exchange's id, say). For a column, up to some 100 KB.
    """
    key = new_key()
    return wrapping.wrap(key) + seal(plain, key=key, bound_to=bound_to)


def open_secret(sealed: bytes, *, wrapping: WrappingKey, bound_to: bytes) -> bytes:
    """Open what `seal_secret` gave. Raises BrokenSeal."""
    key = wrapping.unwrap(sealed[:_WRAPPED_BYTES])
    return open_sealed(sealed[_WRAPPED_BYTES:], key=key, bound_to=bound_to)


def rewrap_secret(sealed: bytes, *, wrapping: WrappingKey) -> bytes:
    """Put the secret's key under the current wrapping key; the sealed part stays as it is. Raises BrokenSeal."""
    return wrapping.wrap(wrapping.unwrap(sealed[:_WRAPPED_BYTES])) + sealed[_WRAPPED_BYTES:]
