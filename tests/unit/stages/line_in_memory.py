"""A line over the store in memory, two hosted offices, and a counterpart that does what it is told.

XA deposits, XB asks; both exchange with IB by the adapter `das`, and XB has an own system by the adapter `own`.
"""

import hashlib
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from core_values import IB, NOW, XA, XB, agreement, deposit, head, listed, obtained, retrieval
from store_in_memory import LEASE, StoreInMemory

from gateway.core.document import Stored
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.release import Condition
from gateway.core.request import Release
from gateway.core.secret import Secret
from gateway.core.transmission import Delivered, Obtained, Pending, Task
from gateway.pipeline import accept, dispatch
from gateway.ports import AdapterKit, Signature
from gateway.stages.authenticate import Authentic
from gateway.stages.line import Line

OWN = "own"


class StandingClock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self):
        return self.at

    def pass_by(self, delay: timedelta) -> None:
        self.at += delay


class SteadyRandomness:
    """Never repeats, and is the same in every run."""

    def __init__(self) -> None:
        self.taken = 0

    def take(self, count: int) -> bytes:
        self.taken += 1
        return hashlib.shake_256(self.taken.to_bytes(8, "big")).digest(count)


class SpoolInMemory:
    """One incoming document; `fails` is raised by its next call."""

    def __init__(self, documents, document_id, name, role, media_type, limit) -> None:
        self.documents, self.document_id, self.name, self.limit = documents, document_id, name, limit
        self.about = {"name": name, "role": role, "media_type": media_type}
        self.content, self.state = b"", "open"

    async def write(self, chunk: bytes) -> None:
        if self.documents.fails:
            raise self.documents.fails
        self.content += chunk
        if len(self.content) > self.limit:
            raise Refused(Reason.BODY_TOO_LARGE, self.name)

    async def finish(self) -> Obtained:
        if self.documents.fails:
            raise self.documents.fails
        self.state = "finished"
        self.documents.kept[self.document_id] = self.content
        return Obtained(
            **self.about,
            size=len(self.content),
            sha256=hashlib.sha256(self.content).digest(),
            stored=Stored(
                document_id=self.document_id, wrapped_key=b"key", inline=b"sealed " + self.content, address=None
            ),
        )

    async def discard(self) -> None:
        if self.state == "open":
            self.state = "discarded"


