"""Our witnesses: each gets the newest checkpoint again and again, at its own pace, and what it says is judged.

Rules:
- Signing and traffic wait for no witness. Only a leader that takes up a log hears its witnesses first, for a bounded
  time: what one of them has cosigned may be all that is left of a log that was put back.
- A claim is serious if it is the first word of a witness in a leader's session, and is about more than what it has
  cosigned for us as far as we can prove. Afterwards the log cannot have been put back under us: the witness errs or
  lies, which is counted, alarmed, and stops nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.app.witness_asking import AskedWitness, Knows, Signed
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Reason
from gateway.core.standing import Cause
from gateway.ports import Clock
from gateway.store.cosignatures import Cosigned, PostgresCosignatures
from gateway.store.ledger_read import LedgerDamaged, PostgresLedger, SignedHead
from monitoring.log import logger
from monitoring.meter import Meter

__all__ = ["Claim", "Witnesses"]

_log = logger("witnesses")

#: Rounds of one submission: a witness that always names another size is not followed for ever.
_ROUNDS: Final = 3
#: Seconds: the longest pause after failures, and how old a cosignature may be before the same size is shown again.
_LONGEST: Final = 300.0
_REFRESH: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A witness says that it has cosigned `size` entries of a log, which we do not have, or not so."""

    witness: str
    cause: Cause
    size: int


class _Talk:
    """What one witness has said of one log in this session."""

    __slots__ = ("heard", "there")

    def __init__(self) -> None:
        self.heard = False
        self.there: int | None = None


class Witnesses:
    """The witnesses of a gateway as one leader's session talks to them."""

    def __init__(
        self,
        witnesses: Sequence[AskedWitness],
        *,
        ledger: PostgresLedger,
        cosignatures: PostgresCosignatures,
        clock: Clock,
        meter: Meter,
        pause: float,
    ) -> None:
        self._witnesses = tuple(witnesses)
        self._ledger = ledger
        self._cosignatures = cosignatures
        self._clock = clock
        self._meter = meter
        self._pause = pause
        self._talks: dict[tuple[OfficeCode, str], _Talk] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of their keys."""
        return tuple(witness.name for witness in self._witnesses)

    async def try_one(self, name: str, hosted: OfficeCode, head: SignedHead) -> str:
        """Show one of them a checkpoint; gives the verdict, as `submit`."""
        [witness] = [each for each in self._witnesses if each.name == name]
        return (await self.submit(witness, hosted, head))[0]

    async def close(self) -> None:
        """End all connections."""
        for witness in self._witnesses:
            await witness.close()

    def begin(self) -> None:
        """A leader's session begins: what witnesses said in an earlier one counts no more."""
        self._talks.clear()

    async def first_words(self, hosted: OfficeCode, head: SignedHead, *, within: float) -> list[Claim]:
        """Show every witness a checkpoint and wait `within` seconds at most; gives the serious claims."""
        asking = [asyncio.create_task(self.submit(witness, hosted, head)) for witness in self._witnesses]
        if not asking:
            return []
        done, late = await asyncio.wait(asking, timeout=within)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return [claim for task in done if not task.exception() and (claim := task.result()[1])]

    async def keep_asking(
        self, hosted: OfficeCode, newest: Callable[[], SignedHead | None], claimed: Callable[[Claim], None]
    ) -> None:
        """Show the newest checkpoint of a log to every witness again and again, until cancelled."""
        await asyncio.gather(*(self._keep(witness, hosted, newest, claimed) for witness in self._witnesses))

    async def _keep(
        self,
        witness: AskedWitness,
        hosted: OfficeCode,
        newest: Callable[[], SignedHead | None],
        claimed: Callable[[Claim], None],
    ) -> None:
        pause = self._pause
        while True:
            head = newest()
            try:
                if head is not None and await self._is_due(witness, hosted, head):
                    verdict, claim = await self.submit(witness, hosted, head)
                    pause = self._pause if verdict == "cosigned" else min(2 * pause, max(_LONGEST, self._pause))
                    if claim is not None:
                        claimed(claim)
            except (Deferred, LedgerDamaged) as error:
                _log.warning("a witness is asked later", witness=witness.name, error=type(error).__name__)
            except Exception as bug:  # whatever happens with one witness, it is asked again
                _log.error("asking a witness failed", witness=witness.name, exc_info=bug)
            await asyncio.sleep(pause)

    async def _is_due(self, witness: AskedWitness, hosted: OfficeCode, head: SignedHead) -> bool:
        last = await self._cosignatures.latest(hosted, witness.name)
        known = last is not None and (last.size, last.root) == (head.size, head.root)
        return not known or last is None or self._clock.now() - last.at >= _REFRESH

    async def submit(self, witness: AskedWitness, hosted: OfficeCode, head: SignedHead) -> tuple[str, Claim | None]:
        """Ask for a cosignature and keep it; gives the verdict (metrics.WITNESS_ANSWERS), and a serious claim if any.

        Deferred(DATABASE_UNAVAILABLE), LedgerDamaged.
        """
        talk = self._talks.setdefault((hosted, witness.name), _Talk())
        try:
            verdict, claim = await self._talk(talk, witness, hosted, head)
        except Deferred as error:
            if error.reason is Reason.DATABASE_UNAVAILABLE:
                raise
            verdict = "malformed" if error.reason is Reason.REMOTE_MALFORMED else "unreachable"
            claim = None
        self._meter.witness_answered(hosted, witness.name, verdict)
        if verdict != "cosigned":
            _log.warning("a witness did not cosign", witness=witness.name, hosted=hosted, verdict=verdict)
        return verdict, claim

    async def _talk(
        self, talk: _Talk, witness: AskedWitness, hosted: OfficeCode, head: SignedHead
    ) -> tuple[str, Claim | None]:
        proven = await self._cosignatures.latest(hosted, witness.name)
        old = talk.there if talk.there is not None else proven.size if proven else 0
        if old > head.size:
            old = 0
        for _ in range(_ROUNDS):
            proof = await self._ledger.consistency(hosted, old, head.size) if 0 < old < head.size else []
            answer = await witness.ask(head.note, old=old, proof=proof, now=self._clock.now())
            if isinstance(answer, Signed):
                talk.heard, talk.there = True, head.size
                await self._cosignatures.keep(
                    hosted, size=head.size, root=head.root, witness=witness.name, line=answer.line, at=answer.at
                )
                return "cosigned", None
            if not isinstance(answer, Knows):
                disagrees = answer.status == 422
                return "conflict" if disagrees else "refused", (
                    _claim(talk, witness, proven, Cause.WITNESS_DISAGREES, old) if disagrees else None
                )
            if answer.size > head.size:
                return "ahead", _claim(talk, witness, proven, Cause.WITNESS_AHEAD, answer.size)
            if answer.size == old:
                return "conflict", _claim(talk, witness, proven, Cause.WITNESS_DISAGREES, old)
            if proven is not None and answer.size < proven.size:
                self._meter.witness_answered(hosted, witness.name, "rolled-back")
                _log.error("a witness has gone back on what it cosigned", witness=witness.name, hosted=hosted)
            old = answer.size
        return "conflict", None


def _claim(talk: _Talk, witness: AskedWitness, proven: Cosigned | None, cause: Cause, size: int) -> Claim | None:
    """The claim if it is serious, see above; a witness is heard only once."""
    serious = not talk.heard and size > (proven.size if proven else 0)
    talk.heard = True
    return Claim(witness=witness.name, cause=cause, size=size) if serious else None
