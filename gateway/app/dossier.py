"""Making a dossier: all that this gateway holds on one exchange as evidence, in one file that verifies without us.

Rules:
- Handing out is an entry of the ledger, with the file's digest, before the file has its name.
- Documents by their digests only; with a recipient also their bytes, encrypted, if they are released.
- What is missing is said, with the reason, in the part that is sealed.
"""

import asyncio
import io
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography import x509

from gateway.app.dossier_cover import render_cover, sections_of, title_of
from gateway.app.dossier_cover_pdf import render_cover_pdf
from gateway.app.dossier_documents import enclose_documents
from gateway.app.dossier_enclosing import DossierTooLarge, enclose_messages, enclose_notifications
from gateway.app.dossier_facts import exchange_facts, missing_of, transmission_facts
from gateway.app.dossier_log import LedgerAtHand, LogEvidence, enclose_log
from gateway.app.dossier_members import JSON, PDF, Members
from gateway.app.dossier_revocation import enclose_revocation
from gateway.app.log_keys import origin_of
from gateway.app.opening import Gateway
from gateway.core.exchange import Step
from gateway.core.office import OfficeCode
from gateway.core.reason import Reason, Refused
from gateway.core.view import ExchangeView
from gateway.ports import Append
from gateway.store.dossier_rows import ROWS_MOST, EntryRow, PostgresDossiers
from gateway.wire.dossier import (
    EXCHANGE_JSON,
    MANIFEST,
    MANIFEST_LIMIT,
    SEAL,
    MalformedDossier,
    Manifest,
    read_json,
    render_json,
    render_seal,
    write_dossier,
)
from gateway.wire.dossier_contents import (
    Contents,
    DecisionTaken,
    KnownFact,
)
from pki.keys import UnusableKey, load_certificates
from pki.note_keys import MalformedNote, NoteVerifier, parse_vkey
from pki.xmldsig import sign_enveloped

__all__ = ["Dossier", "make_dossier"]

#: Seconds to wait for entries that are just being given their place.
_PATIENCE: Final = 5.0
_LOOK: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A dossier as it is to be written: the file's bytes, and what it says."""

    office: OfficeCode
    content: bytes
    contents: Contents


async def make_dossier(
    gateway: Gateway, exchange_id: str, *, recipient: x509.Certificate | None = None, patience: float = _PATIENCE
) -> Dossier:
    """Make the dossier of an exchange of any hosted office, and record that it was made.

    Refused(EXCHANGE_UNKNOWN), and with a recipient NOT_RELEASED or HELD_BY_PERSON; DossierTooLarge, LedgerDamaged;
    Deferred if the database or a sealed file cannot be read.
    """
    view = await _find(gateway, exchange_id)
    exchange = view.exchange
    made_at = gateway.line.clock.now().replace(microsecond=0)
    members, rows = Members(), PostgresDossiers(gateway.pool, gateway.queries)
    documents, missing = await enclose_documents(view, members, gateway.documents, recipient)
    messages = await enclose_messages(gateway, rows, exchange, members, recipient)
    notifications = await enclose_notifications(rows, exchange, members)
    revocation = await enclose_revocation(gateway, messages, members)
    told = all(message.sha256 or message.sealed_sha256 or message.size is None for message in messages)
    log = await _log(gateway, exchange.hosted, exchange_id, rows, members, patience, with_message=told)
    contents = Contents(
        format="pouch-dossier-exchange/1",
        exchange=exchange_facts(view),
        documents=tuple(documents),
        decisions=tuple(
            DecisionTaken(condition=d.condition, outcome=d.outcome, by=d.by, basis=d.basis, decided_at=d.decided_at)
            for d in view.decisions
        ),
        facts=tuple(KnownFact(name=fact.name.value, at=fact.at, value=fact.value) for fact in view.facts),
        transmissions=transmission_facts(view),
        messages=messages,
        notifications=notifications,
        entries=log.entries,
        log=log.log,
        certificates=members.certificates,
        revocation=revocation,
        missing=(*missing, *missing_of(view, log, with_documents=recipient is not None, with_lists=bool(revocation))),
    )
    content = _bind(gateway, contents, members, made_at)
    await _record(gateway, exchange.hosted, exchange_id, content)
    return Dossier(office=exchange.hosted, content=content, contents=contents)


