"""The table of everything that can go wrong is complete, consistent, and holds no value of any message."""

import re
from datetime import timedelta

import pytest

from gateway.core.reason import Blame, Deferred, Reason, Refused, Retry, by_code

#: What a family may answer with: 1 transport, 2 identity, 3 content, 4 state, 5 remote office, 9 internal.
FAMILIES = {
    "1": {400, 404, 405, 408, 413, 415, 429, 503},
    "2": {401, 403},
    "3": {400, 403, 404, 422},
    "4": {403, 404, 409, 410, 429},
    "5": {404, 409, 422, 500, 502, 503},
    "9": {500, 503},
}


def test_codes_are_four_digits_and_unique() -> None:
    codes = [reason.code for reason in Reason]
    assert all(re.fullmatch(r"[1-59]\d{3}", code) for code in codes)
    assert len(set(codes)) == len(codes)
    assert codes == sorted(codes), "the table is read by people: in the order of its codes"


@pytest.mark.parametrize("reason", Reason)
def test_a_row_is_found_by_its_code(reason: Reason) -> None:
    assert by_code(reason.code) is reason
    assert str(reason) == f"{reason.code} {reason.name}"


def test_an_unknown_code_is_no_reason() -> None:
    with pytest.raises(KeyError):
        by_code("0000")


@pytest.mark.parametrize("reason", Reason)
def test_the_answer_fits_the_family(reason: Reason) -> None:
    assert reason.http in FAMILIES[reason.code[0]]


@pytest.mark.parametrize("reason", Reason)
def test_blame_retry_and_status_agree(reason: Reason) -> None:
    if reason.blame is Blame.US:
        assert reason.http >= 500 and reason.retry is not Retry.NEVER
    if reason.http < 500 and reason.blame is Blame.SENDER:
        assert reason.retry in {Retry.NEVER, Retry.PERSON} or reason.http in {409, 429}
    if reason.http == 503:
        assert reason.retry is Retry.LATER, "503 asks the caller to come back"
    if reason.blame is Blame.PARTNER:
        assert reason.code[0] == "5"


@pytest.mark.parametrize("reason", Reason)
def test_texts_are_sentences_without_places_for_values(reason: Reason) -> None:
    for text in (reason.text, reason.remedy):
        assert text[0].isupper() or text[0].isdigit()
        assert text.endswith(".")
        assert text == text.strip() and "  " not in text and "\n" not in text
        assert not re.search(r"[{}%<]|\$\w", text), "a value would find its way in here"
    assert reason.text != reason.remedy
    assert len(reason.text) <= 120 and len(reason.remedy) <= 200


def test_exceptions_say_row_and_place_only() -> None:
    refused = Refused(Reason.DOCUMENT_DIGEST, "/d:Deposit/d:Document[2]")
    assert str(refused) == "3013 DOCUMENT_DIGEST at /d:Deposit/d:Document[2]"
    assert (refused.reason, refused.place) == (Reason.DOCUMENT_DIGEST, "/d:Deposit/d:Document[2]")
    assert str(Refused(Reason.NOT_XML)) == "3001 NOT_XML"
    deferred = Deferred(Reason.REMOTE_BUSY, delay=timedelta(seconds=30))
    assert str(deferred) == "5002 REMOTE_BUSY"
    assert deferred.delay == timedelta(seconds=30)
    assert not isinstance(deferred, Refused)
