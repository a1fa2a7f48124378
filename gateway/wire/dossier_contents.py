"""What a dossier says of its exchange, and which member proves what: the structures of its exchange.json.

Rules: names of members, digests and facts; never an access code, never a document's bytes. What is missing stands in
`missing` with the reason, so that a gap is a statement under the seal and not a silence.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta

from gateway.core.document import CertificationForm, DocumentKind, Publication, Role
from gateway.core.exchange import Party, State
from gateway.core.office import Right
from gateway.core.release import Condition, Outcome
from gateway.core.transmission import Task
from gateway.wire.dossier import DossierPart, Sha256Text

__all__ = [
    "ApplicationFacts",
    "CertificationFacts",
    "CheckpointFiles",
    "ConsistencyFile",
    "Contents",
    "DecisionTaken",
    "Disclosed",
    "DocumentFacts",
    "EntryFiles",
    "EnvelopeForm",
    "ExchangeFacts",
    "JwsHead",
    "KnownFact",
    "LogFiles",
    "MessageFiles",
    "Missing",
    "NotificationFiles",
    "RevocationFiles",
    "TimeStampFile",
    "TransmissionFacts",
]

_Office = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")]
_Id = Annotated[str, Meta(pattern=r"^[0-9a-f-]{36}$(?!\n)")]
_Member = Annotated[str, Meta(min_length=1, max_length=300)]
_Text = Annotated[str, Meta(max_length=20_000)]
_Instant = Annotated[datetime, Meta(tz=True)]
_Count = Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]


class EnvelopeForm(StrEnum):
    """In which form a message as received is enclosed."""

    SOAP = "soap"  # the root part: a SOAP envelope signed by WS-Security
    SOAP_HEAD = "soap-head"  # the same without what stood in its Body: the signature over the Body's digest remains
    JWS = "jws"  # a REST body and its detached JWS as one compact JWS
    JWS_HEAD = "jws-head"  # the same without the body: the signature over the digest of what was signed remains
    UNSIGNED = "unsigned"  # a call that an access token proved, and nothing that can be kept


class ApplicationFacts(DossierPart, frozen=True, kw_only=True):
    """The application, as its office names it."""

    office: _Office
    right: Right
    number: _Text
    filing_date: date


class JwsHead(DossierPart, frozen=True, kw_only=True):
    """What remains of a JWS whose payload is withheld: header and signature, and the digest that they are over."""

    detached: Annotated[str, Meta(max_length=8192)]
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64,128}$(?!\n)")]


class ExchangeFacts(DossierPart, frozen=True, kw_only=True):
    """The exchange, as it stood when the dossier was made."""

    exchange_id: _Id
    office: _Office
    party: Party
    kind: DocumentKind
    application: ApplicationFacts
    state: State
    version: _Count
    publication: Publication
    created_at: _Instant


class CertificationFacts(DossierPart, frozen=True, kw_only=True):
    """The authority's own certification, as the depositing message listed it."""

    certified_by: _Office
    form: CertificationForm
    certified_on: date
    filing_date_certified: bool


class DocumentFacts(DossierPart, frozen=True, kw_only=True):
    """One document of one version by its digest; `encrypted` is the member with its bytes for the named recipient."""

    version: _Count
    content_id: _Text
    role: Role
    media_type: _Text
    size: _Count
    sha256: Sha256Text
    language: _Text | None = None
    certification: CertificationFacts | None = None
    encrypted: _Member | None = None


class DecisionTaken(DossierPart, frozen=True, kw_only=True):
    """One release decision."""

    condition: Condition
    outcome: Outcome
    by: _Text
    basis: _Text
    decided_at: _Instant


class KnownFact(DossierPart, frozen=True, kw_only=True):
    """One fact of core.exchange.FactName, by its value's own word."""

    name: _Text
    at: _Instant
    value: _Text | None = None


class TransmissionFacts(DossierPart, frozen=True, kw_only=True):
    """One hop: what was to be done at whom, what became of it, and the counterpart's own ids of our requests."""

    transmission_id: _Id
    counterpart: _Office
    adapter: _Text
    task: Task
    version: _Count
    agreement: _Text
    state: _Text
    attempts: _Count
    reason: _Text | None = None
    acknowledgement_ids: tuple[_Text, ...] = ()


