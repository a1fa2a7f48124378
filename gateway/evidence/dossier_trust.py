"""Whom the reader of a dossier believes: certificates and verifier keys from elsewhere than the dossier itself.

Rules: with none given everything is judged by what the dossier encloses, and it is said that nobody vouches for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from cryptography import x509

from pki.chains import build_chain
from pki.note_keys import NoteKind, NoteVerifier
from pki.verdict import Refusal

__all__ = ["Trust"]


@dataclass(frozen=True, kw_only=True)
class Trust:
    """`certificates` are believed themselves, and what they have issued; `keys` are those of logs and witnesses."""

    certificates: Sequence[x509.Certificate] = ()
    keys: Sequence[NoteVerifier] = ()

    @cached_property
    def log_keys(self) -> tuple[NoteVerifier, ...]:
        """The keys that sign logs."""
        return tuple(key for key in self.keys if key.kind is NoteKind.ED25519)

    @cached_property
    def witness_keys(self) -> tuple[NoteVerifier, ...]:
        """The keys that cosign them."""
        return tuple(key for key in self.keys if key.kind is NoteKind.COSIGNATURE)

    def believes(self, certificate: x509.Certificate, at: datetime) -> bool | None:
        """Whether a certificate is believed as of `at`; None if no certificate was given to believe."""
        if not self.certificates:
            return None
        if certificate in self.certificates:
            return True
        try:
            build_chain(certificate, (), self.certificates, at)
        except Refusal:
            return False
        return True
