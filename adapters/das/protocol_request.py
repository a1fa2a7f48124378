"""A write that DAS acknowledges: its intent is committed before, its acknowledgement by whoever asked.

Rules: an intent is taken back where the answer, or its absence, shows that nothing was done; an intent that is
committed and left is an unknown outcome.
"""

from adapters.das import codec
from adapters.das.answers import UNSURE, accepted
from adapters.das.protocol import Authorise, Commit, Course, Operation, Steps, call, timestamp
from gateway.core.reason import Deferred, Refused
from gateway.ports import Answer
from gateway.wire import das

__all__ = ["request"]


def request(course: Course, operation: Operation, body: das.Body) -> Steps[tuple[str, Answer]]:
    """Send the write: gives its acknowledgement and the whole answer; raises what any other answer stands for."""
    yield Authorise()
    yield Commit(values={"intent": timestamp(course)})
    try:
        answer = yield from call(course, operation, body=body)
        accepted(answer, course.config, course.now)
    except (Deferred, Refused) as failure:
        if failure.reason not in UNSURE:
            yield Commit(values={"intent": None})
        raise
    return codec.read(answer.body, das.Acknowledgement, course.config).request_ack_id, answer
