"""Recovering a log that is less than what was signed: looking first, then putting back, or beginning anew.

Rules:
- Looking changes nothing. What is put back must reproduce the signed root before a row of it is written.
- Accepting a loss is a person's decision, for ever: the log goes on under another name, and its first entry there
  commits to the last signed checkpoint that is known and to the person's reason.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

from gateway.app.export_reading import read_entries
from gateway.app.known_heads import KnownHead, known_heads, newest_export
from gateway.app.log_keys import hosted_of, named, origin_of
from gateway.app.log_memory import LogMemory
from gateway.app.opening import Gateway, open_database, open_gateway
from gateway.app.sequencing import make_witnesses, sign_head
from gateway.app.witnesses import Claim
from gateway.core.exchange import Step
from gateway.core.merkle import EMPTY_ROOT
from gateway.core.office import OfficeCode
from gateway.core.secret import Secret
from gateway.core.standing import Cause, LogStanding
from gateway.settings import Settings
from gateway.store.ledger_read import LedgerDamaged, SignedHead
from gateway.store.ledger_restore import Era, LedgerRestorer, open_restorer
from pki.note_keys import NoteKey

__all__ = ["CannotRecover", "Found", "Head", "Recovery", "open_recovery"]

_PATIENCE: Final = timedelta(seconds=10)
#: Seconds that witnesses are waited for, and tries for the lead, a moment apart.
_WITNESSES: Final = 10.0
_TRIES: Final = 150
_MOMENT: Final = 0.2
#: Entries put back in one transaction.
_PIECE: Final = 4096


class CannotRecover(Exception):
    """What was asked cannot be done; the text says why, and what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A signed head that is known: "here" in the database's log, "missing" from it, or "another" tree's."""

    source: str
    size: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is there: entries with a place, the size signed last, what else is known of it, and what is wrong.

    `wrong` is None for a log that may be signed.
    """

    origin: str
    size: int
    signed: int | None
    heads: tuple[Head, ...]
    claims: tuple[Claim, ...]
    wrong: str | None = None

    @property
    def greatest(self) -> int:
        """The greatest size that anyone knows of."""
        sizes = [head.size for head in self.heads] + [claim.size for claim in self.claims]
        return max([self.size, *sizes, self.signed or 0])


@asynccontextmanager
async def open_recovery(settings: Settings, office: str | None) -> AsyncIterator["Recovery"]:
    """Open a hosted office's log for looking and mending; SettingsError, CannotOpen, CannotRecover, Deferred."""
    hosted = hosted_of(settings, office)
    async with open_database(settings) as dsn, open_gateway(settings, dsn) as gateway:
        keys = gateway.log_keys[hosted]
        if not keys:
            raise CannotRecover("ledger.keys names no key: nothing was signed, and nothing can be missing")
        origins = await gateway.ledger.origins(hosted, origin_of(settings, hosted))
        yield Recovery(gateway, dsn, hosted, keys, origins)


