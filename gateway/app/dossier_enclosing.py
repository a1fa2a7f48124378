"""Messages and notifications of an exchange, enclosed in a dossier with their receipts and certificates."""

from hashlib import sha256
from typing import Final

from cryptography import x509

from gateway.app.dossier_documents import ENCRYPTED, read_raw
from gateway.app.dossier_members import JSON, XML, Members
from gateway.app.dossier_messages import WITHOUT_CODE, Shown, show_message
from gateway.app.opening import Gateway
from gateway.core.exchange import Exchange
from gateway.core.reason import Refused
from gateway.core.secret import Secret
from gateway.store.dossier_rows import ROWS_MOST, EvidenceRow, PostgresDossiers
from gateway.wire import xml
from gateway.wire.dossier_contents import EnvelopeForm, MessageFiles, NotificationFiles
from pki.embedded import embedded_certificate
from pki.enveloped import encrypt_for

__all__ = ["DossierTooLarge", "enclose_messages", "enclose_notifications"]

#: How each form is called: the end of its member's name, and its media type.
_FORMS: Final = {
    EnvelopeForm.SOAP: ("envelope.xml", XML),
    EnvelopeForm.SOAP_HEAD: ("envelope-head.xml", XML),
    EnvelopeForm.JWS: ("message.jws", "application/jose"),
    EnvelopeForm.JWS_HEAD: ("message-head.json", JSON),
    EnvelopeForm.UNSIGNED: ("message.json", JSON),
}


class DossierTooLarge(Exception):
    """There is more on one exchange than a dossier holds; the text says of what."""


async def enclose_messages(
    gateway: Gateway, rows: PostgresDossiers, exchange: Exchange, members: Members, recipient: x509.Certificate | None
) -> tuple[MessageFiles, ...]:
    """Enclose every message about the exchange as far as it may be shown, with its receipt. Deferred, or too large."""
    found = await rows.messages(exchange.hosted, exchange.exchange_id)
    if len(found) > ROWS_MOST:
        raise DossierTooLarge(f"the exchange has more than {ROWS_MOST} messages")
    code, trust = await _code(gateway, exchange), gateway.offices.now.trust
    enclosed = []
    for number, row in enumerate(found, 1):
        raw = None if row.raw is None else await read_raw(row.raw, gateway.documents)
        shown = None
        if raw is not None:
            shown = show_message(
                raw, operation=row.operation, sender=row.sender, accepted_at=row.accepted_at, trust=trust, code=code
            )
        enclosed.append(_enclose(f"messages/{number:03}", row, raw, shown, members, recipient, exchange.hosted))
    return tuple(enclosed)


async def _code(gateway: Gateway, exchange: Exchange) -> Secret | None:
    """The exchange's own access code, only to be looked for; None if the gateway does not know it."""
    sealed = await gateway.line.records.access_code(exchange.hosted, exchange.exchange_id)
    return None if sealed is None else gateway.line.sealing.open_secret(sealed, owner=exchange.exchange_id)


async def enclose_notifications(
    rows: PostgresDossiers, exchange: Exchange, members: Members
) -> tuple[NotificationFiles, ...]:
    """Enclose every notification about the exchange. Deferred, DossierTooLarge."""
    found = await rows.notifications(exchange.hosted, exchange.exchange_id)
    if len(found) > ROWS_MOST:
        raise DossierTooLarge(f"the exchange has more than {ROWS_MOST} notifications")
    enclosed = []
    for number, row in enumerate(found, 1):
        _add_signer(row.content, members, exchange.hosted)
        name = members.add(f"notifications/{number:03}.xml", row.content, XML, f"signed notification: {row.event}")
        enclosed.append(
            NotificationFiles(
                notification_id=row.notification_id,
                addressee=row.addressee,
                event=row.event,
                notification=name,
                created_at=row.created_at,
                confirmed_at=row.confirmed_at,
            )
        )
    return tuple(enclosed)


def _enclose(
    folder: str,
    row: EvidenceRow,
    raw: bytes | None,
    shown: Shown | None,
    members: Members,
    recipient: x509.Certificate | None,
    hosted: str,
) -> MessageFiles:
    receipt = None
    if row.receipt:
        _add_signer(row.receipt, members, hosted)
        receipt = members.add(f"{folder}/receipt.xml", row.receipt, XML, f"signed receipt of {row.operation}")
    envelope = encrypted = certificate = None
    if shown is not None and shown.form is not None and shown.content is not None:
        ending, media_type = _FORMS[shown.form]
        envelope = members.add(f"{folder}/{ending}", shown.content, media_type, _what(row, shown))
    if shown is not None and shown.verdict is not None and shown.verdict.certificate is not None:
        certificate = members.add_certificate(shown.verdict.certificate, f"{row.sender}, who signed messages")
    if raw is not None and shown is not None and shown.withheld and not shown.has_code and recipient is not None:
        what = f"the whole message {row.operation}, encrypted for the named recipient"
        encrypted = members.add(f"{folder}/message.p7m", encrypt_for(raw, recipient), ENCRYPTED, what)
    has_code = shown is None or shown.has_code
    return MessageFiles(
        sender=row.sender,
        message_id=row.message_id,
        operation=row.operation,
        accepted_at=row.accepted_at,
        payload_sha256=row.digest.hex() or None,
        receipt=receipt,
        size=None if raw is None else len(raw),
        sha256=None if raw is None or has_code or not _may_tell_digest(shown) else sha256(raw).hexdigest(),
        sealed_sha256=_sealed(row),
        form=None if shown is None else shown.form,
        envelope=envelope,
        encrypted=encrypted,
        certificate=certificate,
        found=_found(shown),
        withheld=_withheld(row, raw, shown),
    )


def _may_tell_digest(shown: Shown | None) -> bool:
    """Whether nobody could find by trying what is withheld: a signature in it cannot be guessed."""
    return shown is not None and (shown.verdict is not None or not shown.withheld)


def _what(row: EvidenceRow, shown: Shown) -> str:
    return f"{row.operation} of {row.sender} as received" + (", without its content" if shown.withheld else "")


def _sealed(row: EvidenceRow) -> str | None:
    """The digest of the message as it was sealed, where its entry names that; the address of a sealed file is it."""
    if row.raw is None or row.operation in WITHOUT_CODE:
        return None
    return sha256(row.raw.inline).hexdigest() if row.raw.inline else row.raw.address


def _found(shown: Shown | None) -> str | None:
    if shown is None or shown.verdict is None:
        return None
    return f"{shown.verdict.indication.value}: {shown.verdict.explanation}"


def _withheld(row: EvidenceRow, raw: bytes | None, shown: Shown | None) -> str | None:
    if row.raw is None:
        return "nothing of it was kept: it brings nothing and promises nothing"
    if raw is None:
        return "it was erased: its key was destroyed" + ("" if row.receipt else ", and its receipt with it")
    return None if shown is None else shown.withheld


def _add_signer(document: bytes, members: Members, hosted: str) -> None:
    """The certificate that our own document carries: the key may have changed since."""
    try:
        certificate = embedded_certificate(xml.parse(document))
    except Refused:
        return
    if certificate is not None:
        members.add_certificate(certificate, f"gateway {hosted}, which signed receipts or notifications")