class MessageFiles(DossierPart, frozen=True, kw_only=True):
    """One message to the office's gateway: its receipt, unless erased, and the message as far as it can be shown.

    `sha256` is that of the raw message, left out where an access code would be its only unknown; then
    `sealed_sha256` is that of the message as it was encrypted at rest, which the ledger names. `found` is what the
    gateway found when it looked at the signature again, at the time of acceptance; `withheld` says why what is
    enclosed is not the whole message.
    """

    sender: _Office
    message_id: _Text
    operation: _Text
    accepted_at: _Instant
    payload_sha256: Sha256Text | None = None
    receipt: _Member | None = None
    size: _Count | None = None
    sha256: Sha256Text | None = None
    sealed_sha256: Sha256Text | None = None
    form: EnvelopeForm | None = None
    envelope: _Member | None = None
    encrypted: _Member | None = None
    certificate: _Member | None = None
    found: _Text | None = None
    withheld: _Text | None = None


class NotificationFiles(DossierPart, frozen=True, kw_only=True):
    """One notification of the gateway to the office's own system."""

    notification_id: _Id
    addressee: _Office
    event: _Text
    notification: _Member
    created_at: _Instant
    confirmed_at: _Instant | None = None


class Disclosed(DossierPart, frozen=True, kw_only=True):
    """The salt that opens one commitment of a leaf (core/commitment.py): without it nobody can tell what was meant."""

    name: _Text
    salt: Sha256Text


class EntryFiles(DossierPart, frozen=True, kw_only=True):
    """One entry of the ledger; without `proof` it is under no signed checkpoint yet. `step` and `at` are the leaf's.

    `disclosed` opens what the leaf commits to, as far as the dossier says the value.
    """

    entry_id: _Id
    step: _Text
    at: _Instant
    leaf: _Member
    seq: _Count | None = None
    size: _Count | None = None
    proof: _Member | None = None
    disclosed: tuple[Disclosed, ...] = ()


class TimeStampFile(DossierPart, frozen=True, kw_only=True):
    """A time-stamp token (RFC 3161) over the checkpoint's note, and the certificates the office believes for it."""

    authority: _Text
    token: _Member
    at: _Instant
    certificates: _Member | None = None


class CheckpointFiles(DossierPart, frozen=True, kw_only=True):
    """One checkpoint: the note as the log signed it, the lines of witnesses under it, and time-stamps over the note."""

    size: _Count
    note: _Member
    signed_at: _Instant
    cosignatures: _Member | None = None
    time_stamps: tuple[TimeStampFile, ...] = ()


class ConsistencyFile(DossierPart, frozen=True, kw_only=True):
    """A proof that the log of `new_size` begins with that of `old_size`."""

    old_size: _Count
    new_size: _Count
    proof: _Member


class LogFiles(DossierPart, frozen=True, kw_only=True):
    """The log: its name, the keys that sign it and its witnesses, checkpoints by size and the proofs between them."""

    origin: _Text
    verifier_keys: _Member
    checkpoints: tuple[CheckpointFiles, ...] = ()
    consistency: tuple[ConsistencyFile, ...] = ()
    witness_keys: _Member | None = None


class RevocationFiles(DossierPart, frozen=True, kw_only=True):
    """A revocation list (RFC 5280) that was in use for an office's signatures from `taken_at`, and who may make it."""

    office: _Office
    taken_at: _Instant
    revocation_list: _Member
    issuers: _Member


class Missing(DossierPart, frozen=True, kw_only=True):
    """What a reader may look for in vain, and why."""

    what: _Text
    why: _Text


class Contents(DossierPart, frozen=True, kw_only=True):
    """All of exchange.json; `certificates` are the office's and the senders', `revocation` the senders' lists."""

    format: Literal["pouch-dossier-exchange/1"]
    exchange: ExchangeFacts
    documents: tuple[DocumentFacts, ...]
    decisions: tuple[DecisionTaken, ...]
    facts: tuple[KnownFact, ...]
    transmissions: tuple[TransmissionFacts, ...]
    messages: tuple[MessageFiles, ...]
    notifications: tuple[NotificationFiles, ...]
    entries: tuple[EntryFiles, ...]
    log: LogFiles
    certificates: tuple[_Member, ...]
    revocation: tuple[RevocationFiles, ...] = ()
    missing: tuple[Missing, ...] = ()
