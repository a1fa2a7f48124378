"""adapters/das/protocol_answer.py."""

import pytest

from adapters.das.protocol_answer import answer_inquiry, look
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.transmission import Delivered
from gateway.ports import Answer

TAKEN = Answer(status=204, headers={}, body=b"")


def test_a_ready_document_is_told_by_our_own_acknowledgement(rehearse, errands):
    stage = rehearse()
    assert stage.play(answer_inquiry, errands.answer(), ("NOTIFY", TAKEN)) == Delivered()
    assert stage.body("NOTIFY") == {
        "requestAckId": "off-1",
        "requestStatusCategory": "success",
        "errorCode": None,
        "documentAvailabilityDate": "2026-11-22T12:00:00.000000Z",
    }


@pytest.mark.parametrize(
    ("reason", "number"),
    [
        (Reason.ACCESS_CODE_MISMATCH, -14),
        (Reason.DATE_MISMATCH, -12),
        (Reason.NOT_REGISTERED, -7),
        (Reason.NOT_RELEASED, -7),
        (Reason.HELD_BY_PERSON, -7),
    ],
)
def test_why_it_is_not_given_is_a_number_and_no_text(rehearse, errands, reason, number):
    stage = rehearse()
    stage.play(answer_inquiry, errands.answer(reason=reason), ("NOTIFY", TAKEN))
    body = stage.body("NOTIFY")
    assert (body["requestStatusCategory"], body["errorCode"]) == ("error", number)
    assert not {value for value in body.values() if isinstance(value, str)} - {"off-1", "error"}


def test_an_older_bureau_answers_201(rehearse, errands):
    answer = Answer(status=201, headers={}, body=b"")
    assert rehearse().play(answer_inquiry, errands.answer(), ("NOTIFY", answer)) == Delivered()


def test_an_answer_nobody_waits_for_is_final(rehearse, errands, refuses):
    with pytest.raises(Refused) as refused:
        rehearse().play(answer_inquiry, errands.answer(), ("NOTIFY", refuses(status=404)))
    assert refused.value.reason is Reason.REMOTE_REFUSED


def test_a_notification_that_may_not_have_arrived_is_sent_again(rehearse, errands):
    stage = rehearse()
    with pytest.raises(Deferred):
        stage.play(answer_inquiry, errands.answer(), ("NOTIFY", Deferred(Reason.REMOTE_OUTCOME_UNKNOWN)))
    stage.play(answer_inquiry, errands.answer(), ("NOTIFY", TAKEN))
    assert stage.body("NOTIFY", 0) == stage.body("NOTIFY", 1)


def test_a_look_takes_a_token_and_asks(rehearse, says, refuses):
    told = rehearse().play(look, None, ("RETRIEVALS", says(documentRetrievalResponseBag=[])))
    assert told == "answers and takes our token"
    assert "may not" in rehearse().play(look, None, ("RETRIEVALS", refuses(status=403)))


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, Reason.REMOTE_UNAUTHORIZED), (503, Reason.REMOTE_BUSY), (404, Reason.REMOTE_MALFORMED)],
)
def test_a_look_tells_what_is_wrong(rehearse, status, reason):
    with pytest.raises(Deferred) as deferred:
        rehearse().play(look, None, ("RETRIEVALS", Answer(status=status, headers={}, body=b"<html>")))
    assert deferred.value.reason is reason
