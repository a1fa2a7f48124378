"""Routing: the legs that follow from a step, by the agreements in force at that moment."""

from collections.abc import Iterable
from datetime import datetime

from gateway.core.agreement import Agreement, covering
from gateway.core.exchange import Exchange, Step
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
    Step.ASKED: (Task.ANSWER,),
}

_OPTIONAL = frozenset({Task.HAND_OVER, Task.RECHECK})


def legs_after(step: Step, exchange: Exchange, agreements: Iterable[Agreement], *, at: datetime) -> tuple[Leg, ...]:
    """Plan the legs that `step` asks for; Refused(KIND_NOT_AGREED) if a needed one is covered by no agreement."""
    known = tuple(agreements)
    legs: list[Leg] = []
    for task in FOLLOWING.get(step, ()):
        scope = {"hosted": exchange.hosted, "kind": exchange.kind, "right": exchange.application.right}
        if task in _OPTIONAL and not any(a.covers(**scope, task=task) for a in known):  # type: ignore[arg-type]
            continue
        legs.extend(
            Leg(
                counterpart=agreement.counterpart,
                adapter=agreement.adapter,
                task=task,
                version=exchange.version,
                agreement=agreement.name,
                due_at=at + agreement.recheck if task is Task.RECHECK and agreement.recheck else at,
            )
            for agreement in covering(known, **scope, task=task)  # type: ignore[arg-type]
        )
    return tuple(legs)