class DocumentsInMemory:
    """Documents, sealed by nobody."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.spools: list[SpoolInMemory] = []
        self.fails: BaseException | None = None
        self.room = True

    def spool(self, *, document_id, name, role, media_type, limit):
        self.spools.append(SpoolInMemory(self, document_id, name, role, media_type, limit))
        return self.spools[-1]

    async def read(self, document):
        yield self.kept[document.stored.document_id]

    async def discard(self, stored):
        self.kept.pop(stored.document_id, None)

    def has_room(self) -> bool:
        return self.room


class OwnedSealing:
    """Opens for its owner only what it sealed, and nothing that was touched."""

    def seal_secret(self, secret, *, owner) -> bytes:
        return self._sealed(owner, secret.reveal().encode())

    @staticmethod
    def _sealed(owner, content) -> bytes:
        mirrored = content[::-1]
        return hashlib.sha256(owner.encode() + b"\0" + mirrored).digest()[:8] + mirrored

    def open_secret(self, sealed, *, owner) -> Secret:
        content = sealed[8:][::-1]
        if self._sealed(owner, content) != sealed:
            raise Deferred(Reason.DISK_FAILED)
        return Secret(content.decode())


class MarkingSigner:
    """Signs by a mark, so that a test sees whose signature it is and how often there was one."""

    def __init__(self, office) -> None:
        self.office, self.signed = office, 0

    def sign_document(self, document: bytes) -> bytes:
        self.signed += 1
        return document + f"<!-- {self.office} {self.signed} -->".encode()

    def sign_envelope(self, envelope, at):
        raise NotImplementedError

    def sign_reply(self, envelope, at):
        raise NotImplementedError

    def sign_detached(self, payload):
        raise NotImplementedError


class WordVerifier:
    """Believes words: an envelope is (office, body), a token "office/scope", a proof "office", a call "IB->XA"."""

    def verify_envelope(self, envelope, at):
        office, body = envelope
        if office is None:
            raise Refused(Reason.SIGNATURE_MISSING)
        return Signature(office=office, subject=office), body

    def verify_detached(self, signature, payload, at):
        office = signature.partition("..")[0]
        return Signature(office=office, subject=office)

    def verify_token(self, token, at):
        office, _, scope = token.reveal().partition("/")
        return Signature(office=office, subject=office, scopes=frozenset(scope.split()))

    async def verify_caller(self, token, at):
        caller, _, hosted = token.reveal().partition("->")
        return hosted, Signature(office=caller, subject=caller)


class KeptLines:
    """Log or meter: keeps what it is told, as (name, *values)."""

    def __init__(self) -> None:
        self.told: list[tuple] = []

    def __getattr__(self, name):
        return lambda *values, **more: self.told.append((name, *values, *more.items()))

    def names(self) -> list[str]:
        return [told[0] for told in self.told]


def normalise(office, right, number):
    if "?" in number:
        raise Refused(Reason.NUMBER_MALFORMED)
    return f"{office} {number.replace('/', '')}"


class Counterpart:
    """An adapter that plays what stands in `plays`, then delivers; `errands` is what it was handed."""

    name = "told"

    def __init__(self) -> None:
        self.errands: list[Any] = []
        self.plays: deque[Any] = deque()

    async def deliver(self, errand, kit):
        self.errands.append(errand)
        play = self.plays.popleft() if self.plays else None
        if callable(play):
            play = await play(errand, kit)
        if isinstance(play, BaseException):
            raise play
        if play is not None:
            return play
        obtains = type(errand).__name__ == "ObtainErrand"
        return Delivered(documents=(obtained(),) if obtains else ())

    async def probe(self, kit):
        return "told"

    @property
    def tasks(self) -> list[str]:
        return [type(errand).__name__.removesuffix("Errand") for errand in self.errands]


@dataclass
class Bench:
    """The line with what is behind it, and the two ends at which a test works it."""

    line: Line
    store: StoreInMemory
    clock: StandingClock
    documents: DocumentsInMemory
    meter: KeptLines
    signers: dict[str, MarkingSigner]
    agreements: list[Any]
    log: KeptLines = field(default_factory=KeptLines)
    counterparts: dict[tuple[str, str], Counterpart] = field(default_factory=dict)
    numbers: int = 0

    def adapter(self, hosted, counterpart, name):
        return self.counterparts.get((counterpart, name))

    def kit(self, transmission):
        return AdapterKit(
            http=None,
            clock=self.clock,
            signer=None,
            tokens=None,
            counters=None,
            progress=self.store.progress(transmission),
            log=self.log,
            meter=self.meter,
            spool=None,
        )

    @property
    def bureau(self) -> Counterpart:
        return self.counterparts[(IB, "das")]

    @property
    def own(self) -> Counterpart:
        return self.counterparts[(XB, OWN)]

    # --- the front

    async def accept(self, request, *, parts=None, evidence=b"<message/>", is_signed=True):
        authentic = Authentic(request=request, evidence=evidence, parts=parts, is_signed=is_signed)
        return await accept(authentic, self.line)

    def head(self, **changes):
        self.numbers += 1
        return head(**{"message_id": f"message-{self.numbers}"} | changes)

    async def deposited(self, **changes) -> str:
        """Deposit; gives the exchange's id."""
        return (await self.accept(deposit(**{"head": self.head()} | changes))).exchange_id

    async def release(self, exchange_id, decisions) -> None:
        await self.accept(Release(head=self.head(), exchange_id=exchange_id, decisions=decisions))

    async def placed(self, decisions, **changes) -> str:
        """Deposit, release and place; gives the exchange's id."""
        exchange_id = await self.deposited(**changes)
        await self.release(exchange_id, decisions)
        await self.work()
        return exchange_id

    async def requested(self, **changes) -> str:
        """Ask for a document as XB; gives the exchange's id."""
        request = retrieval(**{"head": self.head(sender=XB, hosted=XB)} | changes)
        return (await self.accept(request)).exchange_id

    # --- the back

    async def dispatch_one(self, **changes):
        """Claim and dispatch what is due; gives the outcome in one word, None if nothing is due."""
        transmission = await self.store.claim(**{"busy": frozenset(), "lease": LEASE} | changes)
        return None if transmission is None else await dispatch(transmission, self, self.line)

    async def work(self) -> list[str]:
        """Dispatch until nothing is due; gives the outcomes."""
        outcomes = []
        while outcome := await self.dispatch_one():
            outcomes.append(outcome)
            assert len(outcomes) < 100, outcomes
        return outcomes

    # --- a look

    async def view(self, exchange_id):
        hosted = self.store.exchanges[exchange_id].hosted
        return await self.store.view(hosted, exchange_id)

    async def state(self, exchange_id) -> str:
        return (await self.view(exchange_id)).exchange.state.value

    async def legs(self, exchange_id) -> list[tuple[str, str]]:
        return [(t.leg.task.value, t.state) for t in (await self.view(exchange_id)).transmissions]

    def steps(self, exchange_id=None) -> list[str]:
        return [e.step.value for e in self.store.entries if exchange_id in (None, e.exchange_id)]

    def events(self, exchange_id) -> list[str]:
        """What was told about an exchange, in the order in which it was written."""
        return [notice.row.event for notice in self.store.notices.values() if notice.exchange_id == exchange_id]


