"""This gateway as a witness of others' logs: verifies, records, and only then cosigns (C2SP tlog-witness).

Rules:
- What was cosigned is never gone back on: the record moves by compare-and-set, committed before the answer.
- Cosignatures are told in an entry for the first, then once an hour with their number; a log that contradicts itself
  is an entry each time, up to a rate, and its signed contradiction is kept.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Final

from gateway.app.opening import Gateway
from gateway.core.entry import Entry
from gateway.core.exchange import Step
from gateway.core.merkle import EMPTY_ROOT, verify_consistency
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Reason, Refused
from gateway.endpoints.ledger.log import Conflicts, Cosigned, Inconsistent
from gateway.endpoints.rates import Buckets
from gateway.ports import Append
from gateway.settings import Settings, SettingsError
from gateway.stages.line import Line
from gateway.stages.refuse import Crowd
from gateway.store.witnessed_logs import PostgresWitnessedLogs, WitnessedHead
from gateway.wire.tlog_checkpoint import Checkpoint, parse_checkpoint
from gateway.wire.tlog_tiles import MalformedLog
from gateway.wire.tlog_witness import AddCheckpoint, parse_add_checkpoint
from monitoring.log import logger
from monitoring.meter import Meter
from pki.keys import UnusableKey
from pki.note_keys import MalformedNote, NoteKey, NoteKind, NoteVerifier, UnverifiedNote, load_note_key, parse_vkey
from pki.notes import Note, parse_note, sign_line, verify_note

__all__ = ["GatewayWitness", "WitnessedLogs", "load_witness_key", "make_witness", "read_witnessed"]

_log = logger("witness")

#: The keys of the logs that are cosigned, by origin.
WitnessedLogs = Mapping[str, tuple[NoteVerifier, ...]]

#: How often a log may come from one source, a second and at once: logs ask every ten seconds.
_RATE: Final = 2.0
_BURST: Final = 60
#: A size goes into a bigint.
_SIZE_LIMIT: Final = 1 << 63
_DOOR: Final = "ledger"


def load_witness_key(settings: Settings) -> NoteKey | None:
    """Load the key this gateway cosigns with, None if it is no witness; SettingsError names the setting."""
    path = settings.ledger.witness_key
    if path is None:
        return None
    try:
        key = load_note_key(path)
    except (UnusableKey, OSError) as error:
        raise SettingsError(f"ledger.witness_key: {error}") from None
    if key.kind is not NoteKind.COSIGNATURE:
        raise SettingsError("ledger.witness_key: is the key of a log, not of a witness")
    return key


def read_witnessed(settings: Settings) -> WitnessedLogs:
    """Read the verifier keys of the logs to cosign; SettingsError names the setting."""
    logs: dict[str, tuple[NoteVerifier, ...]] = {}
    for position, item in enumerate(settings.ledger.witnessed):
        place = f"ledger.witnessed[{position}].vkey"
        try:
            verifier = parse_vkey(item.vkey)
        except MalformedNote as error:
            raise SettingsError(f"{place}: {error}") from None
        if verifier.kind is not NoteKind.ED25519:
            raise SettingsError(f"{place}: is the key of a witness, not of a log")
        if verifier.name == settings.gateway.origin or verifier.name.startswith(f"{settings.gateway.origin}/"):
            raise SettingsError(f"{place}: is a log of this gateway, which is no witness of itself")
        logs[verifier.name] = (*logs.get(verifier.name, ()), verifier)
    return logs


def make_witness(gateway: Gateway) -> "GatewayWitness | None":
    """Make the witness that the settings want, None for none; SettingsError."""
    settings = gateway.settings
    key = load_witness_key(settings)
    if key is None:
        return None
    hosted = OfficeCode(settings.hosted[0].code)
    return GatewayWitness(
        key,
        read_witnessed(settings),
        PostgresWitnessedLogs(gateway.pool, gateway.queries, hosted),
        hosted=hosted,
        line=gateway.line,
        crowd=gateway.crowd,
        meter=gateway.meter,
    )


class GatewayWitness:
    """The mind of /ledger/add-checkpoint, in one process; the record is shared by all (ledger.witnessing.Witness)."""

    def __init__(
        self,
        key: NoteKey,
        logs: WitnessedLogs,
        record: PostgresWitnessedLogs,
        *,
        hosted: OfficeCode,
        line: Line,
        crowd: Crowd,
        meter: Meter,
    ) -> None:
        self._key = key
        self._logs = logs
        self._record = record
        self._hosted = hosted
        self._line = line
        self._meter = meter
        self._rates = Buckets(rate=_RATE, burst=_BURST)
        self._crowd = crowd

    async def cosign(self, content: bytes, source: str) -> Cosigned | Conflicts | Inconsistent:
        """Judge a request; see the protocol for what is raised."""
        try:
            answer = await self._judge(content, source)
        except Refused as refusal:
            self._meter.witnessed(_UNPROVEN.get(refusal.reason, "malformed"))
            raise
        return answer

    async def _judge(self, content: bytes, source: str) -> Cosigned | Conflicts | Inconsistent:
        request, note, checkpoint = _read(content)
        verifiers = self._logs.get(checkpoint.origin)
        if verifiers is None:
            raise Refused(Reason.LOG_UNKNOWN)
        try:
            verify_note(request.note, verifiers)
        except UnverifiedNote:
            raise Refused(Reason.CHECKPOINT_UNPROVEN) from None
        self._admit(checkpoint.origin, source)
        if request.old > checkpoint.size:
            raise Refused(Reason.SCHEMA_VIOLATION, "old")
        known = await self._record.known(checkpoint.origin) or (0, EMPTY_ROOT)
        head = WitnessedHead(
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root,
            note=request.note,
            at=self._line.clock.now(),
        )
        if head.size == known[0] and head.root != known[1]:
            await self._convict(head)
            return Conflicts(size=known[0])
        if request.old != known[0]:
            self._meter.witnessed("behind")
            return Conflicts(size=known[0])
        if not _follows(request, checkpoint, known):
            self._meter.witnessed("inconsistent")
            await self._tell_refusal(head, Reason.LOG_PROOF_INVALID)
            return Inconsistent()
        if not await self._record.move(head, old=known, tell=lambda count: self._entry(head, count)):
            self._meter.witnessed("behind")
            return Conflicts(size=(await self._record.known(checkpoint.origin) or known)[0])
        self._meter.witnessed("cosigned")
        return Cosigned(lines=sign_line(note.text, self._key, head.at).render().encode())

    def _admit(self, origin: str, source: str) -> None:
        """Deferred(RATE_EXCEEDED) for a log that comes too often from one place; another place is another bucket."""
        now = asyncio.get_running_loop().time()
        if wait := self._rates.take(f"{origin} {source}", now):
            self._meter.witnessed("too-often")
            raise Deferred(Reason.RATE_EXCEEDED, delay=timedelta(seconds=wait))

    async def _convict(self, head: WitnessedHead) -> None:
        """Two signed roots of one size: the log has forked, and its own signature says so."""
        self._meter.witnessed("conflict")
        _log.error("a log that is witnessed here has forked", origin=head.origin, size=head.size)
        await self._record.keep_conflict(head)
        await self._tell_refusal(head, Reason.CHECKPOINT_CONFLICT)

    async def _tell_refusal(self, head: WitnessedHead, reason: Reason) -> None:
        if not self._crowd.admits(head.origin, reason, _DOOR, head.at):
            return
        entry = self._made(head, Step.REFUSED, outcome=reason.code)
        await self._line.journal.append(Append(hosted=entry.hosted, entry=entry))

    def _entry(self, head: WitnessedHead, count: int) -> Entry:
        return self._made(head, Step.COSIGNED, count=count)

    def _made(self, head: WitnessedHead, step: Step, *, outcome: str = "done", count: int | None = None) -> Entry:
        return self._line.entry(
            hosted=self._hosted,
            exchange_id=None,
            step=step,
            actor=f"log {head.origin}",
            outcome=outcome,
            digests={"checkpoint": sha256(head.note).hexdigest()},
            count=count,
        )


_UNPROVEN: Final = {Reason.LOG_UNKNOWN: "unknown", Reason.CHECKPOINT_UNPROVEN: "unproven"}


def _read(content: bytes) -> tuple[AddCheckpoint, Note, Checkpoint]:
    """Refused(SCHEMA_VIOLATION), with the part of the request that is malformed as its place."""
    try:
        request = parse_add_checkpoint(content)
    except MalformedLog:
        raise Refused(Reason.SCHEMA_VIOLATION, "request") from None
    try:
        note = parse_note(request.note)
        checkpoint = parse_checkpoint(note.text)
    except (MalformedNote, MalformedLog):
        raise Refused(Reason.SCHEMA_VIOLATION, "checkpoint") from None
    if checkpoint.size >= _SIZE_LIMIT:
        raise Refused(Reason.SCHEMA_VIOLATION, "checkpoint")
    return request, note, checkpoint


def _follows(request: AddCheckpoint, checkpoint: Checkpoint, known: tuple[int, bytes]) -> bool:
    """Whether the proof leads from what is known to the checkpoint; from nothing, everything follows without one."""
    if known[0] == 0:
        return not request.proof
    return verify_consistency(known[0], checkpoint.size, request.proof, known[1], checkpoint.root)
