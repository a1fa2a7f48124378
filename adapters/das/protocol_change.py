"""Changing what is registered: correction, replacement, withdrawal (calls 6 and 7).

Rules: a new file of the office's own library has no field in call 6; it is told by a change that names nothing new
(inferred: it moves the availability date), or not at all, as the settings say.
"""

from adapters.das import codec
from adapters.das.protocol import Commit, Course, Operation, Steps, fact
from adapters.das.protocol_effect import Effect, carry_out, find
from adapters.das.protocol_place import bring_file, certified_copy, facts_of
from gateway.core.errand import CorrectErrand, ReplaceErrand, WithdrawErrand
from gateway.core.exchange import FactName
from gateway.core.request import Hosting
from gateway.core.transmission import Delivered, Pending
from gateway.wire import das

__all__ = ["correct", "replace_file", "withdraw"]

_UNKNOWN_DATE = "unknown"


def correct(course: Course, errand: CorrectErrand) -> Steps[Delivered | Pending]:
    """Give the registration its new filing date; facts REGISTERED and ACKNOWLEDGEMENT."""
    application = errand.cargo.subject.application
    new_date = application.filing_date
    effect = Effect(
        operation=Operation.CHANGE,
        body=codec.change(application, errand.former_filing_date, course.config, new_date=new_date, file_id=None),
        application=application,
        has_effect=lambda found: any(registered.document_date == new_date for registered in found),
    )
    return (yield from _changed(course, effect))


def replace_file(course: Course, errand: ReplaceErrand) -> Steps[Delivered | Pending]:
    """Put the cargo's file in the place of the registered one; facts REGISTERED and ACKNOWLEDGEMENT."""
    cargo = errand.cargo.subject
    document = certified_copy(cargo)
    in_library = cargo.hosting is Hosting.OFFICE
    file_id: str | None = None
    if in_library and course.config.replace_in_library == "nothing":
        return Delivered()
    if in_library:
        yield from _note_availability(course, errand)
    else:
        brought = yield from bring_file(course, document, errand.exchange_id)
        if isinstance(brought, Pending):
            return brought
        file_id = brought
    checksum = document.listed.sha256.hex()

    def has_effect(found: tuple[das.RegisteredDocument, ...]) -> bool:
        if in_library:
            before = course.known.get("before", _UNKNOWN_DATE)
            return any((r.document_availability_date or _UNKNOWN_DATE) != before for r in found)
        return any((r.file_checksum or "").lower() == checksum for r in found)

    application = cargo.application
    effect = Effect(
        operation=Operation.CHANGE,
        body=codec.change(application, application.filing_date, course.config, new_date=None, file_id=file_id),
        application=application,
        has_effect=has_effect,
    )
    return (yield from _changed(course, effect))


def withdraw(course: Course, errand: WithdrawErrand) -> Steps[Delivered | Pending]:
    """Take the registration back, with our own word for the cause; fact ACKNOWLEDGEMENT."""
    config = course.config
    effect = Effect(
        operation=Operation.WITHDRAW,
        body=das.WithdrawalRequest(
            document_kind_category=config.kinds[errand.application.right],
            document_number=codec.document_number(errand.application, config),
            document_date=errand.application.filing_date,
            status_message=errand.cause.value,
        ),
        application=errand.application,
        has_effect=lambda found: not found,
    )
    done = yield from carry_out(course, effect)
    if isinstance(done, Pending):
        return done
    if done.acknowledgement is None:
        return Delivered()
    return Delivered(facts=(fact(FactName.ACKNOWLEDGEMENT, course, done.acknowledgement),))


def _changed(course: Course, effect: Effect) -> Steps[Delivered | Pending]:
    done = yield from carry_out(course, effect)
    return done if isinstance(done, Pending) else Delivered(facts=facts_of(done, course))


def _note_availability(course: Course, errand: ReplaceErrand) -> Steps[None]:
    """Commit the availability date of before: that it has moved is all that a read-back can see."""
    if "before" in course.known:
        return
    found = yield from find(course, errand.cargo.subject.application)
    dates = [das.availability(registered.document_availability_date) for registered in found]
    yield Commit(values={"before": next((date for date in dates if date), _UNKNOWN_DATE)})
