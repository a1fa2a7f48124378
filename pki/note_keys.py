"""Keys that sign notes: a name and an Ed25519 key, the forms in which they are handed on and kept (C2SP signed-note).

Rules:
- A key id is SHA-256(name, newline, type, public key)[:4]; a key whose id is another is refused.
- Type 0x01 signs a note's text; type 0x04 is a witness, who signs time and text (C2SP tlog-cosignature).
- The private key's file is in the form of golang.org/x/mod/sumdb/note, mode 0600, and never part of a repr or message.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pki.keys import UnusableKey

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "MalformedNote",
    "NoteKey",
    "NoteKind",
    "NoteVerifier",
    "UnverifiedNote",
    "generate_note_key",
    "is_key_name",
    "load_note_key",
    "parse_base64",
    "parse_vkey",
    "write_note_key",
]

_SKEY: Final = "PRIVATE+KEY+"
_KEY_FILE_LIMIT: Final = 4096
_NAME_LIMIT: Final = 256
_COSIGNATURE_LENGTH: Final = 8 + 64
_LATEST: Final = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


class MalformedNote(ValueError):
    """A note or a verifier key is not as its format wants it; the message says what."""


class UnverifiedNote(Exception):
    """A well-formed note that no known key vouches for, or that a known key's signature denies."""


class NoteKind(IntEnum):
    """The signature types we know, by their identifier byte."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteVerifier:
    """A public key with its name; `key_id` is 4 bytes. MalformedNote if the name cannot be written in a note."""

    name: str
    public_key: Ed25519PublicKey = field(repr=False)
    kind: NoteKind = NoteKind.ED25519
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise MalformedNote("a key's name is not empty, and has neither spaces nor plus signs")
        named = self.name.encode("utf-8") + b"\n" + self._typed_key()
        object.__setattr__(self, "key_id", sha256(named).digest()[:4])

    @property
    def vkey(self) -> str:
        """The verifier key as people hand it on: name+hash+base64."""
        return f"{self.label}+{_base64(self._typed_key())}"

    @property
    def label(self) -> str:
        """Name and id, to tell one key from another: name+hash."""
        return f"{self.name}+{self.key_id.hex()}"

    def check(self, text: str, signature: bytes) -> datetime | None:
        """Verify a signature over a note's text, and give the time of a cosignature; UnverifiedNote if it is wrong."""
        message, at = text.encode("utf-8"), None
        if self.kind is NoteKind.COSIGNATURE:
            seconds = int.from_bytes(signature[:8])
            if len(signature) != _COSIGNATURE_LENGTH or seconds > _LATEST:
                raise UnverifiedNote(f"a cosignature of {self.label} has no time, or no possible one")
            message, signature = _cosigned(text, seconds), signature[8:]
            at = datetime.fromtimestamp(seconds, UTC)
        try:
            self.public_key.verify(signature, message)
        except InvalidSignature:
            raise UnverifiedNote(f"a signature of {self.label} is wrong") from None
        return at

    def _typed_key(self) -> bytes:
        return bytes([self.kind]) + self.public_key.public_bytes_raw()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKey:
    """A private key with its name: a log's, or with kind COSIGNATURE a witness's."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)
    kind: NoteKind = NoteKind.ED25519
    verifier: NoteVerifier = field(init=False)

    def __post_init__(self) -> None:
        verifier = NoteVerifier(name=self.name, public_key=self.key.public_key(), kind=self.kind)
        object.__setattr__(self, "verifier", verifier)

    def sign(self, text: str, at: datetime | None = None) -> bytes:
        """Sign a note's text; a witness, and only a witness, says `at` what time, to the second. ValueError else."""
        if (at is not None) != (self.kind is NoteKind.COSIGNATURE):
            raise ValueError("a witness signs a time, a log does not")
        if at is None:
            return self.key.sign(text.encode("utf-8"))
        seconds = int(at.timestamp())
        return seconds.to_bytes(8) + self.key.sign(_cosigned(text, seconds))


def parse_vkey(text: str) -> NoteVerifier:
    """Read a verifier key, white space around it ignored; MalformedNote for other types than Ed25519 and wrong ids."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise MalformedNote("a verifier key is name+hash+base64")
    typed = parse_base64(parts[2], "a verifier key")
    if len(typed) != 33 or typed[0] not in list(NoteKind):
        raise MalformedNote("a verifier key that is no Ed25519 key")
    public_key = Ed25519PublicKey.from_public_bytes(typed[1:])
    verifier = NoteVerifier(name=parts[0], public_key=public_key, kind=NoteKind(typed[0]))
    if verifier.vkey != text.strip():
        raise MalformedNote("the hash of a verifier key is not that of its name and key")
    return verifier


def generate_note_key(name: str, kind: NoteKind = NoteKind.ED25519) -> NoteKey:
    """A new key from the system's secure random source; MalformedNote for a name that cannot be."""
    return NoteKey(name=name, key=Ed25519PrivateKey.generate(), kind=kind)


def write_note_key(path: Path, key: NoteKey) -> None:
    """Write a key, mode 0600 from the first byte; FileExistsError rather than overwrite."""
    secret = _base64(bytes([key.kind]) + key.key.private_bytes_raw())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{_SKEY}{key.verifier.label}+{secret}\n")


def load_note_key(path: Path) -> NoteKey:
    """Read a key; UnusableKey if others may read the file or it holds none, OSError if it cannot be read."""
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise UnusableKey(f"{path} may be read by others (mode {mode:04o}); run: chmod 600 {path}")
        content = file.read(_KEY_FILE_LIMIT + 1)
    try:
        text = content.decode("utf-8").strip()
        if len(content) > _KEY_FILE_LIMIT or not text.startswith(_SKEY):
            raise MalformedNote("not the form of a signing key")
        name, key_id, secret = text.removeprefix(_SKEY).split("+", 2)
        typed = parse_base64(secret, "a signing key")
        key = NoteKey(name=name, key=Ed25519PrivateKey.from_private_bytes(typed[1:]), kind=NoteKind(typed[0]))
    except ValueError:
        # Without the cause: its text may quote the file.
        raise UnusableKey(f"{path} holds no Ed25519 key for signing notes") from None
    if key.verifier.key_id.hex() != key_id:
        raise UnusableKey(f"{path} holds a key whose hash is not that of its name and key")
    return key


def is_key_name(name: str) -> bool:
    """Whether a key can have this name: 1 to 256 characters, no white space, no plus, no control character."""
    return 0 < len(name) <= _NAME_LIMIT and "+" not in name and not any(c.isspace() or c < " " for c in name)


def parse_base64(text: str, what: str) -> bytes:
    """Read standard base64 in its one canonical form; MalformedNote, naming `what`, for none and for nothing."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content or _base64(content) != text:
        raise MalformedNote(f"{what} is standard base64")
    return content


def _cosigned(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
