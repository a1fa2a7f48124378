"""Which local file a received document belongs to: named by the request, or found by the priority it claims.

Rules: a file that the request names must exist, and is not replaced by a guess; by priority, exactly one file counts.
Everything else is Refused(LOCAL_FILE_UNKNOWN), held for a person who names the file.
"""

import re

from adapters.ipas.config import FileKeySettings, IpasSettings
from adapters.ipas.keys import FileKey
from adapters.ipas.operations import Operation
from adapters.ipas.steps import Steps, call, look_up
from adapters.ipas.values import items
from gateway.core.office import Application
from gateway.core.reason import Reason, Refused

__all__ = ["find_file", "read_file_key"]

#: A number longer than this is no number, and no pattern of the operator's is run over it.
_LONGEST = 64


def find_file(settings: IpasSettings, application: Application, own_number: str | None) -> Steps[FileKey]:
    """Give the key of the local file, by the rules of the settings in their order."""
    for rule in settings.find_file_by:
        if rule == "own-number" and own_number is not None:
            return (yield from _named(settings, own_number))
        if rule == "priority-claim":
            return (yield from _claiming(application))
    raise Refused(Reason.LOCAL_FILE_UNKNOWN)


def read_file_key(settings: FileKeySettings, own_number: str) -> FileKey | None:
    """Read an own application number by the office's pattern; None if it does not fit."""
    found = re.fullmatch(settings.pattern, own_number.strip()) if len(own_number) <= _LONGEST else None
    if found is None:
        return None
    groups = found.groupdict()
    try:
        return FileKey(
            seq=groups.get("seq") or settings.seq or "",
            type=groups.get("type") or settings.type or "",
            series=int(groups["series"]),
            number=int(groups["number"]),
        )
    except (TypeError, ValueError):
        return None


def _named(settings: IpasSettings, own_number: str) -> Steps[FileKey]:
    key = read_file_key(settings.file_key, own_number)
    if key is None:
        raise Refused(Reason.LOCAL_FILE_UNKNOWN, "own_number")
    answer = yield from look_up(Operation.FILE_READ, arg0=key.wrap())
    if answer is None or FileKey.read(answer["fileId"]) != key:
        raise Refused(Reason.LOCAL_FILE_UNKNOWN, "own_number")
    return key


def _claiming(application: Application) -> Steps[FileKey]:
    # The number as the first office assigned it: that is what a priority claim quotes (ST.10/C).
    criteria = {
        "criteriaPriority": {
            "priorityApplicationNbr": application.number,
            "priorityCountryCode": str(application.office),
        }
    }
    # There is no paging, so it is counted before it is listed.
    if (yield from call(Operation.PATENT_COUNT, arg0=criteria)) != 1:
        raise Refused(Reason.LOCAL_FILE_UNKNOWN, "priority")
    listed = items((yield from call(Operation.PATENT_LIST, arg0=criteria)))
    key = FileKey.read(listed[0]["fileId"]) if len(listed) == 1 else None
    if key is None:
        raise Refused(Reason.LOCAL_FILE_UNKNOWN, "priority")
    return key
