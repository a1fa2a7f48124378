"""Asking one witness to cosign one checkpoint over HTTP (C2SP tlog-witness): bounded in time and size, then verified.

Rules: an answer is one of those below or Deferred; nothing of it is kept that the witness's key does not vouch for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.core.reason import Deferred, Reason
from gateway.kit.http import CounterpartHttp, Reach, authority
from gateway.settings import Settings, SettingsError
from gateway.settings_ledger import WitnessSettings
from gateway.wire.tlog_tiles import MalformedLog
from gateway.wire.tlog_witness import SIZE_MEDIA_TYPE, AddCheckpoint, parse_size, render_add_checkpoint
from pki.note_keys import MalformedNote, NoteKind, NoteVerifier, UnverifiedNote, parse_vkey
from pki.notes import parse_note, verify_note

__all__ = ["Answered", "AskedWitness", "Knows", "Signed", "Turned", "read_witnesses"]

#: Seconds for an answer, and for the next piece of it; bytes of one, which is a few signature lines.
_TOTAL: Final = 10.0
_IDLE: Final = 5.0
_ANSWER_LIMIT: Final = 64 * 1024
#: A witness's clock may be ahead of ours, or ours behind; a cosignature from the far future is none.
_AHEAD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The checkpoint is cosigned: the verified signature line without its newline, and its time."""

    line: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Knows:
    """409: the witness has cosigned this size last."""

    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """Any other answer, by its HTTP status."""

    status: int


Answered = Signed | Knows | Turned


class AskedWitness:
    """A witness of ours: the name of its key, and how to reach it."""

    def __init__(self, verifier: NoteVerifier, settings: WitnessSettings) -> None:
        self.name = verifier.name
        self._verifier = verifier
        self._url = f"{settings.url.rstrip('/')}/add-checkpoint"
        self._http = CounterpartHttp(
            Reach(
                authorities=frozenset({authority(settings.url)}),
                ca=settings.ca,
                plain_http=settings.plain_http,
                connect=_IDLE,
                total=_TOTAL,
                idle=_IDLE,
                answer_limit=_ANSWER_LIMIT,
                connections=2,
            )
        )

    async def ask(self, note: bytes, *, old: int, proof: Sequence[bytes], now: datetime) -> Answered:
        """Send a signed checkpoint with its proof from `old`.

        Deferred(REMOTE_MALFORMED) for an answer that is too long or says nothing we can verify,
        Deferred(REMOTE_UNREACHABLE, REMOTE_OUTCOME_UNKNOWN) for none.
        """
        body = render_add_checkpoint(AddCheckpoint(old=old, proof=tuple(proof), note=note))
        answer = await self._http.call("POST", self._url, headers={"Content-Type": "text/plain"}, body=body)
        if answer.status == 200:
            return self._verified(note, answer.body, now)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        if answer.status != 409 or kind != SIZE_MEDIA_TYPE:
            return Turned(status=answer.status)
        try:
            return Knows(size=parse_size(answer.body))
        except MalformedLog:
            raise Deferred(Reason.REMOTE_MALFORMED, "size") from None

    def _verified(self, note: bytes, lines: bytes, now: datetime) -> Signed:
        try:
            whole = note + lines
            [signer] = verify_note(whole, [self._verifier]).signers
            mine = (self._verifier.name, self._verifier.key_id)
            line = next(each for each in parse_note(whole).signatures if (each.name, each.key_id) == mine)
        except (MalformedNote, UnverifiedNote):
            raise Deferred(Reason.REMOTE_MALFORMED, "cosignature") from None
        if signer.at is None or signer.at > now + _AHEAD:
            raise Deferred(Reason.REMOTE_MALFORMED, "time of the cosignature")
        return Signed(line=line.render().rstrip("\n"), at=signer.at)

    async def close(self) -> None:
        """End its connections."""
        await self._http.close()


def read_witnesses(settings: Settings) -> list[AskedWitness]:
    """Make what is needed to ask each `ledger.witness`; SettingsError names the setting."""
    witnesses: list[AskedWitness] = []
    for position, item in enumerate(settings.ledger.witness):
        place = f"ledger.witness[{position}]"
        try:
            verifier = parse_vkey(item.vkey)
        except MalformedNote as error:
            raise SettingsError(f"{place}.vkey: {error}") from None
        if verifier.kind is not NoteKind.COSIGNATURE:
            raise SettingsError(f"{place}.vkey: is the key of a log, not of a witness")
        if verifier.name in {witness.name for witness in witnesses}:
            raise SettingsError(f"{place}.vkey: another witness has this name")
        try:
            witnesses.append(AskedWitness(verifier, item))
        except (OSError, ValueError) as error:
            what = "ca" if isinstance(error, OSError) else "url"
            raise SettingsError(f"{place}.{what}: {type(error).__name__}") from None
    return witnesses
