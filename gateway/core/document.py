"""Documents: what is listed in a signed message, and what the gateway then holds."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from gateway.core.office import OfficeCode

__all__ = [
    "Certification",
    "CertificationForm",
    "Document",
    "DocumentKind",
    "ListedDocument",
    "Publication",
    "Role",
    "Stored",
    "digest_of_digests",
    "digest_of_list",
]


class DocumentKind(Enum):
    """What an exchange carries. Further kinds travel the same line; nothing but tables may ask which one it is."""

    PRIORITY_DOCUMENT = "priority-document"


class Role(Enum):
    """What a document is within its package."""

    CERTIFIED_COPY = "certified-copy"
    BIBLIOGRAPHY = "bibliography"
    TRANSLATION = "translation"
    SEQUENCE_LISTING = "sequence-listing"
    SUPPLEMENT = "supplement"
    REGISTRATION_CERTIFICATE = "registration-certificate"  # given by the counterpart, never deposited


class Publication(Enum):
    """Whether the application has been published; the default is unpublished (office-practice.md, Release)."""

    UNPUBLISHED = "unpublished"
    PUBLISHED = "published"


class CertificationForm(Enum):
    """How an office certified a copy (OJ EPO 2018 A94 for the digitally signed PDF)."""

    DIGITALLY_SIGNED = "digitally-signed"
    SEALED = "sealed"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certification:
    """The authority's own certification of a copy (Paris Convention 4D(3)); a transport signature is none."""

    certified_by: OfficeCode
    form: CertificationForm
    certified_on: date
    filing_date_certified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDocument:
    """One line of the signed list: `size` in bytes, `sha256` 32 bytes, `content` the inline bytes or None if a part."""

    content_id: str
    size: int
    sha256: bytes
    role: Role
    media_type: str
    language: str | None = None
    certification: Certification | None = None
    content: bytes | None = None


def digest_of_list(listed: Iterable[ListedDocument]) -> str:
    """One digest for all documents together, in their order: for ledger leaves, where no name of theirs may stand."""
    return digest_of_digests(document.sha256 for document in listed)


def digest_of_digests(digests: Iterable[bytes]) -> str:
    """The same, for whoever has the documents' digests only."""
    texts = [digest.hex() for digest in digests]
    return hashlib.sha256(json.dumps(texts, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Where the sealed bytes of a document lie: in the journal (`inline`) or by content address, never both.

    `wrapped_key` is the document's own key under the office's wrapping key; without it the bytes are noise.
    """

    document_id: str
    wrapped_key: bytes
    inline: bytes | None
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document the gateway holds: the facts of its list line, the version of the exchange it came with, its bytes."""

    listed: ListedDocument
    version: int
    stored: Stored
