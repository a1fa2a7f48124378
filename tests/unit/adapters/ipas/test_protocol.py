"""The hand-over decides without I/O: once in effect, the log as it was found, whatever happens between two steps."""

from datetime import UTC, date, datetime, timedelta

import pytest
from ipas_rehearsal import EXCHANGE, Desk, Killed, day, key, make_handing

from adapters.ipas.codes import Faulted, Meaning
from adapters.ipas.content import Content
from adapters.ipas.keys import DocumentKey
from adapters.ipas.operations import WRITES, Operation
from adapters.ipas.steps import Call, Commit, WriteFile
from gateway.core.reason import Deferred, Reason, Refused

MARK = f"pouch/{EXCHANGE}/1"
OPEN, CLOSED, ABSENT = Meaning.LOG_OPEN, Meaning.LOG_CLOSED, Meaning.ABSENT


@pytest.fixture
def handing(application):
    return make_handing(application)


@pytest.fixture
def settings(make_settings):
    return make_settings()


def test_a_document_is_received_laid_down_and_told(handing, settings):
    desk = Desk()
    done = desk.play(handing, settings)
    assert (str(done.document), done.day, done.compared) == ("3/E/2026/500", day("2026-01-02"), True)
    assert desk.received() == [500]
    assert list(desk.files) == [f"/srv/ipas/in/{EXCHANGE}-v1-1-500.pdf", f"/srv/ipas/in/{EXCHANGE}-v1-2-500.xml"]
    assert desk.log_effects() == [OPEN, CLOSED]


def test_the_receipt_date_the_mark_and_the_agreed_codes_go_into_the_call(handing, make_settings):
    desk = Desk()
    desk.play(handing, make_settings(office_section={"division": "01", "section": "07"}))
    sent = desk.arguments()
    assert sent["arg6"]["dateValue"].isoformat() == "2026-01-02T00:00:00-03:00"
    assert sent["arg9"] == f"{MARK} YY 2025001234"
    assert (sent["arg0"], sent["arg1"], sent["arg3"], sent["arg8"]) == ("3", "PRIO", False, {"doubleValue": 7})
    assert sent["arg5"] == {"officeDivisionCode": "01", "officeSectionCode": "07"}
    assert sent.keys() & {"arg4", "arg7", "arg10", "arg11"} == set()


def test_a_later_version_names_the_earlier_document(application, settings):
    desk = Desk()
    earlier = DocumentKey(origin="3", log="E", series=2025, number=77)
    desk.play(make_handing(application, version=2, earlier=earlier), settings)
    assert desk.arguments()["arg10"] == earlier.wrap()
    assert desk.arguments()["arg9"].startswith(f"pouch/{EXCHANGE}/2 ")


@pytest.mark.parametrize(
    ("found", "effects"),
    [(OPEN, []), (CLOSED, [OPEN, CLOSED]), (ABSENT, [OPEN, CLOSED])],
)
def test_only_a_log_that_was_not_open_is_opened_and_only_what_was_opened_is_closed(handing, settings, found, effects):
    desk = Desk(log=found)
    desk.play(handing, settings)
    assert desk.log_effects() == effects
    undone = Operation.LOG_UNDO_CLOSE in desk.called()
    assert undone is (found is CLOSED)


def test_a_closed_log_stays_closed_where_the_office_wants_it(handing, make_settings):
    desk = Desk(log=CLOSED)
    with pytest.raises(Deferred) as put_off:
        desk.play(handing, make_settings(reopen_closed_log=False))
    assert put_off.value.reason is Reason.RECEIVER_NOT_READY
    assert desk.effects == []


def test_the_intent_is_committed_before_every_write(handing, settings):
    desk = Desk()
    desk.play(handing, settings)
    before = {
        Operation.LOG_OPEN: {"log_opened"},
        Operation.USERDOC_RECEIVE: {"receiving", "outcomes"},
    }
    for place, step in enumerate(desk.steps):
        if isinstance(step, Call) and step.operation in before:
            assert isinstance(desk.steps[place - 1], Commit)
            assert desk.steps[place - 1].values.keys() == before[step.operation]
        if isinstance(step, WriteFile):
            assert desk.steps[place - 1] == Commit(values={"writing": str(step.place)})


