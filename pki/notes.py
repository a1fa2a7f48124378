"""Signed notes: text with signature lines below it, as logs and witnesses sign their checkpoints (C2SP signed-note).

Rules:
- A note holds if at least one known key has signed it and no signature that claims a known key is wrong; signatures of
  unknown keys are ignored, so that keys can roll over and witnesses can join.
- Reading is strict: what would not be rendered again byte for byte is malformed.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pki.note_keys import MalformedNote, NoteKey, NoteVerifier, UnverifiedNote, is_key_name, parse_base64

__all__ = [
    "NOTE_LIMIT",
    "SIGNATURE_LIMIT",
    "Note",
    "NoteSignature",
    "Signer",
    "VerifiedNote",
    "parse_note",
    "sign_line",
    "sign_note",
    "verify_note",
]

#: Bytes of a whole note, and how many signatures it may carry; the standard asks for at least 16.
NOTE_LIMIT: Final = 512 * 1024
SIGNATURE_LIMIT: Final = 100

_DASH: Final = "\u2014 "
_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """A signature line: whose, and what stands behind the key id of 4 bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def render(self) -> str:
        """The line, ending in a newline."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode('ascii')}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note that can be read and is not to be believed: `text` ends in a newline."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A known key whose signature holds; `at` is when a witness says it has seen the text."""

    verifier: NoteVerifier
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedNote:
    """The text of a note that at least one known key has signed, and all known keys that have, each once."""

    text: str
    signers: tuple[Signer, ...]


def parse_note(content: bytes) -> Note:
    """Read a signed note without believing it; MalformedNote says what is wrong."""
    if len(content) > NOTE_LIMIT:
        raise MalformedNote(f"a note has at most {NOTE_LIMIT} bytes")
    try:
        whole = content.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedNote("a note is UTF-8") from None
    if _CONTROLS.search(whole):
        raise MalformedNote("a note has no control characters")
    text, blank, below = whole.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise MalformedNote("a note has an empty line, and signature lines after it")
    lines = below[:-1].split("\n")
    if len(lines) > SIGNATURE_LIMIT:
        raise MalformedNote(f"a note has at most {SIGNATURE_LIMIT} signatures")
    return Note(text=text + "\n", signatures=tuple(_parse_line(line) for line in lines))


def verify_note(content: bytes, verifiers: Iterable[NoteVerifier]) -> VerifiedNote:
    """Verify a signed note; MalformedNote if it is none, UnverifiedNote unless known keys vouch for it."""
    note = parse_note(content)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    signers: dict[tuple[str, bytes], Signer] = {}
    for line in note.signatures:
        if (verifier := known.get((line.name, line.key_id))) is not None:
            at = verifier.check(note.text, line.signature)
            signers.setdefault((line.name, line.key_id), Signer(verifier=verifier, at=at))
    if not signers:
        wanted = ", ".join(sorted(verifier.label for verifier in known.values()))
        raise UnverifiedNote(f"there is no signature of {wanted or 'anybody, since no key is known'}")
    return VerifiedNote(text=note.text, signers=tuple(signers.values()))


def sign_line(text: str, key: NoteKey, at: datetime | None = None) -> NoteSignature:
    """Sign a note's text; `at` is the time that a witness signs, and only a witness. ValueError else."""
    return NoteSignature(name=key.name, key_id=key.verifier.key_id, signature=key.sign(text, at))


def sign_note(text: str, keys: Sequence[NoteKey], *, others: Iterable[NoteSignature] = ()) -> bytes:
    """Sign a text, which ends in a newline, with every key in turn; `others` are signatures that exist already.

    MalformedNote for a text that could not be read again.
    """
    signatures = (*(sign_line(text, key) for key in keys), *others)
    content = "".join((text, "\n", *(signature.render() for signature in signatures))).encode("utf-8")
    if parse_note(content) != Note(text=text, signatures=signatures):
        raise MalformedNote("a note's text ends in a newline and is followed by a signature")
    return content


def _parse_line(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not is_key_name(name):
        raise MalformedNote("a signature line is a dash, a name and base64")
    content = parse_base64(encoded, "a signature")
    if len(content) < 5:
        raise MalformedNote("a signature has a key id of four bytes and something after it")
    return NoteSignature(name=name, key_id=content[:4], signature=content[4:])
