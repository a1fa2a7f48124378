"""Routing: the legs that follow from a step, by the agreements in force at that moment."""

from collections.abc import Iterable
from datetime import datetime

from gateway.core.agreement import Agreement, covering
from gateway.core.exchange import Exchange, Step
from gateway.core.reason import Refused
from gateway.core.transmission import Leg, Task

__all__ = ["FOLLOWING", "legs_after"]

#: What a step asks of counterparts. A hand-over is optional: not every office has a system to hand over to.
FOLLOWING: dict[Step, tuple[Task, ...]] = {
    Step.RELEASED: (Task.PLACE,),
    Step.CORRECTED: (Task.CORRECT,),
    Step.REPLACED: (Task.REPLACE,),
    Step.WITHDRAWN: (Task.WITHDRAW,),
    Step.REQUESTED: (Task.OBTAIN,),
    Step.RECEIVED: (Task.HAND_OVER, Task.RECHECK),
    Step.CHANGED: (Task.OBTAIN,),
    Step.ATTEMPTED: (Task.RECHECK,),  # looked, and nothing was new: look again
    Step.ASKED: (Task.ANSWER,),
}

_OPTIONAL = frozenset({Task.HAND_OVER, Task.RECHECK})

#: A document is asked for at one place: by the first agreement that covers it, in the order of the offices file.
_AT_ONE_PLACE = frozenset({Task.OBTAIN, Task.RECHECK})


def legs_after(step: Step, exchange: Exchange, agreements: Iterable[Agreement], *, at: datetime) -> tuple[Leg, ...]:
    """Plan the legs that `step` asks for; Refused(KIND_NOT_AGREED) if a needed one is covered by no agreement."""
    known = tuple(agreements)
    legs: list[Leg] = []
    for task in FOLLOWING.get(step, ()):
        found = _covering(task, exchange, known)
        for agreement in found[:1] if task in _AT_ONE_PLACE else found:
            due_at = _due_at(task, agreement, at)
            if due_at is not None:
                legs.append(
                    Leg(
                        counterpart=agreement.counterpart,
                        adapter=agreement.adapter,
                        task=task,
                        version=exchange.version,
                        agreement=agreement.name,
                        due_at=due_at,
                    )
                )
    return tuple(legs)


def _covering(task: Task, exchange: Exchange, agreements: tuple[Agreement, ...]) -> tuple[Agreement, ...]:
    kind, right = exchange.kind, exchange.application.right
    try:
        return covering(agreements, hosted=exchange.hosted, kind=kind, right=right, task=task)
    except Refused:
        if task in _OPTIONAL:
            return ()
        raise


def _due_at(task: Task, agreement: Agreement, at: datetime) -> datetime | None:
    if task is not Task.RECHECK:
        return at
    return None if agreement.recheck is None else at + agreement.recheck