def test_a_document_waits_for_its_receipt_date(application, make_settings):
    saturday = datetime(2026, 1, 3, 14, tzinfo=UTC)
    handing = make_handing(application, received_at=saturday, now=saturday)
    settings = make_settings(receipt_date="next-working-day")
    desk = Desk()
    with pytest.raises(Deferred) as put_off:
        desk.play(handing, settings)
    assert (put_off.value.reason, put_off.value.delay) == (Reason.RECEIVER_NOT_READY, timedelta(days=1, hours=13))
    assert desk.steps == []
    monday = make_handing(application, received_at=saturday, now=datetime(2026, 1, 5, 3, tzinfo=UTC))
    assert desk.play(monday, settings).day == date(2026, 1, 5)


def test_a_retry_on_a_later_day_keeps_the_receipt_date(application, settings):
    desk = Desk()
    desk.kill_at = (4, True)
    with pytest.raises(Killed):
        desk.play(make_handing(application), settings)
    desk.kill_at = None
    later = make_handing(
        application, received_at=datetime(2026, 1, 4, tzinfo=UTC), now=datetime(2026, 1, 4, tzinfo=UTC)
    )
    assert desk.play(later, settings).day == date(2026, 1, 2)


# numbers


def test_a_number_taken_by_somebody_else_is_passed_over(handing, settings):
    desk = Desk(taken=[500, 501])
    assert desk.play(handing, settings).document.number == 502
    assert desk.received() == [502]


def test_a_number_that_is_taken_between_check_and_call_is_passed_over(handing, settings):
    desk = Desk(taken=[500])
    desk.says[Operation.USERDOC_CHECK] = [True]
    assert desk.play(handing, settings).document.number == 501
    assert desk.received() == [501]


def test_a_number_taken_by_something_that_is_no_user_document_is_passed_over(handing, settings):
    desk = Desk()
    desk.says[Operation.USERDOC_RECEIVE] = [Faulted(Operation.USERDOC_RECEIVE, Meaning.TAKEN)]
    assert desk.play(handing, settings).document.number == 501


def test_a_check_that_refuses_by_fault_says_the_same(handing, settings):
    desk = Desk(taken=[500])
    desk.says[Operation.USERDOC_CHECK] = [Faulted(Operation.USERDOC_CHECK, Meaning.TAKEN)]
    assert desk.play(handing, settings).document.number == 501


def test_what_bears_our_mark_is_ours_and_not_received_again(handing, settings):
    desk = Desk()
    desk.userdocs[500] = f"entered by hand {MARK}"
    assert desk.play(handing, settings).document.number == 500
    assert desk.received() == []


def test_the_mark_of_another_version_or_exchange_is_not_ours(handing, settings):
    desk = Desk()
    desk.userdocs |= {500: f"{MARK}1", 501: f"pouch/{EXCHANGE}/2", 502: f"x{MARK}", 503: None}
    assert desk.play(handing, settings).document.number == 504


def test_an_endless_row_of_taken_numbers_is_for_a_person(handing, make_settings):
    desk = Desk(taken=range(500, 600))
    with pytest.raises(Refused) as held:
        desk.play(handing, make_settings())
    assert held.value.reason is Reason.ALREADY_REGISTERED
    assert desk.received() == []


def test_what_may_be_ours_but_has_lost_its_notes_is_for_a_person(handing, settings):
    desk = Desk(log=OPEN)
    desk.own_notes = False
    desk.kill_at = kill_point(desk, handing, settings, Operation.USERDOC_RECEIVE)
    with pytest.raises(Killed):
        desk.play(handing, settings)
    desk.kill_at = None
    with pytest.raises(Refused) as held:
        desk.play(handing, settings)
    assert held.value.reason is Reason.READ_BACK_MISMATCH
    assert desk.received() == [500]


def test_what_was_answered_for_is_done_even_if_ipas_loses_the_notes(handing, settings):
    desk = Desk(log=OPEN)
    desk.own_notes = False
    received = kill_point(desk, handing, settings, Operation.USERDOC_RECEIVE)[0]
    desk.kill_at = (received + 1, True)
    with pytest.raises(Killed):
        desk.play(handing, settings)
    desk.kill_at = None
    assert desk.play(handing, settings).document.number == 500
    assert desk.received() == [500]


def kill_point(desk, handing, settings, operation):
    """The place of the first call of an operation, after which the process dies."""
    rehearsal = Desk(log=desk.log)
    rehearsal.play(handing, settings)
    place = next(n for n, step in enumerate(rehearsal.steps) if getattr(step, "operation", None) is operation)
    return place, True


