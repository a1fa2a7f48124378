"""Answering the Bureau about our own library, and looking whether the Bureau answers (call 14).

Rules: why a document is not given is told by a number, never by text. There is nothing to read back here: a
notification that may have arrived is sent again, and the Bureau takes the second for the first.
"""

from adapters.das.answers import accepted, is_gone
from adapters.das.codes import number_for
from adapters.das.protocol import Authorise, Course, Operation, Steps, call
from gateway.core.errand import AnswerErrand
from gateway.core.instant import rfc3339
from gateway.core.reason import Reason, Refused
from gateway.core.transmission import Delivered
from gateway.wire import das

__all__ = ["answer_inquiry", "look"]


def answer_inquiry(course: Course, errand: AnswerErrand) -> Steps[Delivered]:
    """Tell that the document is ready, or by which number it is not given."""
    ready = errand.cargo is not None and errand.reason is None
    reason = errand.reason or Reason.NOT_REGISTERED
    body = das.Notification(
        request_ack_id=errand.acknowledgement_id,
        request_status_category=das.SUCCESS if ready else das.ERROR,
        error_code=None if ready else number_for(reason),
        document_availability_date=rfc3339(course.now) if ready else None,
    )
    answer = yield from call(course, Operation.NOTIFY, body=body)
    if is_gone(answer, course.config):
        raise Refused(Reason.REMOTE_REFUSED, "nobody waits for this answer any more")
    accepted(answer, course.config, course.now, json=False)
    return Delivered()


def look(course: Course) -> Steps[str]:
    """Take a token and ask for the list of retrievals; an office that is not accessing may be refused it."""
    yield Authorise()
    answer = yield from call(course, Operation.RETRIEVALS)
    if 400 <= answer.status < 500 and answer.status != 401 and das.read_error(answer.body) is not None:
        return "answers and takes our token; this office may not list retrievals"
    accepted(answer, course.config, course.now)
    return "answers and takes our token"
