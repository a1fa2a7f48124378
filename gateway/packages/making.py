"""Packages made: PDDP, WAD, WASP, SEP and signed archives, so that the engine here finds nothing wrong with them.

Rules: the files go in as they are, byte for byte and streamed; the same files and time give the same archive. What is
only a view of a package is marked as not certified (views.py).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from cryptography import x509

from gateway.core.office import Application
from gateway.packages.signed_xml import SIGNATURE_ENTRY
from gateway.wire.annexf import is_header_name, package_contents, package_header
from gateway.wire.archive_write import ArchiveWriter
from gateway.wire.pddp import IndexedFile, names, render_index
from gateway.wire.xml import canonical, parse_packaged
from pki.cms import sign_attached
from pki.enveloped import check_recipient, encrypt_for
from pki.keys import SigningKey
from pki.xmldsig import sign_enveloped
from pki.xmldsig_detached import sign_files

__all__ = ["PddpContent", "make_pddp", "make_sep", "make_signed_archive", "make_signed_xml", "make_wad", "make_wasp"]

_PIECE: Final = 1 << 20
_SOFTWARE: Final = "Pouch"


@dataclass(frozen=True, slots=True, kw_only=True)
class PddpContent:
    """The files of a package: the core PDF, what belongs to it by the standard, and what else is sent along."""

    core: Path
    mandatory: tuple[Path, ...] = ()
    supplementary: tuple[Path, ...] = ()

    def places(self) -> dict[str, Path]:
        """Each file by its path in the package."""
        mapping = names()
        placed = {f"{mapping.core}{self.core.name}": self.core}
        placed |= {f"{mapping.mandatory}{path.name}": path for path in self.mandatory}
        return placed | {f"{mapping.supplementary}{path.name}": path for path in self.supplementary}


def make_pddp(application: Application, content: PddpContent, sink: BinaryIO, *, at: datetime) -> None:
    """Write a PDDP (ST.92, provisional names) to `sink`; ValueError if two files of a folder share a name."""
    placed = content.places()
    if len(placed) != 1 + len(content.mandatory) + len(content.supplementary):
        raise ValueError("two files of one folder have the same name")
    listed = [
        IndexedFile(name=name, size=path.stat().st_size, digest=_digest(path), as_filed=True)
        for name, path in placed.items()
    ]
    archive = ArchiveWriter(sink, at)
    archive.add(names().index, render_index(application, listed))
    for name, path in placed.items():
        archive.add(name, _pieces(path), compress=False)
    archive.close()


def make_wad(application: Application, files: Mapping[str, Path], sink: BinaryIO, *, at: datetime) -> None:
    """Write a WAD: the files by their names, a package header that lists them, and package data if there is none."""
    archive = ArchiveWriter(sink, at)
    prefix = f"{application.office}{''.join(letter for letter in application.number if letter.isalnum())}"[:32]
    own: dict[str, bytes] = {}
    if not any(is_header_name(name) for name in files):
        own[f"{prefix}-pkda.xml"] = package_contents(application, dict.fromkeys(files, "en"))
    sizes = {name: path.stat().st_size for name, path in files.items()} | {
        name: len(data) for name, data in own.items()
    }
    own[f"{prefix}-pkgh.xml"] = package_header(application, sizes, software=_SOFTWARE)
    for name, data in own.items():
        archive.add(name, data)
    for name, path in files.items():
        archive.add(name, _pieces(path), compress=False)
    archive.close()


def make_wasp(wad: BinaryIO, size: int, sink: BinaryIO, *, key: SigningKey, at: datetime) -> None:
    """Write a WASP: a CMS SignedData with a WAD of `size` bytes in it."""
    sign_attached(wad, size, sink, key=key, at=at)


def make_sep(wasp: bytes, recipient: x509.Certificate, *, at: datetime) -> bytes:
    """Encrypt a WASP for its recipient; UnusableKey if nothing can be encrypted for this certificate."""
    check_recipient(recipient, now=at)
    return encrypt_for(wasp, recipient)


def make_signed_archive(files: Mapping[str, Path], sink: BinaryIO, *, key: SigningKey, at: datetime) -> None:
    """Write an archive with one detached XML signature over all its files."""
    archive = ArchiveWriter(sink, at)
    for name, path in files.items():
        archive.add(name, _pieces(path), compress=False)
    archive.add(SIGNATURE_ENTRY, sign_files({name: _pieces(path) for name, path in files.items()}, key=key))
    archive.close()


def make_signed_xml(document: bytes, *, key: SigningKey) -> bytes:
    """Sign an XML document inside: in canonical form, without the DOCTYPE and instructions that no signature covers.

    Refused by the XML reader; Refusal if it cannot be signed as it stands, for example because it holds comments.
    """
    return sign_enveloped(canonical(parse_packaged(document)), key=key)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, names().digest_algorithm).digest()
