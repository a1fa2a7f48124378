"""adapters/das/protocol_effect.py: a write takes effect once, whatever happens to its answer."""

from datetime import timedelta

import pytest

from adapters.das.protocol import Authorise, Commit
from adapters.das.protocol_place import place
from gateway.core.exchange import FactName
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.request import Hosting
from gateway.core.transmission import Delivered, Pending
from gateway.ports import Answer

HTML = Answer(status=200, headers={"content-type": "text/html"}, body=b"<html>")
UNKNOWN = Deferred(Reason.REMOTE_OUTCOME_UNKNOWN)
SETTLED = timedelta(seconds=901)


@pytest.fixture
def flow(says, refuses):
    item = {
        "documentKindCategory": "patent",
        "documentNumber": "XC 2026/000123",
        "documentDate": "2026-02-03",
        "requestAckId": "reg-0",
        "documentAvailabilityDate": "2026-11-22T12:00:00Z",
        "fileChecksum": None,
    }
    others = {**item, "documentDate": "2026-02-09"}
    foreign = {**item, "documentNumber": "XC 2026/000124"}

    def bag(*items):
        return ("FIND", says(documentRegistrationBag=list(items)))

    return {
        "registered": ("REGISTER", says(201, requestAckId="reg-1")),
        "cut": ("REGISTER", UNKNOWN),
        "pending": ("REGISTRATION_STATUS", says(requestStatusCategory="pending")),
        "success": ("REGISTRATION_STATUS", says(requestStatusCategory="success")),
        "already": ("REGISTRATION_STATUS", says(requestStatusCategory="error", errorCode=-20)),
        "already at once": ("REGISTER", refuses(-20)),
        "found": bag(item),
        "found another": bag(others, foreign),
        "found nothing": bag(),
    }


@pytest.fixture
def stage(rehearse):
    return rehearse(certificate=False, settle_seconds=900)


@pytest.fixture
def play(stage, errands, flow):
    errand = errands.place(hosting=Hosting.OFFICE)

    def play(*names):
        return stage.play(place, errand, *(flow[name] if isinstance(name, str) else name for name in names))

    return play


def _fails(play, *names):
    with pytest.raises((Deferred, Refused)) as failed:
        play(*names)
    return failed.value.reason


def test_the_intent_is_committed_before_the_write_and_a_token_is_at_hand_before_the_intent(stage, play):
    play("registered", "pending")
    token, intent, write, acknowledged = stage.acts[:4]
    assert isinstance(token, Authorise)
    assert isinstance(intent, Commit) and set(intent.values) == {"intent"}
    assert write.operation.name == "REGISTER"
    assert acknowledged.values["acknowledgement"] == "reg-1"


def test_a_token_that_cannot_be_had_leaves_no_intent(stage, errands):
    steps = place(stage.course(), errands.place(hosting=Hosting.OFFICE))
    assert isinstance(next(steps), Authorise)
    with pytest.raises(Deferred):
        steps.throw(Deferred(Reason.REMOTE_UNREACHABLE))
    assert stage.known == {}


def test_a_write_that_took_effect_unanswered_is_found_and_not_sent_again(stage, play):
    assert _fails(play, "cut") is Reason.REMOTE_OUTCOME_UNKNOWN
    outcome = play("found")
    assert {fact.name: fact.value for fact in outcome.facts} == {
        FactName.REGISTERED: "2026-11-22T12:00:00Z",
        FactName.ACKNOWLEDGEMENT: "reg-0",
    }
    assert len(stage.calls("REGISTER")) == 1


def test_a_crash_after_the_intent_begins_with_reading_back(stage, play):
    stage.known["intent"] = "2026-11-22T11:59:00.000000Z"
    assert isinstance(play("found"), Delivered)
    assert stage.calls("REGISTER") == []


def test_what_is_not_found_yet_may_still_come_and_is_not_sent_again_before_it_settled(stage, play):
    _fails(play, "cut")
    assert play("found nothing") == Pending(delay=timedelta(seconds=90))
    stage.clock.pass_by(timedelta(seconds=880))
    assert play("found another") == Pending(delay=timedelta(seconds=20))
    stage.clock.pass_by(timedelta(seconds=20))
    assert isinstance(play("found nothing", "registered", "success"), Delivered)


def test_an_echo_of_the_first_write_is_no_foreign_registration(stage, play):
    _fails(play, "cut")
    stage.clock.pass_by(SETTLED)
    assert isinstance(play("found nothing", "already at once", "found"), Delivered)


def test_an_echo_told_by_the_status_is_none_either(stage, play):
    _fails(play, "cut")
    stage.clock.pass_by(SETTLED)
    assert isinstance(play("found nothing", "registered", "pending"), Pending)
    assert isinstance(play("already", "found"), Delivered)


@pytest.mark.parametrize("replies", [("already at once",), ("registered", "already")], ids=["at once", "by status"])
def test_what_somebody_else_registered_is_held_for_a_person(stage, play, replies):
    assert _fails(play, *replies) is Reason.ALREADY_REGISTERED
    assert stage.known == {}
    assert _fails(play, *replies) is Reason.ALREADY_REGISTERED  # after a person sent it again


