"""adapters/das/answers.py."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.das.answers import accepted, failure_of, is_gone
from adapters.das.config import read_config
from gateway.core.reason import Deferred, Reason
from gateway.ports import Answer

CONFIG = read_config({"base_url": "https://das.example/das-api/v1"})
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HTML = {"content-type": "text/html; charset=utf-8"}


def _answer(status, body=b"", **headers):
    return Answer(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body)


def test_a_success_is_given_back(says):
    answer = says(201, requestAckId="a")
    assert accepted(answer, CONFIG, NOW) is answer


@pytest.mark.parametrize("content_type", ["text/html", "TEXT/HTML; charset=x", "text/plain", ""])
def test_a_success_that_is_no_json_is_malformed(content_type):
    with pytest.raises(Deferred, match="REMOTE_MALFORMED"):
        accepted(_answer(200, b"{}", content_type=content_type), CONFIG, NOW)


def test_where_no_body_is_expected_only_a_portals_page_is_malformed():
    accepted(_answer(204), CONFIG, NOW, json=False)
    with pytest.raises(Deferred, match="REMOTE_MALFORMED"):
        accepted(_answer(200, b"<html>", content_type="text/html"), CONFIG, NOW, json=False)


@pytest.mark.parametrize(
    ("status", "numbers", "reason"),
    [
        (400, (-7,), Reason.NOT_REGISTERED),
        (404, (-7,), Reason.NOT_REGISTERED),
        (400, (-12, -14), Reason.ACCESS_CODE_MISMATCH),
        (403, (-14,), Reason.ACCESS_CODE_MISMATCH),
        (500, (-7,), Reason.NOT_REGISTERED),
        (400, (-99,), Reason.REMOTE_UNKNOWN_ERROR),
        (404, (), Reason.REMOTE_UNKNOWN_ERROR),
        (409, (), Reason.REMOTE_UNKNOWN_ERROR),
        (401, (), Reason.REMOTE_UNAUTHORIZED),
        (403, (), Reason.REMOTE_UNAUTHORIZED),
        (429, (), Reason.REMOTE_BUSY),
        (503, (-7,), Reason.REMOTE_BUSY),
        (500, (), Reason.REMOTE_OUTCOME_UNKNOWN),
        (500, (-99,), Reason.REMOTE_OUTCOME_UNKNOWN),
        (408, (), Reason.REMOTE_OUTCOME_UNKNOWN),
    ],
)
def test_an_error_of_das_is_one_of_the_table_and_tells_no_text(refuses, status, numbers, reason):
    failure = failure_of(refuses(*numbers, status=status), CONFIG, NOW)
    assert failure.reason is reason
    assert "Z9Z9" not in str(failure) and "2026-02-09" not in str(failure)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (302, Reason.REMOTE_MALFORMED),
        (304, Reason.REMOTE_MALFORMED),
        (101, Reason.REMOTE_MALFORMED),
        (400, Reason.REMOTE_MALFORMED),
        (404, Reason.REMOTE_MALFORMED),
        (511, Reason.REMOTE_OUTCOME_UNKNOWN),
        (502, Reason.REMOTE_OUTCOME_UNKNOWN),
        (504, Reason.REMOTE_OUTCOME_UNKNOWN),
        (401, Reason.REMOTE_UNAUTHORIZED),
        (503, Reason.REMOTE_BUSY),
    ],
)
def test_somebody_elses_page_is_judged_by_its_status(status, reason):
    assert failure_of(Answer(status=status, headers=HTML, body=b"<html>"), CONFIG, NOW).reason is reason


@pytest.mark.parametrize(
    ("told", "delay"),
    [("0", 0), ("-9", 0), ("30", 30), ("99999999", 31_536_000), ("Sun, 22 Nov 2026 12:01:00 GMT", 60), ("soon", None)],
)
@pytest.mark.parametrize("status", [429, 503])
def test_patience_is_asked_for_by_retry_after(told, delay, status):
    failure = failure_of(_answer(status, retry_after=told), CONFIG, NOW)
    assert failure.delay == (None if delay is None else timedelta(seconds=delay))


def test_gone_is_what_das_says_is_not_there(refuses):
    assert is_gone(refuses(status=404), CONFIG)
    assert is_gone(refuses(status=410), CONFIG)
    assert not is_gone(refuses(-7, status=404), CONFIG)
    assert not is_gone(refuses(status=400), CONFIG)
    assert not is_gone(Answer(status=404, headers=HTML, body=b"<html>"), CONFIG)