class Recovery:
    """One office's log in a person's hands."""

    def __init__(
        self, gateway: Gateway, dsn: Secret, hosted: OfficeCode, keys: Sequence[NoteKey], origins: Sequence[str]
    ) -> None:
        self._gateway = gateway
        self._dsn = dsn
        self._hosted = hosted
        self._first = origins[0]
        self._eras = len(origins)
        self._keys = named(keys, origins[-1])
        self._memory = LogMemory(gateway.settings.gateway.storage)

    @property
    def origin(self) -> str:
        """The log's present name."""
        return self._keys[0].name

    async def look(self) -> Found:
        """Compare the database with memory, export and witnesses; writes nothing but what witnesses cosign."""
        ledger, wrong = self._gateway.ledger, None
        size, newest = await ledger.size(self._hosted), await ledger.newest(self._hosted)
        try:
            await ledger.edge(self._hosted)
        except LedgerDamaged as damage:
            return Found(origin=self.origin, size=size, signed=None, heads=(), claims=(), wrong=str(damage))
        known = await self._known()
        heads = [Head(source=head.source, size=head.checkpoint.size, state=await self._state(head)) for head in known]
        if newest is not None and newest.size > size:
            heads.append(Head(source="database", size=newest.size, state="missing"))
        claims = await self._claims(newest)
        missing = [head for head in heads if head.state != "here"]
        if missing or claims:
            names = sorted({head.source for head in missing} | {claim.witness for claim in claims})
            wrong = f"is less, or other, than what {', '.join(names)} know to have been signed"
        return Found(
            origin=self.origin,
            size=size,
            signed=newest.size if newest else None,
            heads=tuple(heads),
            claims=claims,
            wrong=wrong,
        )

    async def put_back(self, export: Path) -> int:
        """Put the entries of an export back behind those that are here; gives how many. CannotRecover, ExportUnusable.

        The export's newest checkpoint must be signed by our key, and its root come out of what is here and what is put
        back together, as must every other known head's on the way.
        """
        verifiers = [key.verifier for key in self._keys]
        found = await asyncio.to_thread(newest_export, export, self.origin, verifiers)
        if found is None:
            raise CannotRecover(f"{export} holds no checkpoint of {self.origin} that our key has signed")
        folder, head = found.folder, found.checkpoint
        async with self._leading() as restorer:
            start = restorer.size(self._hosted)
            if head.size <= start:
                raise CannotRecover(f"{export} ends at {head.size} entries, and {start} are here")
            await self._try_on(restorer, folder, found)
            entry = self._gateway.line.entry(
                hosted=self._hosted,
                exchange_id=None,
                step=Step.PUT_BACK,
                actor="operator",
                digests={"checkpoint": sha256(found.note).hexdigest()},
                count=head.size - start,
            )
            await restorer.announce(self._hosted, entry, head.size)  # first: what is interrupted is told too
            entries = read_entries(folder, self._hosted, start, head.size)
            while piece := await asyncio.to_thread(lambda: list(islice(entries, _PIECE))):
                await restorer.put_back(self._hosted, piece)
            signed = SignedHead(size=head.size, root=head.root, note=found.note, created_at=self._now())
            await restorer.add_checkpoint(self._hosted, signed)
            return head.size - start

    async def accept_loss(self, reason: str) -> str:
        """Go on under another name, which is given; CannotRecover if there is nothing to accept."""
        found = await self.look()
        if found.wrong is None:
            raise CannotRecover("nothing is missing: the log may be signed as it is")
        best = max(await self._known(), key=lambda head: head.checkpoint.size, default=None)
        newest = await self._gateway.ledger.newest(self._hosted)
        note = best.note if best else newest.note if newest else None
        number = self._eras + 1
        era = Era(number=number, origin=f"{self._first}/{number}", lost=found.greatest, note=note, reason=reason)
        digests = {"reason": sha256(reason.encode()).hexdigest()}
        if note is not None:
            digests["checkpoint"] = sha256(note).hexdigest()
        async with self._leading() as restorer:
            entry = self._gateway.line.entry(
                hosted=self._hosted,
                exchange_id=None,
                step=Step.BEGUN_ANEW,
                actor="operator",
                digests=digests,
                count=found.greatest,
            )
            await restorer.begin_era(self._hosted, era, entry)
            await restorer.stand(self._hosted, LogStanding(origin=era.origin), self._now())
            await asyncio.to_thread(self._memory.lay_aside, self._hosted, self._eras)
        self._eras, self._keys = number, named(self._keys, era.origin)
        return era.origin

    @property
    def verifier_keys(self) -> tuple[str, ...]:
        """The verifier keys of the log under its present name, to be handed on."""
        return tuple(key.verifier.vkey for key in self._keys)

    async def _try_on(self, restorer: LedgerRestorer, folder: Path, export: KnownHead) -> None:
        """CannotRecover unless what would be put back gives every root that is known on the way."""
        wanted = {export.checkpoint.size: export.checkpoint.root}
        wanted |= {head.checkpoint.size: head.checkpoint.root for head in await self._known()}
        edge = restorer.edge(self._hosted)

        def grow() -> None:
            entries = read_entries(folder, self._hosted, edge.size, export.checkpoint.size)
            for size in sorted(size for size in wanted if edge.size < size <= export.checkpoint.size):
                edge.extend(entry.leaf_hash for entry in islice(entries, size - edge.size))
                if edge.root() != wanted[size]:
                    raise CannotRecover(f"with these entries the tree of {size} has not the root that was signed")

        await asyncio.to_thread(grow)

    @asynccontextmanager
    async def _leading(self) -> AsyncIterator[LedgerRestorer]:
        """Have the lead, and the log taken up as it is in the database."""
        restorer = await open_restorer(self._dsn, self._gateway.queries, patience=_PATIENCE)
        try:
            for _ in range(_TRIES):
                if await restorer.seize():
                    break
                await asyncio.sleep(_MOMENT)
            else:
                raise CannotRecover("another process orders the ledger and does not let go: stop the gateway first")
            try:
                await restorer.take_up(self._hosted)
            except LedgerDamaged as damage:
                if damage.cause is not Cause.SHORTER:
                    raise CannotRecover(f"{damage}: restore another copy of the database") from None
                await restorer.take_up_as_it_is(self._hosted)
            yield restorer
        finally:
            await restorer.close()

    async def _known(self) -> list[KnownHead]:
        exports = self._gateway.settings.ledger.export.folder
        verifiers = [key.verifier for key in self._keys]
        try:
            return await asyncio.to_thread(known_heads, self._memory, exports, self._hosted, self.origin, verifiers)
        except LedgerDamaged as damage:
            raise CannotRecover(f"{damage}: put a copy of it there, or lay the file aside") from None

    async def _state(self, head: KnownHead) -> str:
        size = await self._gateway.ledger.size(self._hosted)
        if head.checkpoint.size > size:
            return "missing"
        same = await self._gateway.ledger.root(self._hosted, head.checkpoint.size) == head.checkpoint.root
        return "here" if same else "another"

    async def _claims(self, newest: SignedHead | None) -> tuple[Claim, ...]:
        if newest is None or not newest.note.startswith(f"{self.origin}\n".encode()):
            newest = sign_head(self._keys, 0, EMPTY_ROOT, self._now())
        witnesses = make_witnesses(self._gateway)
        try:
            return tuple(await witnesses.first_words(self._hosted, newest, within=_WITNESSES))
        finally:
            await witnesses.close()

    def _now(self) -> datetime:
        return self._gateway.line.clock.now()
