"""Obtaining another office's document, and looking whether it has changed since (calls 10, 12, 13, 15 to 17).

Procedure of obtaining:
1. If the settings want it, ask first whether number, date and code agree.
2. Ask for the document, the intent committed before. If an earlier outcome is unknown, its acknowledgement is looked
   for in the list of retrievals. A second retrieval changes nothing at the Bureau, so that nothing has to settle.
3. Ask what became of it. A failed retrieval is not asked about again: the next attempt makes a new one.
4. Take the file, compare it with the announced checksum, and, if the settings want it, have the transit copy deleted.
   A file that is gone (a deletion whose outcome nobody recorded, a week in the transit zone) is asked for anew.
"""

import hashlib
from contextlib import suppress
from datetime import date

from adapters.das import codec
from adapters.das.codes import failure_by, worst
from adapters.das.config import Config
from adapters.das.protocol import (
    Commit,
    Course,
    Fetch,
    Fetched,
    Operation,
    Steps,
    ask,
    ask_if_there,
    fact,
    tell,
    wait,
)
from adapters.das.protocol_request import request
from gateway.core.document import Role
from gateway.core.errand import ObtainErrand, RecheckErrand
from gateway.core.exchange import Fact, FactName
from gateway.core.office import Application
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.transmission import Delivered, Pending
from gateway.wire import das

__all__ = ["obtain", "recheck"]

_CHANGED = frozenset({Reason.NOT_REGISTERED, Reason.DATE_MISMATCH, Reason.ACCESS_CODE_MISMATCH})
_MOST_PAST = 16


def obtain(course: Course, errand: ObtainErrand) -> Steps[Delivered | Pending]:
    """Bring the document; facts REQUESTED and ACKNOWLEDGEMENT at first, then AVAILABLE, FETCHED, DIGEST_COMPARED."""
    known, config = course.known, course.config
    if "acknowledgement" not in known:
        # 1
        if config.check_before_retrieval and "intent" not in known:
            query = codec.query(errand.application, config, code=errand.access_code)
            yield from ask(course, Operation.AVAILABILITY, das.RequestStatus, query=query)
        # 2
        yield from _request(course, errand)
    asked = _asked(course, errand)
    # 3
    found = yield from _retrieval_status(course)
    if found is None:
        return (yield from _again(course))
    if found.request_status_category == das.PENDING:
        pending = wait(course, known.get("intent"))
        return Pending(delay=pending.delay, facts=asked)
    if found.request_status_category == das.ERROR:
        yield from _give_up_retrieval(course)
        number = das.number_of(found.error_code)
        numbers = () if number is None else (number,)
        raise failure_by(worst(numbers, config.codes), None if number is None else f"numbers {number}")
    # 4
    return (yield from _take(course, errand, found, asked))


def recheck(course: Course, errand: RecheckErrand) -> Steps[Delivered | Pending]:
    """Compare with what was seen at the last fetch: changed, or look again after the configured time.

    At that fetch number, date and code agreed. That one of them does not agree any more (corrected, withdrawn,
    registered anew) is therefore a change too; obtaining it again then says what is wrong.
    """
    config = course.config
    query = codec.query(errand.application, config, code=errand.access_code)
    try:
        status = yield from ask(course, Operation.AVAILABILITY, das.RequestStatus, query=query)
    except (Deferred, Refused) as failure:
        if failure.reason in _CHANGED:
            return Delivered(changed=True)
        raise
    seen = {told.name: told.value for told in sorted(errand.seen, key=lambda told: told.at)}
    now = {
        FactName.AVAILABLE: das.availability(status.document_availability_date),
        FactName.DIGEST_COMPARED: status.file_checksum and status.file_checksum.lower(),
    }
    if any(value and seen.get(name) and seen[name] != value for name, value in now.items()):
        return Delivered(changed=True)
    return Pending(delay=config.recheck)


def _asked(course: Course, errand: ObtainErrand) -> tuple[Fact, ...]:
    """That it was asked for, unless it is recorded already: the attempt that asked may have been cut short."""
    acknowledgement = course.known["acknowledgement"]
    told = {(known.name, known.value) for known in errand.seen}
    names = (FactName.REQUESTED, FactName.ACKNOWLEDGEMENT)
    return tuple(fact(name, course, acknowledgement) for name in names if (name, acknowledgement) not in told)


