"""The daily log, the reception desk's legal register of a day: opened only if it was not, closed only if we opened it.

Rules:
- That we are about to open it is committed first, so that after a crash it is closed again.
- An untouched day is opened; a closed one has its closing undone, where the office agreed to that.
- Two hand-overs may meet here: whoever finds it opened by another leaves the closing to that one.
"""

from typing import Final

from adapters.ipas.codes import Faulted, Meaning
from adapters.ipas.keys import LogKey
from adapters.ipas.operations import Operation
from adapters.ipas.steps import Commit, Steps, look_up, perform
from gateway.core.reason import Deferred, Reason

__all__ = ["OPENED", "close_log", "open_log"]

#: The committed value: we opened that log, or are about to.
OPENED: Final = "log_opened"


def open_log(log: LogKey, *, opened: bool, reopen: bool) -> Steps[bool]:
    """Have the log open; gives whether we have to close it. `opened`: an earlier attempt of ours was about to open it.

    Deferred(RECEIVER_NOT_READY) if it is closed and may not be opened again.
    """
    state = yield from _read(log)
    if state is Meaning.LOG_OPEN:
        return opened
    if state is Meaning.LOG_CLOSED and not reopen:
        raise Deferred(Reason.RECEIVER_NOT_READY, "daily log")
    if not opened:
        yield Commit(values={OPENED: log.day.isoformat()})
    operation = Operation.LOG_UNDO_CLOSE if state is Meaning.LOG_CLOSED else Operation.LOG_OPEN
    try:
        yield from perform(operation, arg0=log.wrap())
    except Faulted as fault:
        if fault.meaning is not Meaning.LOG_OPEN:
            yield Commit(values={OPENED: None})
            raise
        # Somebody was faster: then it is not ours to close.
        yield Commit(values={OPENED: None})
        return False
    return True


def close_log(log: LogKey) -> Steps[None]:
    """Close what we opened; that it is closed already is as good."""
    try:
        yield from perform(Operation.LOG_CLOSE, arg0=log.wrap())
    except Faulted as fault:
        if fault.meaning is not Meaning.LOG_NOT_OPEN:
            raise
    yield Commit(values={OPENED: None})


def _read(log: LogKey) -> Steps[Meaning]:
    answer = yield from look_up(Operation.LOG_READ, arg0=log.wrap())
    if answer is None:
        return Meaning.ABSENT
    if answer["indOpen"] is True:
        return Meaning.LOG_OPEN
    return Meaning.LOG_CLOSED if answer["indClosed"] is True else Meaning.ABSENT
