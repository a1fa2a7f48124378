"""The error boundary: every failure becomes a Reason in the door's own protocol, and nothing else comes out."""

from datetime import timedelta

import pytest
from memory_line import XA
from rehearsed_door import call, deposit_body, deposited, open_door, post_soap

from gateway.core.reason import Blame, Deferred, Reason, Retry
from gateway.endpoints.door import Limits
from gateway.endpoints.middleware import RETRY_AFTER, SECURITY_HEADERS


async def test_a_bug_is_answered_without_a_word_of_it(door):
    door.line.journal.broken = RuntimeError("secret-detail of 10.0.0.1")
    status, headers, body = await call(door, "POST", "/api/v1/deposits", deposit_body())
    assert (status, body["code"]) == (500, "9001")
    assert "secret-detail" not in str(body) + str(headers)
    assert headers["Retry-After"] == str(RETRY_AFTER[Reason.INTERNAL])


async def test_a_refusal_of_a_proven_sender_is_an_entry(door):
    await call(door, "GET", "/api/v1/exchanges/00000000-0000-7000-8000-000000000000")
    assert door.line.journal.steps() == ["refused"]
    assert door.line.journal.outcomes() == ["4002"]
    assert ("refused", "4002", "rest") in door.line.meter.counted


async def test_how_long_an_answer_took_is_measured(door):
    await call(door, "POST", "/api/v1/deposits", deposit_body())
    await call(door, "GET", "/nowhere", token=None)
    measured = [counted[1] for counted in door.line.meter.counted if counted[0] == "stage_took"]
    assert measured.count("answer") == 1, "what was turned away is counted as refused instead"


async def test_an_unproven_one_is_an_entry_up_to_the_rate_and_then_counted():
    async with open_door(per_minute=2) as door:
        for _ in range(5):
            status, _, _ = await call(door, "GET", "/api/v1/notifications", token=None)
            assert status == 401
        assert door.line.journal.outcomes() == ["2013", "2013"]


async def test_a_failing_source_is_turned_away_unread_with_a_time_to_wait():
    async with open_door(limits=Limits(failures_per_second=0.01, failure_burst=2)) as door:
        for _ in range(2):
            await call(door, "GET", "/nowhere", token=None)
        status, headers, body = await call(door, "POST", "/api/v1/deposits", deposit_body())
        assert (status, body["code"]) == (429, "1005")
        assert int(headers["Retry-After"]) >= 1
        assert not door.line.journal.exchanges


async def test_a_sender_over_its_rate_costs_no_entry_for_each_message():
    async with open_door(limits=Limits(messages_per_second=0.01, burst=1), per_minute=1) as door:
        first, _, _ = await call(door, "POST", "/api/v1/deposits", deposit_body())
        answers = [await call(door, "GET", "/api/v1/notifications") for _ in range(4)]
        assert first == 201
        assert {status for status, _, _ in answers} == {429}
        assert int(answers[0][1]["Retry-After"]) > 1
        assert door.line.journal.outcomes() == ["done", "1005"]


@pytest.mark.parametrize(
    ("state", "reason"), [("away", Reason.DATABASE_UNAVAILABLE), ("full", Reason.DISK_NEARLY_FULL)]
)
async def test_what_passes_is_answered_with_503_and_a_time_to_wait(door, state, reason):
    door.line.journal.away = state == "away"
    door.line.documents.room = state != "full"
    status, headers, body = await call(door, "POST", "/api/v1/deposits", deposit_body())
    assert (status, body["code"]) == (503, reason.code)
    assert headers["Retry-After"] == str(RETRY_AFTER[reason])


async def test_a_nearly_full_disk_refuses_no_question(door):
    exchange = await deposited(door)
    door.line.documents.room = False
    status, _, body = await call(door, "GET", f"/api/v1/exchanges/{exchange}")
    assert (status, body["state"]) == (200, "held")


async def test_every_answer_carries_what_keeps_a_browser_and_a_cache_out(door):
    for status, headers, _ in (
        await call(door, "GET", "/api/v1/notifications"),
        await call(door, "GET", "/nowhere"),
        await call(door, "OPTIONS", "/api/v1/deposits"),
        await post_soap(door, b"<"),
    ):
        assert {name: headers[name] for name in SECURITY_HEADERS} == dict(SECURITY_HEADERS), status


async def test_a_door_that_closes_turns_newcomers_away(door):
    door.presence.leaving = True
    status, headers, body = await call(door, "POST", "/api/v1/deposits", deposit_body())
    assert (status, body["code"], headers["Connection"]) == (503, "1010", "close")
    assert headers["Retry-After"] == str(RETRY_AFTER[Reason.SHUTTING_DOWN])


def test_whatever_is_our_fault_and_passes_says_when_to_come_back():
    passing = {reason for reason in Reason if reason.blame is Blame.US and reason.retry is Retry.LATER}
    assert passing - RETRY_AFTER.keys() == {Reason.LEASE_LOST}, "a lost lease is never answered at a door"


async def test_a_delay_that_is_named_is_told_in_whole_seconds(door):
    async def away(hosted, addressee, limit):
        raise Deferred(Reason.DATABASE_UNAVAILABLE, delay=timedelta(seconds=1.2))

    door.line.records.notifications = away
    _, headers, _ = await call(door, "GET", "/api/v1/notifications")
    assert headers["Retry-After"] == "2"


async def test_an_answer_that_has_begun_is_cut_and_not_continued_by_an_error(door):
    exchange = await deposited(door)
    door.line.documents.lie = b"!"
    with pytest.raises(Exception) as cut:  # whichever way the client's library tells that the line was cut
        async with door.http.get(
            f"/api/v1/exchanges/{exchange}/documents/copy", headers={"Authorization": "Bearer XA/exchange"}
        ) as response:
            await response.read()
    assert "aiohttp" in type(cut.value).__module__
    assert door.line.journal.outcomes()[-1] == "9001"


async def test_the_hosted_office_that_was_meant_signs_the_refusal(door):
    status, headers, _ = await call(
        door, "GET", "/api/v1/exchanges/00000000-0000-7000-8000-000000000000", token="XB/exchange"
    )
    assert status == 404
    assert headers["Pouch-Signature"].startswith("XB-")
    _, headers, _ = await call(door, "GET", "/nowhere")
    assert headers["Pouch-Signature"].startswith(XA)