def test_a_registration_of_another_date_is_not_taken_for_ours(stage, play):
    _fails(play, "cut")
    stage.clock.pass_by(SETTLED)
    assert _fails(play, "found another", "already at once", "found another") is Reason.ALREADY_REGISTERED


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Deferred(Reason.REMOTE_UNREACHABLE), Reason.REMOTE_UNREACHABLE),
        (Answer(status=429, headers={}, body=b""), Reason.REMOTE_BUSY),
        (Answer(status=503, headers={}, body=b""), Reason.REMOTE_BUSY),
        (Answer(status=401, headers={}, body=b""), Reason.REMOTE_UNAUTHORIZED),
    ],
)
def test_what_was_surely_not_done_leaves_no_intent(stage, play, reply, reason):
    assert _fails(play, ("REGISTER", reply)) is reason
    assert "intent" not in stage.known
    assert isinstance(play("registered", "pending"), Pending)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Answer(status=504, headers={}, body=b""), Reason.REMOTE_OUTCOME_UNKNOWN),
        (HTML, Reason.REMOTE_MALFORMED),
        (Answer(status=200, headers={"content-type": "application/json"}, body=b"{}"), Reason.REMOTE_MALFORMED),
        (Answer(status=302, headers={}, body=b""), Reason.REMOTE_MALFORMED),
    ],
)
def test_what_may_have_been_done_is_read_back(stage, play, reply, reason):
    assert _fails(play, ("REGISTER", reply)) is reason
    assert isinstance(play("found"), Delivered)


def test_a_status_that_cannot_be_had_changes_nothing(stage, play):
    play("registered", "pending")
    for reply in (UNKNOWN, HTML, Answer(status=503, headers={}, body=b"")):
        _fails(play, ("REGISTRATION_STATUS", reply))
    assert isinstance(play("success"), Delivered)
    assert len(stage.calls("REGISTER")) == 1


def test_a_lost_lease_writes_nothing(stage, errands):
    steps = place(stage.course(), errands.place(hosting=Hosting.OFFICE))
    next(steps)
    assert isinstance(steps.send(None), Commit)
    with pytest.raises(Deferred, match="LEASE_LOST"):
        steps.throw(Deferred(Reason.LEASE_LOST))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (-7, Reason.NOT_REGISTERED),
        ("-12", Reason.DATE_MISMATCH),
        (-99, Reason.REMOTE_UNKNOWN_ERROR),
        ("oops Z9Z9", Reason.REMOTE_UNKNOWN_ERROR),
        (None, Reason.REMOTE_UNKNOWN_ERROR),
    ],
)
def test_an_error_of_the_status_is_one_of_the_table_and_begins_anew(stage, play, says, code, reason):
    error = says(requestStatusCategory="error", errorCode=code, statusMessage="expected code Z9Z9")
    with pytest.raises((Deferred, Refused)) as failed:
        play("registered", ("REGISTRATION_STATUS", error))
    assert failed.value.reason is reason
    assert "Z9Z9" not in str(failed.value)
    assert stage.known == {}


def test_other_keys_of_progress_are_left_alone(stage, play):
    stage.known["filing_date"] = "2026-02-03"
    _fails(play, "already at once")
    assert stage.known == {"filing_date": "2026-02-03"}


BASE = "https://das.example/das-api/v1"


def _registered(stage, errands, says, location):
    answer = says(201, {"location": location}, requestAckId="reg-1")
    pending = says(requestStatusCategory="pending")
    stage.play(place, errands.place(hosting=Hosting.OFFICE), ("REGISTER", answer), ("REGISTRATION_STATUS", pending))
    return stage.calls("REGISTRATION_STATUS")[0]


def test_the_location_of_a_request_is_where_its_status_is_asked(stage, errands, says):
    location = f"{BASE}/requests/registrations/statuses?requestAckId=reg-1"
    asked = _registered(stage, errands, says, location)
    assert (asked.url, asked.query) == (location, None)


@pytest.mark.parametrize(
    "location",
    [
        "",
        "/das-api/v1/requests/registrations?requestAckId=reg-1",
        "https://evil.example/das-api/v1/requests?requestAckId=reg-1",
        f"{BASE}.evil.example/requests?requestAckId=reg-1",
        f"{BASE}/../../admin?requestAckId=reg-1",
        f"{BASE}/requests?requestAckId=reg-1&dasAccessCode=Z9Z9",
        f"{BASE}/requests?dasAccessCode=Z9Z9",
        f"{BASE}/requests",
        f"{BASE}/requests?requestAckId=reg-1#x",
        f"{BASE}/requests?requestAckId={'x' * 1100}",
        f"{BASE}/requests?requestAckId=ü",
        "https://[::1/?requestAckId=reg-1",
    ],
)
def test_another_location_is_not_followed_and_not_kept(stage, errands, says, location):
    asked = _registered(stage, errands, says, location)
    assert (asked.url, asked.query) == (f"{BASE}/requests/registrations", {"requestAckId": "reg-1"})
    assert "status_address" not in stage.known
