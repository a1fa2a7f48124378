"""The form of a dossier: one ZIP of stored members, a list of them that the office has signed, and what they mean.

    manifest.json    every other member but the seal, in their order: media type, size, SHA-256, what it is
    seal.xml         the office's signature over the manifest's digest (XML-DSig, enveloped)
    exchange.json    what is known of the exchange, and which member proves what (dossier_contents.py)
    ...              the members the manifest names

Rules:
- One content has one form, byte for byte: manifest and contents in RFC 8785 JSON, members stored in the order of the
  manifest, the time of every ZIP entry that of the making. So a changed byte is a changed dossier, wherever it stands.
- The seal names the certificate that signs it, since what stands in ds:KeyInfo is not under the signature.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, BinaryIO, Final, TypeVar

import msgspec
from msgspec import Meta

from gateway.core.instant import rfc3339
from gateway.core.request import canonical_json
from gateway.wire.archive import ArchiveLimits
from gateway.wire.archive_write import ArchiveWriter
from gateway.wire.markup import tag, wrap

__all__ = [
    "DOSSIER",
    "EXCHANGE_JSON",
    "MANIFEST",
    "MANIFEST_LIMIT",
    "MEMBER_LIMIT",
    "SEAL",
    "SEAL_LIMIT",
    "DossierPart",
    "MalformedDossier",
    "Manifest",
    "Member",
    "SealParts",
    "Sha256Text",
    "read_json",
    "render_json",
    "render_seal",
    "split_seal",
    "write_dossier",
]

MANIFEST: Final = "manifest.json"
SEAL: Final = "seal.xml"
EXCHANGE_JSON: Final = "exchange.json"

#: Bytes of the manifest and of exchange.json, of the seal, and of any other member; members of a dossier.
MANIFEST_LIMIT: Final = 16 * 1024 * 1024
SEAL_LIMIT: Final = 64 * 1024
MEMBER_LIMIT: Final = 256 * 1024 * 1024
_MEMBERS: Final = 10_000
#: For whoever opens one: what is stored unfolds into nothing.
DOSSIER: Final = ArchiveLimits(
    entries=_MEMBERS + 2, directory=4 * 1024 * 1024, total=4 * 1024**3, ratio=1, total_ratio=1, slack=0, total_slack=0
)

_NAMESPACE: Final = "urn:pouch:dossier:1"
_STATEMENT: Final = "We made this dossier of what we hold on this exchange."
_END: Final = b"</DossierSeal>"
_SIGNATURE: Final = re.compile(
    rb"<ds:Signature .{1,4096}<ds:SignatureValue>(?P<value>[A-Za-z0-9+/=]{1,2048})</ds:SignatureValue>"
    rb"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>(?P<certificate>[A-Za-z0-9+/=]{1,32768})</ds:X509Certificate>"
    rb"</ds:X509Data></ds:KeyInfo></ds:Signature>",
    re.DOTALL,
)

_T = TypeVar("_T")

Sha256Text = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
_Text = Annotated[str, Meta(min_length=1, max_length=300)]


class MalformedDossier(ValueError):
    """A part of a dossier is not in the form of a dossier; the message says what, and quotes nothing of it."""


class DossierPart(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """A JSON object of a dossier: names in lowerCamelCase, what is not known left out."""


class Member(DossierPart, frozen=True, kw_only=True):
    """One line of the manifest: a member, and in words what it is."""

    name: _Text
    media_type: _Text
    size: Annotated[int, Meta(ge=0, le=MEMBER_LIMIT)]
    sha256: Sha256Text
    what: _Text


class Manifest(DossierPart, frozen=True, kw_only=True):
    """The whole dossier: whose, about what, when it was made (to the second), and all members in their order."""

    format: Annotated[str, Meta(pattern=r"^pouch-dossier/1$(?!\n)")] = msgspec.field(name="format")
    office: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")]
    exchange_id: Annotated[str, Meta(pattern=r"^[0-9a-f-]{36}$(?!\n)")]
    made_at: Annotated[datetime, Meta(tz=True)]
    members: Annotated[tuple[Member, ...], Meta(min_length=1, max_length=_MEMBERS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealParts:
    """What stands in a seal beside what is signed: the signature's value and the certificate, both DER or raw bytes."""

    value: bytes
    certificate: bytes


def render_json(part: DossierPart) -> bytes:
    """Write a part in its one form: RFC 8785 JSON."""
    return canonical_json(msgspec.to_builtins(part))


def read_json(content: bytes, kind: type[_T]) -> _T:
    """Read a part; MalformedDossier unless it is of its kind and in its one form."""
    try:
        part = msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MalformedDossier("is not JSON of the form that it must have") from None
    try:
        again = canonical_json(msgspec.to_builtins(part))
    except (ValueError, OverflowError):  # a lone surrogate, a number out of range
        raise MalformedDossier("holds what cannot be written again") from None
    if again != content:
        raise MalformedDossier("is not written in its one form")
    return part


def render_seal(manifest: Manifest, written: bytes, *, thumbprint: str) -> bytes:
    """Write the unsigned seal over the manifest as `written`, for the certificate of this SHA-256 (hexadecimal)."""
    contents = (
        tag("Statement", _STATEMENT),
        tag("Office", manifest.office),
        tag("ExchangeId", manifest.exchange_id),
        tag("MadeAt", rfc3339(manifest.made_at)),
        wrap("Manifest", (tag("Size", len(written)), tag("Sha256", sha256(written).hexdigest()))),
        tag("Certificate", thumbprint),
    )
    return f'<DossierSeal xmlns="{_NAMESPACE}">{"".join(contents)}</DossierSeal>'.encode()


def split_seal(seal: bytes, manifest: Manifest, written: bytes) -> SealParts:
    """Compare a signed seal with what it must say, and give the rest of it; MalformedDossier if anything differs.

    Neither is verified here. What signatures leave open is closed: base64 has one form, and nothing stands between.
    """
    beginning, opened, signature = seal.partition(b"<ds:Signature ")
    found = _SIGNATURE.fullmatch((opened + signature).removesuffix(_END)) if seal.endswith(_END) else None
    if found is None:
        raise MalformedDossier("does not end in one signature of the form that an office writes")
    value, certificate = (_decoded(found[name]) for name in ("value", "certificate"))
    wanted = render_seal(manifest, written, thumbprint=sha256(certificate).hexdigest())
    if beginning + _END != wanted:
        raise MalformedDossier("is not the seal of this manifest and of the certificate in it")
    return SealParts(value=value, certificate=certificate)


def write_dossier(sink: BinaryIO, at: datetime, members: Iterable[tuple[str, bytes]]) -> None:
    """Write members, manifest and seal first, as the ZIP they have but one form in; OverflowError beyond 4 GiB."""
    writer = ArchiveWriter(sink, at)
    for name, content in members:
        writer.add(name, content, compress=False)
    writer.close()


def _decoded(text: bytes) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content or base64.b64encode(content) != text:
        raise MalformedDossier("has base64 that is not in its one form")
    return content
