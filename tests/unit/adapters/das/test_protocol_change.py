"""adapters/das/protocol_change.py."""

from datetime import timedelta

import pytest

from adapters.das.protocol_change import correct, replace_file, withdraw
from gateway.core.exchange import FactName
from gateway.core.reason import Deferred, Reason
from gateway.core.request import Hosting
from gateway.core.transmission import Delivered, Pending
from gateway.ports import Answer

UNKNOWN = Deferred(Reason.REMOTE_OUTCOME_UNKNOWN)
CHECKSUM = "e4eeef9fea1bdbcc0ea2ebc3006fef303a640cbf562e26952d6503559c7ee375"


@pytest.fixture
def flow(says, refuses):
    def bag(**changes):
        item = {
            "documentKindCategory": "patent",
            "documentNumber": "XC 2026/000123",
            "documentDate": "2026-02-01",
            "documentAvailabilityDate": "2026-11-01",
            "fileChecksum": None,
            **changes,
        }
        return ("FIND", says(documentRegistrationBag=[item]))

    return {
        "changed": ("CHANGE", says(requestAckId="cor-1")),
        "change cut": ("CHANGE", UNKNOWN),
        "withdrawn": ("WITHDRAW", says(requestAckId="wit-1")),
        "withdrawal cut": ("WITHDRAW", UNKNOWN),
        "success": (
            "REGISTRATION_STATUS",
            says(requestStatusCategory="success", documentAvailabilityDate="2026-11-22"),
        ),
        "wrong date": ("REGISTRATION_STATUS", says(requestStatusCategory="error", errorCode=-12)),
        "not registered": ("WITHDRAW", refuses(-7)),
        "found old": bag(),
        "found new date": bag(documentDate="2026-02-03"),
        "found moved": bag(documentAvailabilityDate="2026-11-22"),
        "found new file": bag(fileChecksum=CHECKSUM.upper()),
        "found nothing": ("FIND", says(documentRegistrationBag=[])),
        "announced": ("UPLOAD_URL", says(fileId="f-2", fileUploadUrl="https://storage.example/k-1")),
        "stored": ("UPLOAD", Answer(status=200, headers={}, body=b"")),
        "examined": ("FILE_STATUS", says(fileStatusCategory="accepted", fileSizeQuantity=36)),
        "processing": ("FILE_STATUS", says(fileStatusCategory="processing", fileSizeQuantity=36)),
    }


@pytest.fixture
def play(flow):
    def play(stage, move, errand, *names):
        return stage.play(move, errand, *(flow[name] for name in names))

    return play


def test_a_correction_names_the_old_and_the_new_date(rehearse, errands, play):
    stage = rehearse()
    outcome = play(stage, correct, errands.correct(), "changed", "success")
    assert stage.body("CHANGE") == {
        "documentKindCategory": "patent",
        "documentNumber": "XC 2026/000123",
        "documentDate": "2026-02-01",
        "newDocumentDate": "2026-02-03",
    }
    assert {fact.name: fact.value for fact in outcome.facts} == {
        FactName.REGISTERED: "2026-11-22",
        FactName.ACKNOWLEDGEMENT: "cor-1",
    }


def test_a_correction_that_took_effect_unanswered_is_seen_by_its_date(rehearse, errands, play):
    stage = rehearse()
    with pytest.raises(Deferred):
        play(stage, correct, errands.correct(), "change cut")
    assert isinstance(play(stage, correct, errands.correct(), "found old"), Pending)
    outcome = play(stage, correct, errands.correct(), "found new date")
    assert {fact.name for fact in outcome.facts} == {FactName.REGISTERED}  # the list shows no change's own id
    assert len(stage.calls("CHANGE")) == 1


def test_a_correction_sent_twice_believes_the_list_and_not_the_echo(rehearse, errands, play):
    stage = rehearse()
    with pytest.raises(Deferred):
        play(stage, correct, errands.correct(), "change cut")
    stage.clock.pass_by(timedelta(hours=1))
    outcome = play(stage, correct, errands.correct(), "found old", "changed", "wrong date", "found new date")
    assert isinstance(outcome, Delivered)


