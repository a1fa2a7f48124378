"""adapters/das/protocol_obtain.py."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.das.protocol import Fetched
from adapters.das.protocol_obtain import obtain, recheck
from gateway.core.document import Role
from gateway.core.exchange import Fact, FactName
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.transmission import Delivered, Pending
from gateway.ports import Answer

UNKNOWN = Deferred(Reason.REMOTE_OUTCOME_UNKNOWN)


@pytest.fixture
def bag(says):
    """An answer to "what became of it" with these retrievals."""

    def item(ack, status, **changes):
        return {
            "requestAckId": ack,
            "documentKindCategory": "patent",
            "documentNumber": "XC 2026/000123",
            "documentDate": "2026-02-03",
            "requestStatusCategory": status,
            "errorCode": None,
            "statusMessage": "expected code Z9Z9",
            "documentAvailabilityDate": "2026-11-20T10:00:00Z" if status == "success" else None,
            "fileChecksum": "AB" * 32 if status == "success" else None,
            **changes,
        }

    def bag(*items, **changes):
        return ("RETRIEVALS", says(documentRetrievalResponseBag=[item(*named, **changes) for named in items]))

    return bag


@pytest.fixture
def flow(says, bag, refuses):
    return {
        "asked": ("RETRIEVE", says(201, requestAckId="osf-1")),
        "asked again": ("RETRIEVE", says(201, requestAckId="osf-2")),
        "cut": ("RETRIEVE", UNKNOWN),
        "pending": bag(("osf-1", "pending")),
        "success": bag(("osf-1", "success")),
        "success again": bag(("osf-2", "success")),
        "gone": ("RETRIEVALS", refuses(status=404)),
        "empty": bag(),
        "link": ("DOWNLOAD_URL", says(fileDownloadUrl="https://storage.example/k-9")),
        "link gone": ("DOWNLOAD_URL", refuses(status=404)),
        "fetched": ("FETCH", Fetched(status=200, obtained="the document")),
        "void": ("FETCH", Fetched(status=403, obtained=None)),
        "deleted": ("DELETE_FILE", Answer(status=204, headers={}, body=b"")),
        "there": ("AVAILABILITY", says(requestStatusCategory="success", documentAvailabilityDate="2026-11-20")),
    }


@pytest.fixture
def play(flow):
    def play(stage, errand, *names):
        move = obtain if hasattr(errand, "version") else recheck
        return stage.play(move, errand, *(flow[name] if isinstance(name, str) else name for name in names))

    return play


def _values(outcome):
    return {fact.name: fact.value for fact in outcome.facts}


def test_a_document_is_asked_for_and_brought(rehearse, errands, play):
    stage = rehearse()
    outcome = play(stage, errands.obtain(), "asked", "success", "link", "fetched")
    assert _values(outcome) == {
        FactName.REQUESTED: "osf-1",
        FactName.ACKNOWLEDGEMENT: "osf-1",
        FactName.AVAILABLE: "2026-11-20T10:00:00Z",
        FactName.FETCHED: None,
        FactName.DIGEST_COMPARED: "ab" * 32,
    }
    assert outcome.documents == ("the document",)
    fetch = stage.calls("FETCH")[0]
    assert (fetch.url.reveal(), fetch.query, fetch.checksum) == ("https://storage.example/k-9", None, "ab" * 32)
    assert fetch.role is Role.CERTIFIED_COPY
    assert stage.body("DOWNLOAD_URL") == {
        "documentKindCategory": "patent",
        "documentNumber": "XC 2026/000123",
        "documentDate": "2026-02-03",
        "osfAckId": "osf-1",
    }


def test_without_a_checksum_none_is_compared(rehearse, errands, play, bag):
    outcome = play(
        rehearse(), errands.obtain(), "asked", bag(("osf-1", "success"), fileChecksum=None), "link", "fetched"
    )
    assert FactName.DIGEST_COMPARED not in _values(outcome)


def test_a_holding_office_is_named(rehearse, errands, play):
    stage = rehearse()
    play(stage, errands.obtain(holding_office=OfficeCode("XD")), "asked", "pending")
    assert stage.body("RETRIEVE")["holdingOfficeCode"] == "XD"


def test_while_it_is_pending_the_request_is_told_once_and_asked_about_slower_and_slower(rehearse, errands, play):
    stage, errand = rehearse(), errands.obtain()
    first = play(stage, errand, "asked", "pending")
    assert (first.delay, set(_values(first))) == (
        timedelta(seconds=5),
        {FactName.REQUESTED, FactName.ACKNOWLEDGEMENT},
    )
    stage.clock.pass_by(timedelta(minutes=4))
    assert play(stage, replace(errand, seen=first.facts), "pending") == Pending(delay=timedelta(minutes=1))
    assert stage.known["acknowledgement"] == "osf-1"  # by this the line finds us when the Bureau notifies


def test_a_request_whose_attempt_was_cut_short_is_told_by_the_next(rehearse, errands, play):
    stage, errand = rehearse(), errands.obtain()
    told = play(stage, errand, "asked", "pending").facts  # and nobody recorded it
    again = play(stage, errand, "pending").facts
    assert {(fact.name, fact.value) for fact in again} == {(fact.name, fact.value) for fact in told} != set()


def test_the_access_code_stands_in_the_request_and_nowhere_else(rehearse, errands, play):
    stage = rehearse()
    play(stage, errands.obtain(), "asked", "pending")
    assert stage.body("RETRIEVE")["dasAccessCode"] == "7QX1"
    assert "7QX1" not in repr(stage.known) + repr(stage.acts)
    assert all("7QX1" not in str(call.query) for call in stage.calls("RETRIEVALS"))


@pytest.mark.parametrize(
    ("numbers", "reason", "kind"),
    [
        ((-7,), Reason.NOT_REGISTERED, Deferred),
        ((-12,), Reason.DATE_MISMATCH, Refused),
        ((-14,), Reason.ACCESS_CODE_MISMATCH, Refused),
        ((-12, -14), Reason.ACCESS_CODE_MISMATCH, Refused),
        ((-99,), Reason.REMOTE_UNKNOWN_ERROR, Deferred),
    ],
)
def test_what_is_refused_at_once_is_one_of_the_table(rehearse, errands, play, refuses, numbers, reason, kind):
    stage = rehearse()
    with pytest.raises(kind) as failed:
        play(stage, errands.obtain(), ("RETRIEVE", refuses(*numbers)))
    assert failed.value.reason is reason
    assert "Z9Z9" not in str(failed.value)
    assert "intent" not in stage.known


@pytest.mark.parametrize(
    ("code", "reason"),
    [(-7, Reason.NOT_REGISTERED), ("-14", Reason.ACCESS_CODE_MISMATCH), (None, Reason.REMOTE_UNKNOWN_ERROR)],
)
def test_what_is_refused_by_the_status_is_asked_for_anew_next_time(rehearse, errands, play, bag, code, reason):
    stage, errand = rehearse(), errands.obtain()
    with pytest.raises((Deferred, Refused)) as failed:
        play(stage, errand, "asked", bag(("osf-1", "error"), errorCode=code))
    assert failed.value.reason is reason
    assert "Z9Z9" not in str(failed.value)
    assert isinstance(play(stage, errand, "asked again", "success again", "link", "fetched"), Delivered)


def test_an_unanswered_request_is_looked_for_in_the_list(rehearse, errands, play, bag):
    stage, errand = rehearse(), errands.obtain()
    with pytest.raises(Deferred):
        play(stage, errand, "cut")
    listed = bag(("osf-1", "pending"))
    outcome = play(stage, errand, listed, "success", "link", "fetched")
    assert _values(outcome)[FactName.REQUESTED] == "osf-1"
    assert len(stage.calls("RETRIEVE")) == 1


def test_a_request_that_is_not_in_the_list_is_sent_again(rehearse, errands, play, bag):
    stage, errand = rehearse(), errands.obtain()
    with pytest.raises(Deferred):
        play(stage, errand, "cut")
    others = bag(("osf-8", "pending"), documentNumber="XC 2026/000124")
    assert isinstance(play(stage, errand, others, "asked", "pending"), Pending)


def test_a_failed_retrieval_of_before_is_not_taken_for_the_unanswered_one(rehearse, errands, play, bag):
    stage, errand = rehearse(), errands.obtain()
    failed = bag(("osf-1", "error"), errorCode=-7)
    with pytest.raises(Deferred):
        play(stage, errand, "asked", failed)
    with pytest.raises(Deferred):
        play(stage, errand, "cut")
    assert isinstance(play(stage, errand, failed, "asked again", bag(("osf-2", "pending"))), Pending)


def test_of_several_in_the_list_a_living_one_is_taken(rehearse, errands, play, bag):
    stage, errand = rehearse(), errands.obtain()
    stage.known["intent"] = "2026-11-22T11:59:00.000000Z"
    play(stage, errand, bag(("osf-0", "error"), ("osf-1", "pending")), "pending")
    assert stage.known["acknowledgement"] == "osf-1"


def test_a_newer_version_is_not_taken_from_a_retrieval_of_before_the_change(rehearse, errands, play, bag):
    stage, errand = rehearse(), errands.obtain(version=2)
    before = bag(("osf-1", "success"))
    with pytest.raises(Deferred):
        play(stage, errand, before, "cut")
    outcome = play(stage, errand, before, "asked again", "success again", "link", "fetched")
    assert _values(outcome)[FactName.REQUESTED] == "osf-2"


@pytest.mark.parametrize("lost", [("gone",), ("empty",), ("success", "link gone")])
def test_what_is_gone_is_asked_for_anew(rehearse, errands, play, lost):
    stage, errand = rehearse(), errands.obtain()
    assert play(stage, errand, "asked", *lost) == Pending(delay=timedelta(seconds=5))
    assert isinstance(play(stage, errand, "asked again", "success again", "link", "fetched"), Delivered)


def test_a_void_download_address_is_asked_for_again_later(rehearse, errands, play):
    stage, errand = rehearse(), errands.obtain()
    with pytest.raises(Deferred) as deferred:
        play(stage, errand, "asked", "success", "link", "void")
    assert deferred.value.reason is Reason.REMOTE_BUSY
    assert isinstance(play(stage, errand, "success", "link", "fetched"), Delivered)


def test_other_bytes_than_announced_are_fetched_again(rehearse, errands, play):
    stage, errand = rehearse(), errands.obtain()
    with pytest.raises(Deferred, match="REMOTE_DIGEST"):
        play(stage, errand, "asked", "success", "link", ("FETCH", Deferred(Reason.REMOTE_DIGEST)))
    assert isinstance(play(stage, errand, "success", "link", "fetched"), Delivered)


def test_the_transit_copy_is_deleted_if_the_settings_want_it(rehearse, errands, play):
    stage = rehearse(delete_after_download=True)
    play(stage, errands.obtain(), "asked", "success", "link", "fetched", "deleted")
    assert stage.body("DELETE_FILE") == stage.body("DOWNLOAD_URL")


@pytest.mark.parametrize("reply", [UNKNOWN, Answer(status=404, headers={}, body=b"")])
def test_a_deletion_that_fails_spoils_nothing(rehearse, errands, play, reply):
    stage = rehearse(delete_after_download=True)
    outcome = play(stage, errands.obtain(), "asked", "success", "link", "fetched", ("DELETE_FILE", reply))
    assert isinstance(outcome, Delivered)


def test_availability_is_checked_first_if_the_settings_want_it(rehearse, errands, play, refuses):
    stage = rehearse(check_before_retrieval=True)
    with pytest.raises(Refused, match="ACCESS_CODE_MISMATCH"):
        play(stage, errands.obtain(), ("AVAILABILITY", refuses(-14)))
    assert stage.calls("RETRIEVE") == []
    play(stage, errands.obtain(), "there", "asked", "pending")
    play(stage, errands.obtain(), "pending")
    assert len(stage.calls("AVAILABILITY")) == 2


def _seen(**values):
    at = datetime(2026, 11, 21, tzinfo=UTC)
    return [Fact(name=FactName[name], at=at, value=value) for name, value in values.items()]


def test_what_is_as_it_was_is_looked_at_again_later(rehearse, errands, play):
    stage = rehearse(recheck_seconds=7200)
    errand = errands.recheck(*_seen(AVAILABLE="2026-11-20", DIGEST_COMPARED="ab" * 32))
    assert play(stage, errand, "there") == Pending(delay=timedelta(hours=2))


def test_a_moved_availability_date_is_a_change(rehearse, errands, play):
    assert play(rehearse(), errands.recheck(*_seen(AVAILABLE="2026-11-19")), "there") == Delivered(changed=True)


def test_another_checksum_is_a_change(rehearse, errands, play, says):
    told = ("AVAILABILITY", says(requestStatusCategory="success", fileChecksum="CD" * 32))
    seen = _seen(AVAILABLE="2026-11-20", DIGEST_COMPARED="ab" * 32)
    assert play(rehearse(), errands.recheck(*seen), told) == Delivered(changed=True)


def test_the_last_fetch_is_what_counts(rehearse, errands, play):
    older = Fact(name=FactName.AVAILABLE, at=datetime(2026, 1, 1, tzinfo=UTC), value="2025-12-31")
    assert isinstance(play(rehearse(), errands.recheck(*_seen(AVAILABLE="2026-11-20"), older), "there"), Pending)


def test_what_was_never_told_cannot_be_compared(rehearse, errands, play, says):
    silent = ("AVAILABILITY", says(requestStatusCategory="success", documentAvailabilityDate="soon Z9Z9"))
    assert isinstance(play(rehearse(), errands.recheck(*_seen(AVAILABLE="2026-11-20")), silent), Pending)
    assert isinstance(play(rehearse(), errands.recheck(), "there"), Pending)


@pytest.mark.parametrize("number", [-7, -12, -14])
def test_what_agreed_when_it_was_fetched_and_does_not_any_more_has_changed(rehearse, errands, play, refuses, number):
    assert play(rehearse(), errands.recheck(), ("AVAILABILITY", refuses(number))) == Delivered(changed=True)


@pytest.mark.parametrize("number", [-99, -20])
def test_another_error_says_nothing_about_a_change(rehearse, errands, play, refuses, number):
    with pytest.raises(Deferred):
        play(rehearse(), errands.recheck(), ("AVAILABILITY", refuses(number)))
