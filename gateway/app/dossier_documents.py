"""Documents in a dossier: their facts always, their bytes only for one named recipient, and only what is released.

Rules: nothing leaves unreleased, not by a dossier either; a document is encrypted whole, in memory, up to a bound.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from gateway.app.dossier_members import Members
from gateway.core import release
from gateway.core.document import Document, ListedDocument, Role, Stored
from gateway.core.exchange import Party
from gateway.core.reason import Reason, Refused
from gateway.core.view import ExchangeView
from gateway.ports import Documents
from gateway.wire.dossier import MEMBER_LIMIT
from gateway.wire.dossier_contents import CertificationFacts, DocumentFacts, Missing
from pki.enveloped import check_recipient, encrypt_for
from pki.keys import UnusableKey, load_certificate

__all__ = ["ENCRYPTED", "enclose_documents", "load_recipient", "read_raw"]

ENCRYPTED: Final = "application/pkcs7-mime"
#: What encryption adds is far less than this.
_ROOM: Final = 64 * 1024


def load_recipient(path: Path, now: datetime) -> x509.Certificate:
    """Read the certificate of whom documents are encrypted for; UnusableKey says what is wrong with it."""
    try:
        certificate = load_certificate(path)
    except OSError as error:
        raise UnusableKey(f"{path} cannot be read ({error.strerror})") from None
    check_recipient(certificate, now=now)
    return certificate


async def enclose_documents(
    view: ExchangeView, members: Members, documents: Documents, recipient: x509.Certificate | None
) -> tuple[list[DocumentFacts], list[Missing]]:
    """List all documents of all versions; with a recipient, enclose their bytes encrypted.

    Refused(NOT_RELEASED, HELD_BY_PERSON) if they may not leave; Deferred if their files cannot be read.
    """
    if recipient is not None:
        _check_released(view)
    listed, missing = [], []
    for number, document in enumerate(view.documents, 1):
        name = None
        if recipient is not None:
            name, why = await _enclose(number, document, members, documents, recipient)
            if why:
                missing.append(Missing(what=f"document {number} ({document.listed.role.value})", why=why))
        listed.append(_facts(document, name))
    return listed, missing


async def read_raw(stored: Stored, documents: Documents) -> bytes | None:
    """Read the raw message that lies sealed there, None if its key was destroyed; Deferred if it cannot be read."""
    listed = ListedDocument(
        content_id="message", size=0, sha256=b"", role=Role.SUPPLEMENT, media_type="application/octet-stream"
    )
    try:
        return await _read(Document(listed=listed, version=1, stored=stored), documents)
    except Refused as refused:
        if refused.reason is Reason.DOCUMENT_FORGOTTEN:
            return None
        raise


def _check_released(view: ExchangeView) -> None:
    stopped = view.exchange.is_stopped
    if view.exchange.party is Party.DEPOSITING:
        release.decide(None, view.decisions, on_hold=stopped)
    else:
        release.for_addressee(None, on_hold=stopped)


async def _enclose(
    number: int, document: Document, members: Members, documents: Documents, recipient: x509.Certificate
) -> tuple[str | None, str | None]:
    """The member's name, or why there is none."""
    if document.listed.size > MEMBER_LIMIT - _ROOM:
        return None, f"it is larger than the {MEMBER_LIMIT >> 20} MiB that a member of a dossier can have"
    try:
        content = await _read(document, documents)
    except Refused as refused:
        if refused.reason is Reason.DOCUMENT_FORGOTTEN:
            return None, "it was forgotten: its key was destroyed, and its bytes can no longer be opened"
        raise
    name = members.add(
        f"documents/{number:03}.p7m",
        encrypt_for(content, recipient),
        ENCRYPTED,
        f"{document.listed.role.value} of version {document.version}, encrypted for the named recipient",
    )
    return name, None


async def _read(document: Document, documents: Documents) -> bytes:
    return b"".join([piece async for piece in documents.read(document)])


def _facts(document: Document, encrypted: str | None) -> DocumentFacts:
    listed = document.listed
    certified = listed.certification
    return DocumentFacts(
        version=document.version,
        content_id=listed.content_id,
        role=listed.role,
        media_type=listed.media_type,
        size=listed.size,
        sha256=listed.sha256.hex(),
        language=listed.language,
        certification=None
        if certified is None
        else CertificationFacts(
            certified_by=certified.certified_by,
            form=certified.form,
            certified_on=certified.certified_on,
            filing_date_certified=certified.filing_date_certified,
        ),
        encrypted=encrypted,
    )