async def _find(gateway: Gateway, exchange_id: str) -> ExchangeView:
    for hosted in gateway.signing_keys:
        if (view := await gateway.line.records.view(hosted, exchange_id)) is not None:
            return view
    raise Refused(Reason.EXCHANGE_UNKNOWN)


async def _log(
    gateway: Gateway,
    hosted: OfficeCode,
    exchange_id: str,
    rows: PostgresDossiers,
    members: Members,
    patience: float,
    *,
    with_message: bool,
) -> LogEvidence:
    keys = gateway.log_keys.get(hosted, ())
    entries = await rows.entries(hosted, exchange_id)
    deadline = asyncio.get_running_loop().time() + (patience if keys else 0)
    while not await _is_signed(rows, hosted, entries) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(_LOOK)
        entries = await rows.entries(hosted, exchange_id)
    if len(entries) > ROWS_MOST:
        raise DossierTooLarge(f"the exchange has more than {ROWS_MOST} entries")
    at_hand = LedgerAtHand(
        hosted=hosted,
        origin=origin_of(gateway.settings, hosted),
        rows=rows,
        ledger=gateway.ledger,
        keys=tuple(key.verifier for key in keys),
        witnesses=_witnesses(gateway),
        authorities=_authorities(gateway),
    )
    return await enclose_log(at_hand, entries, members, with_message=with_message)


async def _is_signed(rows: PostgresDossiers, hosted: OfficeCode, entries: list[EntryRow]) -> bool:
    newest = await rows.newest_head(hosted)
    return newest is not None and all(entry.seq is not None and entry.seq < newest.size for entry in entries)


def _witnesses(gateway: Gateway) -> tuple[NoteVerifier, ...]:
    found = []
    for witness in gateway.settings.ledger.witness:
        try:
            found.append(parse_vkey(witness.vkey))
        except MalformedNote:  # told by `pouch check`
            continue
    return tuple(found)


def _authorities(gateway: Gateway) -> dict[str, tuple[x509.Certificate, ...]]:
    found = {}
    for authority in gateway.settings.ledger.timestamping.authority:
        try:
            found[authority.name] = tuple(
                certificate for path in authority.certificates for certificate in load_certificates(path)
            )
        except (UnusableKey, OSError):  # told by `pouch check`
            continue
    return found


def _bind(gateway: Gateway, contents: Contents, members: Members, made_at: datetime) -> bytes:
    """Write exchange.json and the covers, then manifest and seal over all, then the file."""
    title, sections = title_of(contents), sections_of(contents, made_at)
    members.add(EXCHANGE_JSON, _readable(contents), JSON, "what is known of the exchange, and what proves what")
    members.add("cover.html", render_cover(contents, made_at), "text/html; charset=utf-8", "cover, for a person")
    members.add("cover.pdf", render_cover_pdf(title, sections, made_at), PDF, "cover, for a person, to be printed")
    manifest = Manifest(
        format="pouch-dossier/1",
        office=contents.exchange.office,
        exchange_id=contents.exchange.exchange_id,
        made_at=made_at,
        members=members.listed,
    )
    written = _readable(manifest)
    key = gateway.signing_keys[OfficeCode(contents.exchange.office)]
    seal = sign_enveloped(render_seal(manifest, written, thumbprint=key.thumbprint), key=key)
    sink = io.BytesIO()
    try:
        write_dossier(sink, made_at, [(MANIFEST, written), (SEAL, seal), *members.contents()])
    except OverflowError:
        raise DossierTooLarge("a dossier is smaller than 4 GiB") from None
    return sink.getvalue()


def _readable(part: Contents | Manifest) -> bytes:
    """Write a part, and see that it can be read again; DossierTooLarge if something in it is beyond its bound."""
    written = render_json(part)
    try:
        read_json(written, type(part))
    except MalformedDossier:
        raise DossierTooLarge("something that is known of the exchange is longer than a dossier takes") from None
    if len(written) > MANIFEST_LIMIT:
        raise DossierTooLarge(f"what is known of the exchange takes more than {MANIFEST_LIMIT >> 20} MiB")
    return written


async def _record(gateway: Gateway, hosted: OfficeCode, exchange_id: str, content: bytes) -> None:
    """That a dossier was handed out, and which: whoever holds it can show that it is the one."""
    entry = gateway.line.entry(
        hosted=hosted,
        exchange_id=exchange_id,
        step=Step.EVIDENCED,
        actor=hosted,
        digests={"dossier": sha256(content).hexdigest()},
    )
    await gateway.line.journal.append(Append(hosted=hosted, entry=entry))
