"""A dossier's file opened: that it is byte for byte what the office has sealed, before anything in it is believed.

    1. the ZIP says one thing, and nothing beside it          4. every member is there, in order, with its digest
    2. the manifest is in its one form                        5. the file is the one form of its members
    3. the seal is this manifest's, signed by its certificate  6. exchange.json is in its one form

Rules: the first thing that is wrong ends it; everything is bounded; nothing is written anywhere.
"""

import io
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO, Final, TypeVar, cast

from cryptography import x509

from gateway.core.reason import Refused
from gateway.evidence.findings import CannotTell, Tampered
from gateway.wire import xml
from gateway.wire.archive import Archive, open_archive
from gateway.wire.archive_write import ArchiveWriter
from gateway.wire.dossier import (
    DOSSIER,
    EXCHANGE_JSON,
    MANIFEST,
    MANIFEST_LIMIT,
    MEMBER_LIMIT,
    SEAL,
    SEAL_LIMIT,
    MalformedDossier,
    Manifest,
    Member,
    read_json,
    split_seal,
)
from gateway.wire.dossier_contents import Contents
from pki.keys import thumbprint
from pki.verdict import SubIndication, shown
from pki.xmldsig import verify_enveloped

__all__ = ["OpenDossier", "open_dossier"]

_PIECE: Final = 1024 * 1024
_UNTIMELY: Final = frozenset({SubIndication.EXPIRED, SubIndication.NOT_YET_VALID})

_T = TypeVar("_T", Manifest, Contents)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDossier:
    """A dossier that is as it was sealed. Its seal holds under `signer`; whose that is, is another question."""

    manifest: Manifest
    contents: Contents
    signer: x509.Certificate
    archive: Archive

    def read(self, name: str) -> bytes:
        """A member's bytes; Tampered if the manifest has none of this name."""
        if name not in self.archive.names or name in (MANIFEST, SEAL):
            raise Tampered(EXCHANGE_JSON, f"names a member that is not there, {shown(name)}")
        return self.archive.read(name, limit=MEMBER_LIMIT)


def open_dossier(source: BinaryIO) -> OpenDossier:
    """Open a seekable file; Tampered, naming the member, for whatever is not as it was sealed."""
    try:
        archive = open_archive(source, DOSSIER)
        if archive.names[:2] != (MANIFEST, SEAL) or len(archive.names) != len(archive.entries):
            raise Tampered("file", "does not begin with a manifest and its seal")
        written = archive.read(MANIFEST, limit=MANIFEST_LIMIT)
        manifest = _read(written, Manifest, MANIFEST)
        signer = _check_seal(archive.read(SEAL, limit=SEAL_LIMIT), manifest, written)
        _check_members(archive, manifest, source)
        if EXCHANGE_JSON not in archive.names:
            raise Tampered(EXCHANGE_JSON, "is not there")
        contents = _read(archive.read(EXCHANGE_JSON, limit=MANIFEST_LIMIT), Contents, EXCHANGE_JSON)
    except Refused as refused:
        where = shown(refused.place) if refused.place else "file"
        raise Tampered(where, f"the archive is not whole or not one thing: {refused.reason.text}") from None
    except OSError as error:
        raise CannotTell("file", f"cannot be read ({error.strerror})") from None
    if (contents.exchange.office, contents.exchange.exchange_id) != (manifest.office, manifest.exchange_id):
        raise Tampered(EXCHANGE_JSON, "is about another exchange than the manifest")
    return OpenDossier(manifest=manifest, contents=contents, signer=signer, archive=archive)


def _read(content: bytes, kind: type[_T], name: str) -> _T:
    try:
        return read_json(content, kind)
    except MalformedDossier as error:
        raise Tampered(name, str(error)) from None


def _check_seal(seal: bytes, manifest: Manifest, written: bytes) -> x509.Certificate:
    """The seal's own bytes have one form too: what canonicalization would smooth out is a change."""
    try:
        parts = split_seal(seal, manifest, written)
        certificate = x509.load_der_x509_certificate(parts.certificate)
        if xml.canonical(xml.parse(seal)) != seal:
            raise MalformedDossier("is not in canonical form")
    except Refused as refused:
        raise Tampered(SEAL, f"cannot be read: {refused.reason.text}") from None
    except MalformedDossier as error:
        raise Tampered(SEAL, str(error)) from None
    except ValueError:
        raise Tampered(SEAL, "holds no certificate") from None
    verdict, _ = verify_enveloped(seal, certificate=certificate, now=manifest.made_at)
    if verdict.sub_indication in _UNTIMELY:
        raise CannotTell(SEAL, f"{verdict.explanation} (certificate {thumbprint(certificate)})")
    if not verdict.passed:  # an office writes what its own verifier takes: anything else was put there by somebody
        raise Tampered(SEAL, verdict.explanation)
    return certificate


def _check_members(archive: Archive, manifest: Manifest, source: BinaryIO) -> None:
    names = archive.names
    listed = tuple(member.name for member in manifest.members)
    if names[2:] != listed:
        strange = next((name for name in names[2:] if name not in listed), None)
        missing = next((name for name in listed if name not in names), None)
        place = missing or strange or MANIFEST
        raise Tampered(shown(place), "is missing" if missing else "is not what the manifest lists at its place")
    members = {member.name: member for member in manifest.members}
    writer = ArchiveWriter(cast(BinaryIO, _Comparing(source)), manifest.made_at)
    for name in names:
        content = archive.read(name, limit=MEMBER_LIMIT)
        if name in members:
            _check_member(members[name], content)
        writer.add(name, content, compress=False)
    writer.close()


def _check_member(member: Member, content: bytes) -> None:
    if len(content) != member.size or sha256(content).hexdigest() != member.sha256:
        raise Tampered(shown(member.name), "is not the member that was sealed: its digest is another")


class _Comparing(io.RawIOBase):
    """Takes what is written and compares it with a file from its beginning."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, content: bytes, /) -> int:  # type: ignore[override]  # only ArchiveWriter writes here
        for start in range(0, len(content), _PIECE):
            piece = content[start : start + _PIECE]
            self._source.seek(self._at)
            if self._source.read(len(piece)) != piece:
                raise Tampered("file", "is not in the one form that its members have as a dossier")
            self._at += len(piece)
        return len(content)
