"""adapters/_skeleton: what its answers mean. That it takes effect once is tried in tests/contract."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from adapters._skeleton.codes import failure_for
from adapters._skeleton.protocol import look
from gateway.core.reason import Deferred, Reason, Refused
from gateway.ports import Answer

CLOCK = SimpleNamespace(now=lambda: datetime(2026, 11, 22, tzinfo=UTC))
JSON = {"content-type": "application/json"}


def _look(answer):
    steps = look(CLOCK)
    next(steps)
    try:
        steps.send(answer)
    except StopIteration as end:
        return end.value


def test_a_listing_is_an_answer():
    body = b'{"registrations":[{"id":"1","sha256":"ab"}]}'
    assert _look(Answer(status=200, headers=JSON, body=body)) == "answers and takes our token"


@pytest.mark.parametrize(
    ("status", "headers", "body", "reason"),
    [
        (401, JSON, b"{}", Reason.REMOTE_UNAUTHORIZED),
        (429, {"retry-after": "9"}, b"", Reason.REMOTE_BUSY),
        (503, {"retry-after": "9"}, b"", Reason.REMOTE_BUSY),
        (500, JSON, b"", Reason.REMOTE_OUTCOME_UNKNOWN),
        (200, {"content-type": "text/html"}, b"<html>", Reason.REMOTE_MALFORMED),
        (200, JSON, b'{"registrations":[{"id":"1","sha256":5}]}', Reason.REMOTE_MALFORMED),
        (200, JSON, b"<html>", Reason.REMOTE_MALFORMED),
        (409, JSON, b'{"error":1,"text":"code Z9Z9"}', Reason.ALREADY_REGISTERED),
        (422, JSON, b'{"error":2}', Reason.DATE_MISMATCH),
        (400, JSON, b'{"error":99}', Reason.REMOTE_UNKNOWN_ERROR),
        (400, JSON, b'{"text":"code Z9Z9"}', Reason.REMOTE_MALFORMED),
        (302, JSON, b'{"error":1}', Reason.REMOTE_MALFORMED),
    ],
)
def test_every_other_answer_is_one_of_the_table(status, headers, body, reason):
    with pytest.raises((Deferred, Refused)) as failed:
        _look(Answer(status=status, headers=headers, body=body))
    assert failed.value.reason is reason
    assert "Z9Z9" not in str(failed.value)
    if reason is Reason.REMOTE_BUSY:
        assert failed.value.delay == timedelta(seconds=9)


@pytest.mark.parametrize(("number", "kind"), [(1, Deferred), (2, Refused), (99, Deferred), (None, Deferred)])
def test_only_what_can_never_succeed_is_refused(number, kind):
    assert type(failure_for(number)) is kind
