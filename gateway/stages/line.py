"""The line's equipment: every port that a stage may use, made once by the composition root."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from gateway.core.agreement import Agreement
from gateway.core.commitment import SALT_BYTES, commit
from gateway.core.entry import Entry, make_entry
from gateway.core.exchange import Step
from gateway.core.identifiers import RANDOM_BYTES, new_id
from gateway.core.office import Application, OfficeCode, Right
from gateway.core.standing import LogStanding
from gateway.ports import (
    Clock,
    Documents,
    Examiner,
    Guesses,
    Journal,
    LineMeter,
    Outbox,
    Randomness,
    Records,
    Sealing,
    Signer,
    Verifier,
)

__all__ = ["Line", "Normaliser", "timed"]


class Normaliser(Protocol):
    """Gives the form of an application number to compare by; Refused(NUMBER_MALFORMED)."""

    def __call__(self, office: OfficeCode, right: Right, number: str) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Everything accept() and dispatch() need. `senders` says for which hosted offices an office's messages are taken.

    `logs` tells how the hosted offices' logs stand; without it each is named `origin` and stands well.
    `signers` and `receipt_signers` are chosen by the hosted office; `guess_limit` wrong access codes are answered,
    then a person decides.
    """

    origin: str
    clock: Clock
    randomness: Randomness
    journal: Journal
    records: Records
    outbox: Outbox
    documents: Documents
    guesses: Guesses
    sealing: Sealing
    verifier: Verifier
    signers: Mapping[OfficeCode, Signer]
    senders: Callable[[], Mapping[OfficeCode, frozenset[OfficeCode]]]
    agreements: Callable[[], tuple[Agreement, ...]]
    normalise: Normaliser
    meter: LineMeter
    document_limit: int
    guess_limit: int = 3
    examiner: Examiner | None = None
    logs: Callable[[], Mapping[OfficeCode, LogStanding]] = dict

    def log_of(self, hosted: OfficeCode) -> LogStanding:
        """How the office's log stands, as far as this process has heard."""
        return self.logs().get(hosted) or LogStanding(origin=self.origin)

    def new_id(self) -> str:
        """Make an identifier of this moment."""
        return new_id(self.clock.now(), self.randomness.take(RANDOM_BYTES))

    def entry(
        self,
        *,
        hosted: OfficeCode,
        exchange_id: str | None,
        step: Step,
        actor: str,
        outcome: str = "done",
        digests: dict[str, str] | None = None,
        count: int | None = None,
        personal: Mapping[str, bytes] | None = None,
    ) -> Entry:
        """Make a ledger entry of this moment with an id and a salt of its own; it commits to `personal` values."""
        at = self.clock.now()
        own, values = RANDOM_BYTES + 16, personal or {}
        random = self.randomness.take(own + SALT_BYTES * len(values))
        salts = (random[start : start + SALT_BYTES] for start in range(own, len(random), SALT_BYTES))
        return make_entry(
            entry_id=new_id(at, random[:RANDOM_BYTES]),
            hosted=hosted,
            exchange_id=exchange_id,
            step=step,
            at=at,
            salt=random[RANDOM_BYTES:own],
            actor=actor,
            outcome=outcome,
            digests=digests,
            count=count,
            commitments=[commit(name, value, salt=next(salts)) for name, value in values.items()],
        )

    def normalised(self, application: Application) -> str:
        """The number to compare an application by."""
        return self.normalise(application.office, application.right, application.number)


@contextmanager
def timed(stage: str, line: Line) -> Iterator[None]:
    """Measure a verb of the line that came to its end; what was turned away is counted as refused instead."""
    started = time.perf_counter()
    yield
    line.meter.stage_took(stage, time.perf_counter() - started)