def _request(course: Course, errand: ObtainErrand) -> Steps[None]:
    known, application = course.known, errand.application
    if "intent" in known:
        listed = yield from _listed(course, application)
        past = known.get("past", "").split(",")
        fresh = [item for item in listed if _digest(item.request_ack_id) not in past]
        if fresh:
            # A failed one last: the others of the same document serve as well, whoever asked for them.
            best = min(fresh, key=lambda item: item.request_status_category == das.ERROR)
            yield Commit(values={"acknowledgement": best.request_ack_id})
            return
    elif errand.version > 1:
        # What the list still shows was asked for before the document changed.
        yield from _note_past(course, [item.request_ack_id for item in (yield from _listed(course, application))])
    acknowledgement, _ = yield from request(course, Operation.RETRIEVE, codec.retrieval(errand, course.config))
    yield Commit(values={"acknowledgement": acknowledgement})


def _listed(course: Course, application: Application) -> Steps[list[das.RetrievalStatus]]:
    """The office's retrievals of this document that the Bureau lists: in process and newly completed."""
    bag = yield from ask(course, Operation.RETRIEVALS, das.RetrievalBag)
    wanted = _identity(application, course.config)
    return [
        item
        for item in bag.document_retrieval_response_bag
        if (item.document_kind_category, item.document_number, item.document_date) == wanted
    ]


def _retrieval_status(course: Course) -> Steps[das.RetrievalStatus | None]:
    acknowledgement = course.known["acknowledgement"]
    query = {codec.name("requestAckId", course.config): acknowledgement}
    bag = yield from ask_if_there(course, Operation.RETRIEVALS, das.RetrievalBag, query=query)
    items = () if bag is None else bag.document_retrieval_response_bag
    return next((item for item in items if item.request_ack_id == acknowledgement), None)


def _take(
    course: Course, errand: ObtainErrand, found: das.RetrievalStatus, asked: tuple[Fact, ...]
) -> Steps[Delivered | Pending]:
    config = course.config
    kind, number, filed = _identity(errand.application, config)
    body = das.DownloadUrlRequest(
        document_kind_category=kind,
        document_number=number,
        document_date=filed,
        osf_ack_id=found.request_ack_id,
    )
    link = yield from ask_if_there(course, Operation.DOWNLOAD_URL, das.DownloadUrl, body=body)
    if link is None:
        return (yield from _again(course))
    checksum = found.file_checksum.lower() if found.file_checksum else None
    fetched: Fetched = yield Fetch(
        url=link.file_download_url,
        query=None,
        stem="priority-document",
        role=Role.CERTIFIED_COPY,
        limit=config.document_limit,
        checksum=checksum,
    )
    if fetched.obtained is None:
        raise Deferred(Reason.REMOTE_BUSY, f"download, status {fetched.status}")
    if config.delete_after_download:
        with suppress(Deferred, Refused):  # optional: else the Bureau deletes it after a set time (das.md 1.3 row 17)
            yield from tell(course, Operation.DELETE_FILE, body)
    facts = [
        *asked,
        fact(FactName.AVAILABLE, course, das.availability(found.document_availability_date)),
        fact(FactName.FETCHED, course),
    ]
    if checksum is not None:
        facts.append(fact(FactName.DIGEST_COMPARED, course, checksum))
    return Delivered(facts=tuple(facts), documents=(fetched.obtained,))


def _again(course: Course) -> Steps[Pending]:
    yield from _give_up_retrieval(course)
    return wait(course, None)


def _give_up_retrieval(course: Course) -> Steps[None]:
    yield from _note_past(course, [course.known["acknowledgement"]])
    yield Commit(values={"acknowledgement": None, "intent": None})


def _note_past(course: Course, acknowledgements: list[str]) -> Steps[None]:
    past = [digest for digest in course.known.get("past", "").split(",") if digest]
    past.extend(_digest(acknowledgement) for acknowledgement in acknowledgements)
    yield Commit(values={"past": ",".join(dict.fromkeys(past[-_MOST_PAST:])) or None})


def _identity(application: Application, config: Config) -> tuple[str, str, date]:
    number = codec.document_number(application, config)
    return config.kinds[application.right], number, application.filing_date


def _digest(acknowledgement: str) -> str:
    """Identifiers may be long; progress is short."""
    return hashlib.sha256(acknowledgement.encode()).hexdigest()[:16]
