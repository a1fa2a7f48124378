"""The line in memory: every port a stage uses, and offices whose signatures are words instead of cryptography.

XA and XB are hosted here; XA's messages are taken for XA, XB's for XB, XC's for both. What the real ports do is held by
tests/integration/endpoints, which runs the same calls against a real gateway.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lxml import etree

from gateway.core.agreement import Agreement
from gateway.core.document import DocumentKind, Stored
from gateway.core.office import OfficeCode, Right
from gateway.core.reason import Deferred, Overtaken, Reason, Refused
from gateway.core.request import Hosting, Issuer
from gateway.core.secret import Secret
from gateway.core.transmission import Obtained, Task
from gateway.core.view import ExchangeView, TransmissionView
from gateway.ports import Appended, KnownMessage, Signature, WaitingNotification
from gateway.stages.line import Line

XA, XB, XC, IB = (OfficeCode(code) for code in ("XA", "XB", "XC", "IB"))
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class StandingClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class Counting:
    """Randomness that never repeats and is the same in every run."""

    def __init__(self) -> None:
        self._taken = 0

    def take(self, count: int) -> bytes:
        self._taken += 1
        return hashlib.shake_256(str(self._taken).encode()).digest(count)


class MemorySpool:
    """One incoming document."""

    def __init__(self, documents: "MemoryDocuments", name, role, media_type, limit, document_id) -> None:
        self._documents = documents
        self._about = {"name": name, "role": role, "media_type": media_type}
        self._limit, self._id, self._content = limit, document_id, b""

    async def write(self, chunk: bytes) -> None:
        self._content += chunk
        if len(self._content) > self._limit:
            raise Refused(Reason.BODY_TOO_LARGE)

    async def finish(self) -> Obtained:
        content = self._content
        self._documents.kept[self._id] = content
        return Obtained(
            **self._about,
            size=len(content),
            sha256=hashlib.sha256(content).digest(),
            stored=Stored(document_id=self._id, wrapped_key=b"key", inline=content, address=None),
        )

    async def discard(self) -> None:
        self._documents.discarded.append(self._id)


class MemoryDocuments:
    """Documents, sealed by nobody. `room` False is a nearly full disk; `longer` lies about a document's length."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.discarded: list[str] = []
        self.room = True
        self.lie = b""

    def spool(self, *, document_id, name, role, media_type, limit) -> MemorySpool:
        return MemorySpool(self, name, role, media_type, limit, document_id)

    async def _chunks(self, document) -> AsyncIterator[bytes]:
        content = self.kept[document.stored.document_id] + self.lie
        for start in range(0, len(content), 1000):
            yield content[start : start + 1000]

    def read(self, document) -> AsyncIterator[bytes]:
        return self._chunks(document)

    async def discard(self, stored) -> None:
        self.kept.pop(stored.document_id, None)
        self.discarded.append(stored.document_id)

    def has_room(self) -> bool:
        return self.room


