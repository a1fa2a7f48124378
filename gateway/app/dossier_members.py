"""Collecting the members of a dossier: each once, with what it is, in the order in which it was found."""

from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.wire.dossier import Member
from pki.keys import thumbprint

__all__ = ["JSON", "PDF", "PEM", "TEXT", "XML", "Members"]

JSON: Final = "application/json"
XML: Final = "application/xml"
TEXT: Final = "text/plain; charset=utf-8"
PEM: Final = "application/x-pem-file"
PDF: Final = "application/pdf"


class Members:
    """What has been collected so far."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}
        self._listed: dict[str, Member] = {}
        self._certificates: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._contents

    def add(self, name: str, content: bytes, media_type: str, what: str) -> str:
        """Take a member and give its name; ValueError for one that is there already."""
        if name in self._contents:
            raise ValueError("a dossier has two members of one name")
        self._contents[name] = content
        self._listed[name] = Member(
            name=name, media_type=media_type, size=len(content), sha256=sha256(content).hexdigest(), what=what
        )
        return name

    def add_certificate(self, certificate: x509.Certificate, whose: str) -> str:
        """Take a certificate, each once however often it is used, and give its member's name."""
        print_ = thumbprint(certificate)
        if print_ not in self._certificates:
            name = f"certificates/{print_[:16]}.pem"
            pem = certificate.public_bytes(Encoding.PEM)
            self._certificates[print_] = self.add(name, pem, PEM, f"certificate of {whose}")
        return self._certificates[print_]

    @property
    def certificates(self) -> tuple[str, ...]:
        """The names of all certificates."""
        return tuple(self._certificates.values())

    @property
    def listed(self) -> tuple[Member, ...]:
        """All members as the manifest lists them."""
        return tuple(self._listed.values())

    def contents(self) -> list[tuple[str, bytes]]:
        """All members in their order."""
        return list(self._contents.items())