def test_a_request_that_arrives_late_is_recognised(handing, settings):
    desk = Desk(log=OPEN)
    desk.kill_at = (kill_point(desk, handing, settings, Operation.USERDOC_RECEIVE)[0], False)
    with pytest.raises(Killed):
        desk.play(handing, settings)
    desk.kill_at = None

    def late(operation, arguments):
        # the first request takes effect between our reading back and our second request
        desk.userdocs[500] = arguments["arg9"]
        raise Faulted(operation, Meaning.TAKEN)

    desk.userdoc_receive = late
    assert desk.play(handing, settings).document.number == 500
    assert list(desk.userdocs) == [500]


def test_outcomes_that_stay_unknown_are_for_a_person_in_the_end(handing, settings):
    desk = Desk(log=OPEN)
    desk.kill_at = (kill_point(desk, handing, settings, Operation.USERDOC_RECEIVE)[0], False)
    with pytest.raises(Killed):
        desk.play(handing, settings)
    desk.kill_at = None

    def breaks(operation, arguments):
        raise Killed

    desk.userdoc_receive = breaks
    for _ in range(8):
        with pytest.raises(Killed):
            desk.play(handing, settings)
    with pytest.raises(Refused) as held:
        desk.play(handing, settings)
    assert held.value.reason is Reason.REMOTE_UNKNOWN_ERROR


@pytest.mark.parametrize("answer", [None, {"documentId": None, "notes": None}])
def test_an_answer_without_the_key_is_read_back(handing, settings, answer):
    desk = Desk(log=OPEN)
    original = desk.userdoc_receive
    desk.userdoc_receive = lambda operation, arguments: [original(operation, arguments), answer][1]
    assert desk.play(handing, settings).document.number == 500


def test_a_number_that_ipas_changed_is_for_a_person(handing, settings):
    desk = Desk()
    desk.says[Operation.USERDOC_RECEIVE] = [{"documentId": key(900), "notes": None}]
    with pytest.raises(Refused) as held:
        desk.play(handing, settings)
    assert held.value.reason is Reason.READ_BACK_MISMATCH


# the log, met by others


def test_a_log_that_another_closes_in_between_is_opened_again(handing, settings):
    desk = Desk(log=OPEN)
    desk.says[Operation.USERDOC_RECEIVE] = [Faulted(Operation.USERDOC_RECEIVE, Meaning.LOG_NOT_OPEN)]
    desk.play(handing, settings)
    assert desk.received() == [500]


@pytest.mark.parametrize("operation", [Operation.LOG_OPEN, Operation.LOG_UNDO_CLOSE])
def test_a_log_that_another_opens_first_is_left_for_that_one_to_close(handing, settings, operation):
    desk = Desk(log=ABSENT if operation is Operation.LOG_OPEN else CLOSED)
    original = desk.log_read

    def then_another_opens_it(called, arguments):
        seen = original(called, arguments)
        desk.log = OPEN
        return seen

    desk.log_read = then_another_opens_it
    desk.play(handing, settings)
    assert desk.log_effects() == []
    assert "log_opened" not in desk.committed


def test_a_log_that_another_closed_first_is_as_good(handing, settings):
    desk = Desk()
    desk.says[Operation.LOG_CLOSE] = [Faulted(Operation.LOG_CLOSE, Meaning.LOG_NOT_OPEN)]
    desk.play(handing, settings)
    assert "log_opened" not in desk.committed


@pytest.mark.parametrize("answer", [False, None])
def test_a_log_that_is_not_opened_without_a_reason_is_for_a_person(handing, settings, answer):
    desk = Desk()
    desk.says[Operation.LOG_OPEN] = [answer]
    with pytest.raises(Refused) as held:
        desk.play(handing, settings)
    assert held.value.reason is Reason.REMOTE_UNKNOWN_ERROR
    assert "log_opened" not in desk.committed


# refusals leave the log as it was found