class MemoryStore:
    """Journal and query port over the same dictionaries. `away` makes every call Deferred, `broken` a bug."""

    def __init__(self, clock: StandingClock) -> None:
        self._clock = clock
        self.entries = []
        self.messages, self.exchanges, self.codes = {}, {}, {}
        self.documents, self.decisions, self.facts, self.transmissions = {}, {}, {}, {}
        self.notices = {}
        self.away = False
        self.broken: Exception | None = None

    def outcomes(self) -> list[str]:
        """What the ledger says happened, in order."""
        return [re.search(rb'"outcome":"([^"]*)"', entry.leaf)[1].decode() for entry in self.entries]

    def steps(self) -> list[str]:
        return [entry.step.value for entry in self.entries]

    def _check(self) -> None:
        if self.broken:
            raise self.broken
        if self.away:
            raise Deferred(Reason.DATABASE_UNAVAILABLE)

    async def append(self, change) -> Appended:
        self._check()
        message = change.message
        if message and (known := self.messages.get((message.hosted, message.sender, message.message_id))):
            return Appended(fresh=False, receipt=known.receipt, digest=known.digest)
        exchange = change.exchange
        if exchange:
            before = self.exchanges.get(exchange.exchange_id)
            if (before.revision if before else 0) != exchange.revision:
                raise Overtaken
            self.exchanges[exchange.exchange_id] = replace(exchange, revision=exchange.revision + 1)
        about = change.entry.exchange_id
        if message:
            key = (message.hosted, message.sender, message.message_id)
            self.messages[key] = KnownMessage(receipt=message.receipt, digest=message.digest, exchange_id=about)
        self.documents.setdefault(about, []).extend(change.documents)
        self.decisions.setdefault(about, []).extend(change.decisions)
        self.facts.setdefault(about, []).extend(change.facts)
        self.transmissions.setdefault(about, []).extend(
            TransmissionView(transmission_id=name, leg=leg, state="ready", attempts=0, reason=None)
            for name, leg in change.legs
        )
        if change.access_code:
            self.codes[about] = change.access_code
        for row in change.notifications:
            self.notices[row.notification_id] = (row, change.hosted, about)
        self.notices.pop(change.confirms, None)
        self.entries.append(change.entry)
        return Appended(fresh=True, receipt=message.receipt if message else None, digest=None)

    async def message(self, hosted, sender, message_id):
        self._check()
        return self.messages.get((hosted, sender, message_id))

    async def exchange(self, hosted, exchange_id):
        self._check()
        found = self.exchanges.get(exchange_id)
        return found if found and found.hosted == hosted else None

    async def view(self, hosted, exchange_id):
        exchange = await self.exchange(hosted, exchange_id)
        if exchange is None:
            return None
        return ExchangeView(
            exchange=exchange,
            decisions=tuple(self.decisions.get(exchange_id, ())),
            facts=tuple(self.facts.get(exchange_id, ())),
            documents=tuple(self.documents.get(exchange_id, ())),
            transmissions=tuple(self.transmissions.get(exchange_id, ())),
        )

    async def of_application(self, hosted, party, application):
        self._check()
        return tuple(
            each
            for each in self.exchanges.values()
            if (each.hosted, each.party) == (hosted, party) and _same(each.application, application)
        )

    async def list(self, hosted, *, state, normal, before, limit):
        self._check()
        found = [
            each
            for name, each in sorted(self.exchanges.items(), reverse=True)
            if each.hosted == hosted
            and state in (None, each.state.value)
            and normal in (None, each.application.normal)
            and (before is None or name < before)
        ]
        return tuple(found[:limit])

    async def access_code(self, hosted, exchange_id):
        return self.codes.get(exchange_id)

    async def notifications(self, hosted, addressee, limit):
        self._check()
        waiting = [
            WaitingNotification(
                notification_id=row.notification_id,
                exchange_id=about,
                event=row.event,
                content=row.content,
                created_at=self._clock.at,
            )
            for row, of, about in self.notices.values()
            if (of, row.addressee) == (hosted, addressee)
        ]
        return tuple(waiting[:limit])

    async def notification_exchange(self, hosted, addressee, notification_id):
        row, of, about = self.notices.get(notification_id, (None, None, None))
        return about if row and (of, row.addressee) == (hosted, addressee) else None

    async def waiting_exchange(self, hosted, counterpart, acknowledgement_id):
        for about, waiting in self.transmissions.items():
            for each in waiting:
                if each.leg.progress.get("acknowledgement") == acknowledgement_id:
                    return about
        return None

    async def waiting_for(self, hosted, counterpart, acknowledgement_id):
        return None


def _same(one, other) -> bool:
    return (one.office, one.right, one.normal) == (other.office, other.right, other.normal)


class MemoryGuesses:
    """Wrong access codes, counted."""

    def __init__(self) -> None:
        self.counted = 0

    async def count(self, hosted, caller, application) -> int:
        self.counted += 1
        return self.counted

    async def so_far(self, hosted, caller, application) -> int:
        return self.counted

    async def forgive(self, hosted, application) -> None:
        self.counted = 0


