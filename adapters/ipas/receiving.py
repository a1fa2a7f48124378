"""The user document, received once: number, pre-check, daily log, UserdocReceive, as steps without I/O.

Rules:
- The caller gives the number of a new document, so a number once sent is kept until it is proved another's.
- Ours is what bears our mark in its notes. What may be ours but cannot be recognised is held for a person, since
  another number could make a second document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from adapters.ipas.codes import Faulted, Meaning
from adapters.ipas.config import IpasSettings, Section
from adapters.ipas.daily_log import OPENED, open_log
from adapters.ipas.finding import find_file
from adapters.ipas.handing import Handing
from adapters.ipas.keys import DocumentKey, FileKey, LogKey
from adapters.ipas.operations import Operation
from adapters.ipas.steps import Commit, NextNumber, Steps, call, look_up
from adapters.ipas.values import instant, integer
from gateway.core.reason import Reason, Refused

__all__ = ["Attempt", "document_key", "receive"]

#: Numbers tried in one attempt; more taken ones in our own range are a matter for a person.
_NUMBERS: Final = 50
#: Attempts in a row without a known outcome although reading back works; then a person looks.
_UNKNOWN_OUTCOMES: Final = 8


@dataclass(slots=True, kw_only=True)
class Attempt:
    """What one attempt knows: its part, what earlier ones committed, and whether the log is ours to close."""

    handing: Handing
    settings: IpasSettings
    known: Mapping[str, str]
    log: LogKey
    opened: bool = False

    def __post_init__(self) -> None:
        self.opened = OPENED in self.known


def document_key(settings: IpasSettings, day: date, number: int) -> DocumentKey:
    """The key of our document with that number; the series is the year of the receipt date."""
    return DocumentKey(origin=settings.doc_origin, log=settings.doc_log, series=day.year, number=number)


def receive(attempt: Attempt) -> Steps[DocumentKey]:
    """Receive the document unless an earlier attempt has, in the order of these steps; gives its key."""
    known, settings, day = attempt.known, attempt.settings, attempt.log.day
    key = document_key(settings, day, int(known["number"])) if "number" in known else None
    maybe_ours = "receiving" in known  # sent by an earlier attempt that never learned the outcome
    outcomes = int(known.get("outcomes", "0"))
    file: FileKey | None = None
    taken = False
    for _ in range(_NUMBERS):
        # 1. a number, written down before it is used
        if key is None:
            number = yield NextNumber(
                name=f"docNbr/{settings.doc_origin}/{settings.doc_log}/{day.year}",
                first=settings.first_number,
                last=settings.last_number,
            )
            key = document_key(settings, day, number)
            yield Commit(values={"number": str(number), "day": day.isoformat(), "receiving": None})
            maybe_ours = False
        # 2. who has it: nobody, we, or somebody else
        if taken or maybe_ours or not (yield from _is_free(key)):
            found = yield from look_up(Operation.USERDOC_READ, arg0=key.wrap())
            if found is not None and attempt.handing.mark in (found["notes"] or "").split():
                return key
            unrecognised = found is None or not found["notes"]
            if maybe_ours and unrecognised and (taken or found is not None):
                raise Refused(Reason.READ_BACK_MISMATCH, "userdoc")
            if found is not None or not maybe_ours:
                key, taken = None, False
                continue
            outcomes += 1
            if outcomes > _UNKNOWN_OUTCOMES:
                raise Refused(Reason.REMOTE_UNKNOWN_ERROR, "userdoc")
        # 3. the file it belongs to, and the open log
        if file is None:
            file = yield from find_file(settings, attempt.handing.application, attempt.handing.own_number)
        attempt.opened = yield from open_log(attempt.log, opened=attempt.opened, reopen=settings.reopen_closed_log)
        # 4. receive
        yield Commit(values={"receiving": "yes", "outcomes": str(outcomes)})
        try:
            answer = yield from call(Operation.USERDOC_RECEIVE, **_arguments(attempt, file, key))
        except Faulted as fault:
            taken = fault.meaning is Meaning.TAKEN  # since 2, by another or by an earlier request of ours
            if not taken and not maybe_ours:
                yield Commit(values={"receiving": None})
            if taken or fault.meaning is Meaning.LOG_NOT_OPEN:  # another hand-over closed what it had opened
                continue
            raise
        # 5. what was received is what was sent
        if answer is None or answer["documentId"] is None:
            answer = yield from look_up(Operation.USERDOC_READ, arg0=key.wrap())
        if answer is None or DocumentKey.read(answer["documentId"]) != key:
            raise Refused(Reason.READ_BACK_MISMATCH, "userdoc")
        return key
    raise Refused(Reason.ALREADY_REGISTERED, "number range")


def _is_free(key: DocumentKey) -> Steps[bool]:
    try:
        free: bool = (yield from call(Operation.USERDOC_CHECK, arg0=key.wrap())) is True
    except Faulted as fault:
        if fault.meaning is not Meaning.TAKEN:
            raise
        return False
    return free


def _arguments(attempt: Attempt, file: FileKey, key: DocumentKey) -> dict[str, Any]:
    handing, settings = attempt.handing, attempt.settings
    arguments = {
        "arg0": settings.doc_origin,
        "arg1": settings.userdoc_type,
        "arg2": [file.wrap()],
        "arg3": False,  # meaning unknown; every known client sends it so
        "arg6": instant(attempt.log.midnight),
        "arg8": integer(settings.user_number),
        "arg9": handing.notes,
        "arg12": key.wrap(),
    }
    if settings.office_section is not None:
        arguments["arg5"] = _section(settings.office_section)
    if handing.earlier is not None:
        arguments["arg10"] = handing.earlier.wrap()
    return arguments


def _section(section: Section) -> dict[str, str]:
    parts = {
        "officeDepartmentCode": section.department,
        "officeDivisionCode": section.division,
        "officeSectionCode": section.section,
    }
    return {name: code for name, code in parts.items() if code is not None}