@pytest.mark.parametrize(
    ("meaning", "kind", "reason"),
    [
        (Meaning.UNKNOWN, Refused, Reason.REMOTE_UNKNOWN_ERROR),
        (Meaning.FILE_UNKNOWN, Refused, Reason.LOCAL_FILE_UNKNOWN),
        (Meaning.REFUSED, Refused, Reason.REMOTE_REFUSED),
        (Meaning.BUSY, Deferred, Reason.REMOTE_BUSY),
    ],
)
def test_a_refusal_ends_the_attempt_and_closes_what_we_opened(handing, settings, meaning, kind, reason):
    desk = Desk()
    desk.says[Operation.USERDOC_RECEIVE] = [Faulted(Operation.USERDOC_RECEIVE, meaning)]
    with pytest.raises(kind) as ended:
        desk.play(handing, settings)
    assert ended.value.reason is reason
    assert desk.log_effects() == [OPEN, CLOSED]
    assert desk.committed.keys() == {"number", "day", "outcomes"}


def test_after_a_refusal_the_same_number_is_used(handing, settings):
    desk = Desk()
    desk.says[Operation.USERDOC_RECEIVE] = [Faulted(Operation.USERDOC_RECEIVE, Meaning.BUSY)]
    with pytest.raises(Deferred):
        desk.play(handing, settings)
    assert desk.play(handing, settings).document.number == 500


# files


def test_what_is_read_back_otherwise_once_is_read_again(handing, settings):
    desk = Desk()
    desk.says[Operation.DOCUMENT_READ] = [Content(size=1, sha256=b"x")]
    assert desk.play(handing, settings).compared


def test_what_is_read_back_otherwise_twice_is_for_a_person(handing, settings):
    desk = Desk()
    desk.says[Operation.DOCUMENT_READ] = [Content(size=1, sha256=b"x"), None]
    with pytest.raises(Refused) as held:
        desk.play(handing, settings)
    assert held.value.reason is Reason.READ_BACK_MISMATCH
    assert desk.log_effects() == [OPEN, CLOSED]


def test_a_write_that_says_no_is_for_a_person(handing, settings):
    desk = Desk()
    original = desk.do
    desk.do = lambda step: False if isinstance(step, WriteFile) else original(step)
    with pytest.raises(Refused) as held:
        desk.play(handing, settings)
    assert held.value.reason is Reason.REMOTE_UNKNOWN_ERROR
    assert desk.received() == [500]


def test_by_reference_no_file_is_written(handing, make_settings):
    desk = Desk()
    done = desk.play(handing, make_settings(content="reference-only"))
    assert desk.files == {} and not done.compared
    assert desk.received() == [500]


# crashes


def length(settings, application, log):
    desk = Desk(log=log)
    desk.play(make_handing(application), settings)
    return len(desk.steps)


@pytest.mark.parametrize("log", [OPEN, CLOSED, ABSENT])
def test_a_crash_between_any_two_steps_leads_to_the_same_end(application, settings, log):
    handing = make_handing(application)
    ideal = Desk(log=log)
    ideal.play(handing, settings)
    for place in range(len(ideal.steps)):
        for after in (False, True):
            desk = Desk(log=log)
            desk.kill_at = (place, after)
            with pytest.raises(Killed):
                desk.play(handing, settings)
            desk.kill_at = None
            desk.play(handing, settings)
            # Only a number that was given out but never written down may be lost.
            assert len(desk.received()) == 1, (place, after)
            assert list(desk.userdocs) == desk.received()
            assert sorted(desk.files.values()) == sorted(ideal.files.values())
            assert desk.log is ideal.log, (place, after)
            assert desk.committed.keys() == ideal.committed.keys()


@pytest.mark.parametrize("log", [OPEN, CLOSED])
def test_two_crashes_in_a_row_lead_to_the_same_end(application, settings, log):
    handing = make_handing(application)
    steps = length(settings, application, log)
    for first in range(steps):
        for second in range(steps):
            desk = Desk(log=log)
            for place in (first, second):
                desk.kill_at = (place, True)
                try:
                    desk.play(handing, settings)
                except Killed:
                    continue
            desk.kill_at = None
            desk.play(handing, settings)
            assert len(desk.received()) == 1 and desk.log is log, (first, second)


def test_every_operation_that_changes_something_is_behind_a_committed_intent(handing, settings):
    desk = Desk(log=CLOSED)
    desk.play(handing, settings)
    assert {operation for operation in desk.called() if operation in WRITES} == {
        Operation.LOG_UNDO_CLOSE,
        Operation.USERDOC_RECEIVE,
        Operation.LOG_CLOSE,
    }
