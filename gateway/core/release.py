"""Release: nothing leaves by default (office-practice.md, Release).

Rules:
- A document is held until each Condition is "given" or "not due"; the last decision on a condition counts, and
  "rescinded" (for example PTO/SB/39) holds it again.
- `Released` can be made by `decide` and `for_addressee` only; adapters take nothing else, so that "unreleased" is a
  type error and not a forgotten check.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Generic, NoReturn, TypeVar, final

from gateway.core.reason import Reason, Refused

__all__ = [
    "Condition",
    "Decision",
    "Outcome",
    "Released",
    "decide",
    "for_addressee",
    "open_conditions",
    "standing",
]

T = TypeVar("T")


class Condition(Enum):
    """What must be settled before a document may leave."""

    APPLICANT_REQUEST = "applicant-request"
    FORMALITIES = "formalities"
    SECRECY = "secrecy"
    FEE = "fee"


class Outcome(Enum):
    """What was decided on a condition."""

    GIVEN = "given"
    NOT_DUE = "not-due"
    RESCINDED = "rescinded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision: on what, how, by whom (a person or a rule), on what basis (a form, a paragraph), when."""

    condition: Condition
    outcome: Outcome
    by: str
    basis: str
    decided_at: datetime


_MINT = object()


@final
class Released(Generic[T]):
    """A thing that may leave, together with the decisions that let it. It is not changed, copied or kept."""

    __slots__ = ("_decisions", "_subject")

    def __init__(self, mint: object, subject: T, decisions: tuple[Decision, ...]) -> None:
        if mint is not _MINT:
            raise TypeError("only a release decision makes a Released")
        self._subject = subject
        self._decisions = decisions

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("a Released has no other kinds")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Released is made by a decision, each time anew")

    @property
    def subject(self) -> T:
        """What may leave."""
        return self._subject

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What lets it; nothing where it stays with its addressee."""
        return self._decisions


def open_conditions(decisions: Iterable[Decision]) -> frozenset[Condition]:
    """Give the conditions that still hold the document, `decisions` in the order they were taken."""
    last = {decision.condition: decision.outcome for decision in decisions}
    return frozenset(c for c in Condition if last.get(c) not in (Outcome.GIVEN, Outcome.NOT_DUE))


def decide(subject: T, decisions: Iterable[Decision], *, on_hold: bool) -> Released[T]:
    """Release `subject`, or Refused(NOT_RELEASED) naming the open conditions, or Refused(HELD_BY_PERSON)."""
    taken = tuple(decisions)
    if on_hold:
        raise Refused(Reason.HELD_BY_PERSON)
    if missing := open_conditions(taken):
        raise Refused(Reason.NOT_RELEASED, ", ".join(sorted(condition.value for condition in missing)))
    return Released(_MINT, subject, taken)


def for_addressee(subject: T, *, on_hold: bool) -> Released[T]:
    """Release what was received for the office itself: it goes no further than its own system."""
    if on_hold:
        raise Refused(Reason.HELD_BY_PERSON)
    return Released(_MINT, subject, ())


def standing(conditions: Iterable[Condition], *, agreement: str, at: datetime) -> tuple[Decision, ...]:
    """The decisions that an agreement's standing rule takes at a deposit."""
    return tuple(
        Decision(
            condition=condition,
            outcome=Outcome.NOT_DUE,
            by="standing rule",
            basis=f"agreement {agreement}",
            decided_at=at,
        )
        for condition in conditions
    )