def make_bench(**changes) -> Bench:
    """Make a line of which nothing but the ports is replaced."""
    clock, meter = StandingClock(), KeptLines()
    store, documents = StoreInMemory(clock), DocumentsInMemory()
    signers = {office: MarkingSigner(office) for office in (XA, XB)}
    agreements = [
        agreement(name="XA-IB"),
        agreement(name="XB-IB", hosted=XB),
        agreement(name="XB-own", hosted=XB, counterpart=XB, adapter=OWN, tasks=frozenset({Task.HAND_OVER})),
    ]
    line = Line(
        origin="gateway.example/log",
        clock=clock,
        randomness=SteadyRandomness(),
        journal=store,
        records=store,
        outbox=store,
        documents=documents,
        guesses=store,
        sealing=OwnedSealing(),
        verifier=WordVerifier(),
        signers=signers,
        senders=lambda: {XA: frozenset({XA}), XB: frozenset({XB}), "XC": frozenset({XA, XB})},
        agreements=lambda: tuple(agreements),
        normalise=normalise,
        meter=meter,
        document_limit=1 << 20,
    )
    return Bench(
        line=replace(line, **changes),
        store=store,
        clock=clock,
        documents=documents,
        meter=meter,
        signers=signers,
        agreements=agreements,
        counterparts={(IB, "das"): Counterpart(), (XB, OWN): Counterpart()},
    )


def pending(**delay) -> Pending:
    return Pending(delay=timedelta(**delay or {"minutes": 1}))


def standing() -> frozenset[Condition]:
    return frozenset(Condition)


class Part:
    """An attachment on its way in."""

    def __init__(self, name, *chunks) -> None:
        self.name, self._chunks = name, chunks

    async def chunks(self):
        for chunk in self._chunks:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk


async def parts_of(*parts):
    """The parts of a message, as the doors hand them on."""
    for part in parts:
        yield part


def as_part(of=None):
    """A list line whose bytes come as a part."""
    return replace(of or listed(), content=None)
