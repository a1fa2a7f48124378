"""Retention: when an exchange may be forgotten.

Rules: only what has ended; what is under way or still served by others is a person's explicit choice (`force`); and
what a person has put on hold is not forgotten at all, since that is how a court's or an auditor's claim is kept.
"""

from typing import Final

from gateway.core.exchange import State
from gateway.core.reason import Reason, Refused
from gateway.core.transmission import Task, TransmissionState
from gateway.core.view import ExchangeView

__all__ = ["ENDED", "check_forgettable"]

#: Nothing is owed any more: taken back, come to nothing, or taken over by the office's own system.
ENDED: Final = frozenset({State.WITHDRAWN, State.REFUSED, State.CONFIRMED})

_OPEN: Final = frozenset({TransmissionState.READY.value, TransmissionState.HELD.value})


def check_forgettable(view: ExchangeView, *, force: bool) -> None:
    """Refused with DOCUMENT_FORGOTTEN, HELD_BY_PERSON or, without `force`, STATE_CONFLICT and what is not ended."""
    if view.is_forgotten:
        raise Refused(Reason.DOCUMENT_FORGOTTEN)
    if view.exchange.is_stopped:
        raise Refused(Reason.HELD_BY_PERSON)
    if force:
        return
    if view.exchange.state not in ENDED:
        raise Refused(Reason.STATE_CONFLICT, f"not ended: {view.exchange.state.value}")
    under_way = sorted({t.leg.task.value for t in view.transmissions if t.state in _OPEN} - {Task.RECHECK.value})
    if under_way:
        raise Refused(Reason.STATE_CONFLICT, f"not ended: {', '.join(under_way)} is under way")