def test_a_new_file_is_uploaded_and_named(rehearse, errands, play):
    stage = rehearse()
    assert isinstance(play(stage, replace_file, errands.replace(), "announced", "stored", "processing"), Pending)
    assert isinstance(play(stage, replace_file, errands.replace(), "examined", "changed", "success"), Delivered)
    assert stage.body("CHANGE") == {
        "documentKindCategory": "patent",
        "documentNumber": "XC 2026/000123",
        "documentDate": "2026-02-03",
        "fileId": "f-2",
    }


def test_a_replacement_that_took_effect_unanswered_is_seen_by_its_checksum(rehearse, errands, play):
    stage = rehearse()
    with pytest.raises(Deferred):
        play(stage, replace_file, errands.replace(), "announced", "stored", "examined", "change cut")
    assert isinstance(play(stage, replace_file, errands.replace(), "found moved"), Pending)
    assert isinstance(play(stage, replace_file, errands.replace(), "found new file"), Delivered)


def test_a_new_file_of_the_own_library_is_told_by_a_change_that_names_nothing(rehearse, errands, play):
    stage, errand = rehearse(), errands.replace(hosting=Hosting.OFFICE)
    assert isinstance(play(stage, replace_file, errand, "found old", "changed", "success"), Delivered)
    assert set(stage.body("CHANGE")) == {"documentKindCategory", "documentNumber", "documentDate"}


def test_in_the_own_library_an_unanswered_change_is_seen_by_the_availability_date(rehearse, errands, play):
    stage, errand = rehearse(), errands.replace(hosting=Hosting.OFFICE)
    with pytest.raises(Deferred):
        play(stage, replace_file, errand, "found old", "change cut")
    assert isinstance(play(stage, replace_file, errand, "found old"), Pending)
    assert isinstance(play(stage, replace_file, errand, "found moved"), Delivered)
    assert len(stage.calls("CHANGE")) == 1


def test_the_settings_can_tell_nothing_of_a_new_file_of_the_own_library(rehearse, errands, play):
    stage = rehearse(replace_in_library="nothing")
    errand = errands.replace(hosting=Hosting.OFFICE)
    assert play(stage, replace_file, errand) == Delivered()
    assert stage.acts == []


def test_a_withdrawal_says_its_cause_in_our_own_word(rehearse, errands, play):
    stage = rehearse()
    outcome = play(stage, withdraw, errands.withdraw(), "withdrawn", "success")
    assert stage.body("WITHDRAW") == {
        "documentKindCategory": "patent",
        "documentNumber": "XC 2026/000123",
        "documentDate": "2026-02-03",
        "statusMessage": "authorisation-rescinded",
    }
    assert [(fact.name, fact.value) for fact in outcome.facts] == [(FactName.ACKNOWLEDGEMENT, "wit-1")]


def test_a_withdrawal_that_took_effect_unanswered_is_seen_by_the_absence(rehearse, errands, play):
    stage = rehearse()
    with pytest.raises(Deferred):
        play(stage, withdraw, errands.withdraw(), "withdrawal cut")
    assert isinstance(play(stage, withdraw, errands.withdraw(), "found old"), Pending)
    assert play(stage, withdraw, errands.withdraw(), "found nothing") == Delivered()
    assert len(stage.calls("WITHDRAW")) == 1


def test_not_registered_after_our_own_withdrawal_is_done(rehearse, errands, play):
    stage = rehearse()
    with pytest.raises(Deferred):
        play(stage, withdraw, errands.withdraw(), "withdrawal cut")
    stage.clock.pass_by(timedelta(hours=1))
    outcome = play(stage, withdraw, errands.withdraw(), "found old", "not registered", "found nothing")
    assert outcome == Delivered()


def test_not_registered_without_a_withdrawal_of_ours_is_told(rehearse, errands, play):
    with pytest.raises(Deferred) as deferred:
        play(rehearse(), withdraw, errands.withdraw(), "not registered")
    assert deferred.value.reason is Reason.NOT_REGISTERED
