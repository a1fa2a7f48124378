"""Receipts, notifications and messages of a dossier: each signature, and that all of them speak of the same things.

    the receipt is signed by the office   it names the message, its documents, and an entry by id and leaf hash
    that entry is in the log              it names the digest of the message as received
    the message is what it names          and is signed by its sender

Rules: a message that is not enclosed whole is judged as far as it is; what is left open is said.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography import x509
from lxml import etree

from gateway.core.document import digest_of_digests
from gateway.core.reason import Refused
from gateway.evidence.dossier_file import OpenDossier
from gateway.evidence.dossier_log import KnownEntry
from gateway.evidence.dossier_revocation import check_revocation
from gateway.evidence.dossier_trust import Trust
from gateway.evidence.dossier_verdict import Found
from gateway.evidence.findings import CannotTell, Tampered
from gateway.wire import xml
from gateway.wire.dossier import MalformedDossier, read_json
from gateway.wire.dossier_contents import EnvelopeForm, JwsHead, MessageFiles, NotificationFiles
from gateway.wire.jws import detach_payload
from gateway.wire.receipt import read_notification, read_receipt
from pki.jws import verify_detached
from pki.jws_digest import verify_detached_digest
from pki.trust import Purpose, TrustedCertificate, TrustList, UnusablePin, pin
from pki.verdict import Indication, Verdict, shown
from pki.wss import WssPolicy, verify
from pki.xmldsig import verify_enveloped

__all__ = ["verify_messages"]

#: The gateway has judged the message's age when it came; its receipt says when that was.
_POLICY: Final = WssPolicy(skew=timedelta(hours=1))


def verify_messages(dossier: OpenDossier, entries: Mapping[str, KnownEntry], trust: Trust, found: Found) -> None:
    """Verify every message, receipt and notification; what does not hold goes into `found`."""
    try:
        pins = _pins(dossier)
    except (Tampered, CannotTell) as finding:
        found.take(finding)
        return
    for message in dossier.contents.messages:
        if message.receipt is None or message.payload_sha256 is None:
            found.note(f"message {shown(message.message_id)} of {message.sender}: {message.withheld}")
            continue
        try:
            entry = _check_receipt(dossier, message, message.receipt, entries, pins, found)
            _check_message(dossier, message, entry, trust, found)
        except (Tampered, CannotTell) as finding:
            found.take(finding)
    for notification in dossier.contents.notifications:
        try:
            _check_notification(dossier, notification, entries, pins, found)
        except (Tampered, CannotTell) as finding:
            found.take(finding)


def _pins(dossier: OpenDossier) -> TrustList:
    """All enclosed certificates, as those of the office: which one signed, each document says itself."""
    office = dossier.manifest.office
    return TrustList([_pin(office, name, dossier) for name in dossier.contents.certificates])


def _pin(office: str, name: str, dossier: OpenDossier) -> TrustedCertificate:
    try:
        return pin(office, Purpose.SIGNING, x509.load_pem_x509_certificate(dossier.read(name)))
    except ValueError:
        raise Tampered(name, "holds no certificate") from None
    except UnusablePin as unusable:
        raise CannotTell(name, str(unusable)) from None


def _must_pass(verdict: Verdict, place: str) -> None:
    if verdict.indication is Indication.INDETERMINATE:
        raise CannotTell(place, verdict.explanation)
    if not verdict.passed:
        raise Tampered(place, verdict.explanation)


def _signed(dossier: OpenDossier, name: str, pins: TrustList, at: datetime) -> etree._Element:
    verdict, root = verify_enveloped(dossier.read(name), trust=pins, now=at)
    _must_pass(verdict, name)
    if root is None:
        raise Tampered(name, "is not XML under a signature")
    return root


def _check_receipt(
    dossier: OpenDossier,
    message: MessageFiles,
    name: str,
    entries: Mapping[str, KnownEntry],
    pins: TrustList,
    found: Found,
) -> KnownEntry:
    try:
        receipt = read_receipt(_signed(dossier, name, pins, message.accepted_at))
    except Refused:
        raise Tampered(name, "is not a receipt") from None
    exchange = dossier.contents.exchange
    said = (receipt.issuer, receipt.exchange_id, receipt.sender, receipt.message_id, receipt.operation)
    if said != (exchange.office, exchange.exchange_id, message.sender, message.message_id, message.operation):
        raise Tampered(name, "is the receipt of another message than the dossier says")
    if (receipt.received_at, receipt.payload_sha256.hex()) != (message.accepted_at, message.payload_sha256):
        raise Tampered(name, "says another time or another content than the dossier")
    known = {(each.content_id, each.size, each.sha256) for each in dossier.contents.documents}
    if not {(each.content_id, each.size, each.sha256.hex()) for each in receipt.documents} <= known:
        raise Tampered(name, "names a document that is not among those of the dossier")
    entry = _entry(name, receipt.entry_id, receipt.leaf_hash, entries)
    about = f"receipt of {shown(message.operation)} {shown(message.message_id)}"
    digests = [each.sha256 for each in receipt.documents]
    documents = digest_of_digests(digests) if digests else None
    named = entry.names("payload", receipt.payload_sha256)
    if named is False or entry.digest("documents") != documents:
        raise Tampered(name, "is about another content than its entry")
    if named is None:
        found.note(f"{about}: what its entry commits to was erased, so that it cannot be compared with the receipt")
    found.hold(about, f"signed by gateway {exchange.office}, whose certificate was valid then", entry.since)
    return entry


def _entry(place: str, entry_id: str, leaf_hash: bytes, entries: Mapping[str, KnownEntry]) -> KnownEntry:
    entry = entries.get(entry_id)
    if entry is None:
        raise CannotTell(place, "names an entry that the dossier does not have, or that does not hold")
    if entry.leaf_hash != leaf_hash:
        raise Tampered(place, "names another leaf hash than that of its entry")
    return entry


def _check_message(dossier: OpenDossier, message: MessageFiles, entry: KnownEntry, trust: Trust, found: Found) -> None:
    for named, digest in (("message", message.sha256), ("sealed-message", message.sealed_sha256)):
        if digest is not None and entry.names(named, bytes.fromhex(digest)) is False:
            raise Tampered(entry.files.leaf, f"names another {named} than the dossier")
    about = f"message {shown(message.operation)} {shown(message.message_id)} of {message.sender}"
    if message.envelope is None or message.form is None:
        found.note(f"{about} is not enclosed: {message.withheld or 'nothing of it was kept'}")
        return
    content = dossier.read(message.envelope)
    whole = message.form in (EnvelopeForm.SOAP, EnvelopeForm.JWS, EnvelopeForm.UNSIGNED)
    if whole and sha256(content).hexdigest() != message.sha256:
        raise Tampered(message.envelope, "is not the message whose digest the entry has")
    if message.form is EnvelopeForm.UNSIGNED:
        if not content.lstrip().startswith(b"{"):
            raise Tampered(message.envelope, "is called unsigned, and is not a plain JSON body")
        found.hold(about, "is what the entry names; it was not signed, but proven by an access token", entry.since)
        return
    if message.certificate is None:
        found.note(f"{message.envelope}: the sender's certificate is not known any more, so its signature is not tried")
        return
    known = _pin(message.sender, message.certificate, dossier)
    _must_pass(_verdict(content, message, TrustList([known])), message.envelope)
    text = f"signed by {message.sender}, whose certificate was valid then"
    text += check_revocation(dossier, message.sender, known.certificate, message.accepted_at, found)
    if not whole:
        text += f"; the content itself is not enclosed: {message.withheld}"
    if trust.believes(known.certificate, message.accepted_at) is False:
        found.note(f"{message.certificate}: that this is a certificate of {message.sender} is the office's word")
    found.hold(about, text, entry.since)


def _verdict(content: bytes, message: MessageFiles, known: TrustList) -> Verdict:
    """The sender's signature, at the time at which the message was accepted."""
    place, at = message.envelope or "", message.accepted_at
    if message.form in (EnvelopeForm.SOAP, EnvelopeForm.SOAP_HEAD):
        try:
            root = xml.parse(content)
        except Refused:
            raise Tampered(place, "is not a SOAP envelope") from None
        withheld = message.form is EnvelopeForm.SOAP_HEAD
        return verify(root, trust=known, now=at, policy=_POLICY, body_withheld=withheld).verdict
    if message.form is EnvelopeForm.JWS_HEAD:
        try:
            head = read_json(content, JwsHead)
        except MalformedDossier:
            raise Tampered(place, "is not the head of a JWS") from None
        return verify_detached_digest(head.detached, bytes.fromhex(head.digest), trust=known, now=at)
    attached = detach_payload(content)
    if attached is None:
        raise Tampered(place, "is not a compact JWS")
    return verify_detached(*attached, trust=known, now=at).verdict


def _check_notification(
    dossier: OpenDossier, told: NotificationFiles, entries: Mapping[str, KnownEntry], pins: TrustList, found: Found
) -> None:
    name = told.notification
    try:
        notification = read_notification(_signed(dossier, name, pins, told.created_at))
    except Refused:
        raise Tampered(name, "is not a notification") from None
    exchange = dossier.contents.exchange
    said = (notification.issuer, notification.exchange_id, notification.notification_id, notification.addressee)
    wanted = (exchange.office, exchange.exchange_id, told.notification_id, told.addressee)
    if said != wanted or notification.event.value != told.event:
        raise Tampered(name, "is another notification than the dossier says")
    entry = _entry(name, notification.entry_id, notification.leaf_hash, entries)
    found.hold(f"notification {told.event}", f"signed by gateway {exchange.office}", entry.since)
