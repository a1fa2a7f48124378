"""Sealing: the format in which documents, evidence and secrets lie at rest, AES-256-GCM in chunks.

Sealed bytes, version 1: one byte 0x01, then chunks of 65,536 plain bytes, each followed by its 16-byte tag; the last
chunk holds 1 to 65,536 plain bytes, or none if the whole is empty. This is the STREAM construction (Hoang,
Reyhanitabar, Rogaway, Vizar: Online Authenticated-Encryption, 2015) with the GCM of NIST SP 800-38D:
- nonce: the chunk's number from 0, 12 bytes, big-endian: chunks cannot change places;
- associated bytes: 0x01, then 0x01 for the last chunk and 0x00 before it, then the caller's `bound_to` (the document's
  id): a stream cannot be cut or extended at a chunk's border, nor be passed off as another document.

Rules:
- A key seals ONE stream once, since its nonces are counted from 0. `new_key()` for every stream, also for a repeat.
- The format is forever; a change is a new version byte beside this one, and golden vectors hold both.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["CHUNK", "BrokenSeal", "Opener", "Sealer", "new_key", "open_sealed", "seal", "sealed_size"]

#: Plain bytes in a chunk.
CHUNK: Final = 64 * 1024

_VERSION: Final = b"\x01"
_TAG: Final = 16
_SEALED_CHUNK: Final = CHUNK + _TAG
_MORE: Final = b"\x00"
_LAST: Final = b"\x01"
_KEY_BYTES: Final = 32


class BrokenSeal(Exception):
    """The sealed bytes were changed, cut or mixed up, belong to another document, or the key is another one."""


def new_key() -> bytes:
    """Give a fresh key of 32 bytes for one stream."""
    return os.urandom(_KEY_BYTES)


def sealed_size(size: int) -> int:
    """Give how many bytes `size` plain bytes take when sealed."""
    chunks = max(1, -(-size // CHUNK))
    return len(_VERSION) + size + chunks * _TAG


def seal(plain: bytes, *, key: bytes, bound_to: bytes) -> bytes:
    """Seal a whole value at once; the same bytes as a Sealer gives."""
    if len(plain) <= CHUNK:
        return _VERSION + AESGCM(key).encrypt(_nonce(0), plain, _VERSION + _LAST + bound_to)
    sealer = Sealer(key=key, bound_to=bound_to)
    return b"".join((sealer.update(plain), sealer.finish()))


def open_sealed(sealed: bytes, *, key: bytes, bound_to: bytes) -> bytes:
    """Open a whole value at once; raises BrokenSeal."""
    opener = Opener(key=key, bound_to=bound_to)
    return opener.update(sealed) + opener.finish()


class Sealer:
    """Seals a stream piece by piece, holding at most one chunk back: what comes last must be sealed as the last.

    Not for two threads at once; one thread after the other is fine.
    """

    __slots__ = ("_cipher", "_held", "_last", "_more", "_number", "_prefix")

    def __init__(self, *, key: bytes, bound_to: bytes) -> None:
        self._cipher = AESGCM(key)
        self._more = _VERSION + _MORE + bound_to
        self._last = _VERSION + _LAST + bound_to
        self._held = bytearray()
        self._number = 0
        self._prefix = _VERSION

    def update(self, plain: bytes) -> bytes | bytearray:
        """Take plain bytes; give the sealed bytes that are ready, often none."""
        self._held += plain
        whole = (len(self._held) - 1) // CHUNK  # at least one byte stays: the last chunk is never empty by accident
        if whole <= 0:
            return b""
        at = len(self._prefix)
        sealed = bytearray(at + whole * _SEALED_CHUNK)
        sealed[:at] = self._prefix
        with memoryview(self._held) as held, memoryview(sealed) as into:
            for start in range(0, whole * CHUNK, CHUNK):
                self._cipher.encrypt_into(
                    _nonce(self._number), held[start : start + CHUNK], self._more, into[at : at + _SEALED_CHUNK]
                )
                at += _SEALED_CHUNK
                self._number += 1
        del self._held[: whole * CHUNK]
        self._prefix = b""
        return sealed

    def finish(self) -> bytes:
        """Give the last sealed bytes; the Sealer is spent."""
        return self._prefix + self._cipher.encrypt(_nonce(self._number), self._held, self._last)


class Opener:
    """Opens a stream piece by piece; what `update` gives is authentic so far, and whole only after `finish`.

    Whoever passes pieces on must be able to break off: a stream that was cut shows only in `finish`.
    """

    __slots__ = ("_cipher", "_held", "_last", "_more", "_number", "_started")

    def __init__(self, *, key: bytes, bound_to: bytes) -> None:
        self._cipher = AESGCM(key)
        self._more = _VERSION + _MORE + bound_to
        self._last = _VERSION + _LAST + bound_to
        self._held = bytearray()
        self._number = 0
        self._started = False

    def update(self, sealed: bytes) -> bytes:
        """Take sealed bytes; give the plain bytes that are ready. Raises BrokenSeal."""
        self._held += sealed
        if not self._started and self._held:
            if self._held[:1] != _VERSION:
                raise BrokenSeal("the sealed bytes are of no known version")
            del self._held[:1]
            self._started = True
        whole = (len(self._held) - 1) // _SEALED_CHUNK
        if whole <= 0:
            return b""
        plain = []
        with memoryview(self._held) as held:
            for start in range(0, whole * _SEALED_CHUNK, _SEALED_CHUNK):
                plain.append(self._decrypt(held[start : start + _SEALED_CHUNK], self._more))
                self._number += 1
        del self._held[: whole * _SEALED_CHUNK]
        return b"".join(plain)

    def finish(self) -> bytes:
        """Give the last plain bytes if the stream is whole. Raises BrokenSeal."""
        if not self._started or len(self._held) < _TAG or (self._number and len(self._held) == _TAG):
            raise BrokenSeal("the sealed bytes are cut short")
        return self._decrypt(self._held, self._last)

    def _decrypt(self, chunk: bytearray | memoryview, associated: bytes) -> bytes:
        try:
            return self._cipher.decrypt(_nonce(self._number), chunk, associated)
        except InvalidTag:
            raise BrokenSeal("the sealed bytes do not match key and document") from None


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