class OpenSealing:
    """Seals nothing, and opens it for its owner only."""

    def seal_secret(self, secret, *, owner) -> bytes:
        return f"{owner}\n{secret.reveal()}".encode()

    def open_secret(self, sealed, *, owner) -> Secret:
        named, _, text = sealed.decode().partition("\n")
        if named != owner:
            raise Deferred(Reason.DISK_FAILED)
        return Secret(text)


class WordSigner:
    """Signs with its office's name: in an envelope as a header, over bytes as name and digest."""

    def __init__(self, office: OfficeCode) -> None:
        self._office = office

    def sign_document(self, document: bytes) -> bytes:
        return document

    def sign_envelope(self, envelope: bytes, at: datetime) -> bytes:
        header = f'<Signed xmlns="urn:test">{self._office}</Signed></soap:Header>'
        return envelope.replace(b"</soap:Header>", header.encode(), 1)

    sign_reply = sign_envelope

    def sign_detached(self, payload: bytes) -> str:
        return signed_words(self._office, payload)


def signed_words(office: str, payload: bytes) -> str:
    """Of the form of a detached JWS: what is kept is put together with its payload."""
    return f"{office}-words..{hashlib.sha256(payload).hexdigest()}"


class WordVerifier:
    """Believes what WordSigner signs, tokens like "XA/exchange operate", and callers like "IB->XA"."""

    def verify_envelope(self, envelope, at):
        named = envelope.findtext(".//{urn:test}Signed")
        if named is None:
            raise Refused(Reason.SIGNATURE_MISSING)
        body = next(each for each in envelope if etree.QName(each).localname == "Body")
        return Signature(office=OfficeCode(named), subject=named), body

    def verify_detached(self, signature, payload, at):
        office = OfficeCode(signature.partition("-")[0])
        if signature != signed_words(office, payload):
            raise Refused(Reason.SIGNATURE_INVALID)
        return Signature(office=office, subject=office)

    def verify_token(self, token, at):
        office, _, scopes = token.reveal().partition("/")
        if not scopes:
            raise Refused(Reason.TOKEN_INVALID)
        return Signature(office=OfficeCode(office), subject=office, scopes=frozenset(scopes.split("+")))

    async def verify_caller(self, token, at):
        caller, _, hosted = token.reveal().partition("->")
        if not hosted:
            raise Refused(Reason.TOKEN_INVALID)
        return OfficeCode(hosted), Signature(office=OfficeCode(caller), subject=caller)


class ListMeter:
    """Remembers what was counted as (name, *labels)."""

    def __init__(self) -> None:
        self.counted: list[tuple] = []

    def __getattr__(self, name):
        return lambda *labels: self.counted.append((name, *labels))


def normalise(office: OfficeCode, right: Right, number: str) -> str:
    if not re.fullmatch(r"[A-Z0-9/.]{3,20}", number):
        raise Refused(Reason.NUMBER_MALFORMED)
    return number.replace("/", "").replace(".", "")


def agreement(hosted: OfficeCode) -> Agreement:
    return Agreement(
        name=f"{hosted}-IB",
        hosted=hosted,
        counterpart=IB,
        adapter="das",
        tasks=frozenset(Task),
        kinds=frozenset(DocumentKind),
        rights=frozenset({Right.PATENT}),
        hosting=frozenset(Hosting),
        code_issuers=frozenset(Issuer),
        standing_release=frozenset(),
        window=timedelta(days=60),
        recheck=None,
    )


def make_line() -> Line:
    """Make a line whose ports are all in memory; they are read back as line.journal, line.documents and so on."""
    clock = StandingClock()
    store = MemoryStore(clock)
    return Line(
        origin="gateway.example/log",
        clock=clock,
        randomness=Counting(),
        journal=store,
        records=store,
        outbox=None,
        documents=MemoryDocuments(),
        guesses=MemoryGuesses(),
        sealing=OpenSealing(),
        verifier=WordVerifier(),
        signers={XA: WordSigner(XA), XB: WordSigner(XB)},
        senders=lambda: {XA: frozenset({XA}), XB: frozenset({XB}), XC: frozenset({XA, XB})},
        agreements=lambda: (agreement(XA), agreement(XB)),
        normalise=normalise,
        meter=ListMeter(),
        document_limit=1 << 20,
    )
