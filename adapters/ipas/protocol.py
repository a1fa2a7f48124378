"""The hand-over of a received document to IPAS, as steps without I/O. START READING at `hand_over`.

Rules: before each write its intent is committed; a retry begins by reading back, so that nothing happens twice; the
daily log is left as it was found.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from adapters.ipas.codes import REASONS, Faulted, Meaning
from adapters.ipas.config import IpasSettings
from adapters.ipas.content import Content
from adapters.ipas.daily_log import close_log
from adapters.ipas.handing import HandedOver, Handing
from adapters.ipas.keys import DocumentKey, LogKey
from adapters.ipas.operations import Operation
from adapters.ipas.receipt_date import receipt_date
from adapters.ipas.receiving import Attempt, document_key, receive
from adapters.ipas.steps import Commit, Steps, WriteFile, read_back
from gateway.core.reason import Deferred, Reason, Refused, Retry

__all__ = ["ended", "hand_over"]


def hand_over(handing: Handing, settings: IpasSettings, known: Mapping[str, str]) -> Steps[HandedOver]:
    """Hand over, in the order of these steps; `known` is what earlier attempts committed.

    Raises Refused, or Deferred where it can succeed later.
    """
    # 1. the day: by rule, and not before it has come
    day = _receipt_day(handing, settings, known)
    log = LogKey(day=day, origin=settings.doc_origin, log=settings.doc_log, zone=settings.zone)
    attempt = Attempt(handing=handing, settings=settings, known=dict(known), log=log)
    try:
        # 2. the user document, once
        if "received" in known:
            document = document_key(settings, day, int(known["number"]))
        else:
            document = yield from receive(attempt)
            yield Commit(values={"received": "yes", "receiving": None})
        # 3. its files, below the one root, read back
        compared = yield from _lay_down(attempt, document)
        # 4. the log as it was found
        yield from _leave(attempt)
    except Faulted as fault:
        yield from _leave(attempt)
        raise ended(fault) from None
    except (Refused, Deferred):
        yield from _leave(attempt)
        raise
    return HandedOver(document=document, day=day, compared=compared)


def ended(fault: Faulted) -> Refused | Deferred:
    """How an attempt ends by a fault: Deferred if it can succeed later, else Refused, or held by its Reason."""
    reason = REASONS[fault.meaning]
    kind = Deferred if reason.retry is Retry.LATER else Refused
    return kind(reason, fault.operation.value)


def _receipt_day(handing: Handing, settings: IpasSettings, known: Mapping[str, str]) -> date:
    if "day" in known:
        return date.fromisoformat(known["day"])
    day = receipt_date(handing.received_at, settings.receipt_date, settings.calendar)
    now = handing.now.astimezone(settings.zone)
    if day > now.date():
        begins = LogKey(day=day, origin="", log="", zone=settings.zone).midnight
        raise Deferred(Reason.RECEIVER_NOT_READY, "receipt date", delay=max(begins - now, timedelta(minutes=1)))
    return day


def _lay_down(attempt: Attempt, document: DocumentKey) -> Steps[bool]:
    settings, known = attempt.settings, attempt.known
    if settings.content == "reference-only":
        return False
    done = int(known.get("written", "0"))
    for place, sheet in enumerate(attempt.handing.sheets):
        if place < done:
            continue
        name = sheet.name.replace("{number}", str(document.number))
        path = f"{settings.output_root}/{name}.{sheet.suffix}"
        wanted = Content(size=sheet.size, sha256=sheet.sha256)
        # A write that an earlier attempt began may be done; what is there in part is ours and is written again.
        if known.get("writing") != str(place) or (yield from read_back(path)) != wanted:
            yield Commit(values={"writing": str(place)})
            if (yield WriteFile(place=place, path=path, suffix=sheet.suffix)) is not True:
                raise Faulted(Operation.DOCUMENT_WRITE, Meaning.UNKNOWN)
            # One answer may have lost its end on the way; two of them are a matter for a person.
            if (yield from read_back(path)) != wanted and (yield from read_back(path)) != wanted:
                raise Refused(Reason.READ_BACK_MISMATCH, f"documents[{place}]")
        yield Commit(values={"written": str(place + 1), "writing": None})
    return True


def _leave(attempt: Attempt) -> Steps[None]:
    if attempt.opened:
        attempt.opened = False
        yield from close_log(attempt.log)
