"""The Bureau's calls: a question is acknowledged, a wrong code tells nothing, a notification is taken."""

from dataclasses import replace

import pytest
from memory_line import IB
from rehearsed_das import ASKED, das, placed

from gateway.core.transmission import Task


async def test_a_question_for_a_document_of_the_library_is_acknowledged(door):
    exchange, code = await placed(door)
    status, body = await das(door, "retrievals", {**ASKED, "dasAccessCode": code})
    assert status == 201
    [leg] = [each for each in door.line.journal.transmissions[exchange] if each.leg.task is Task.ANSWER]
    assert body == {"requestAckId": leg.transmission_id}
    assert (leg.leg.counterpart, door.line.journal.steps()[-1]) == (IB, "asked")


@pytest.mark.parametrize(
    ("changes", "status", "number"),
    [
        ({"dasAccessCode": "0000"}, 400, -14),
        ({"documentDate": "2026-10-02"}, 400, -12),
        ({"documentNumber": "2026/000124"}, 400, -7),
        ({"documentKindCategory": "design"}, 400, -7),
        ({"documentKindCategory": "something new"}, 400, -7),
    ],
)
async def test_what_differs_is_told_by_its_number_and_never_by_what_was_expected(door, changes, status, number):
    _, code = await placed(door)
    got, body = await das(door, "retrievals", {**ASKED, "dasAccessCode": code} | changes)
    assert (got, body["code"], [each["code"] for each in body["details"]]) == (status, "INVALID_INPUT_DATA", [number])
    assert code not in str(body)
    assert "2026-10-01" not in str(body)


async def test_wrong_codes_are_counted_and_then_a_person_decides(door):
    _, code = await placed(door)
    for _ in range(3):
        await das(door, "retrievals", {**ASKED, "dasAccessCode": "0000"})
    status, body = await das(door, "retrievals", {**ASKED, "dasAccessCode": code})
    assert (status, body["code"]) == (403, "FORBIDDEN")
    assert door.line.journal.outcomes()[-1] == "4009"


@pytest.mark.parametrize("token", [None, "nonsense", "XB"])
async def test_only_the_bureau_s_token_opens(door, token):
    status, body = await das(door, "retrievals", {**ASKED, "dasAccessCode": "0000"}, token=token)
    assert (status, body["code"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"{", 400), (b"[]", 400), (b'{"documentNumber": 1}', 400), (b"x" * 20_000, 413), (b'{"a":' * 5000, 413)],
)
async def test_a_body_that_is_none_of_das_is_refused(door, content, code):
    status, body = await das(door, "retrievals", content)
    assert status == code
    assert set(body) == {"code", "message", "details"}


async def test_a_notification_wakes_what_waits_for_it(door):
    exchange, _ = await placed(door)
    store = door.line.journal
    waiting = store.transmissions[exchange][0]
    leg = replace(waiting.leg, progress={"acknowledgement": "ib-1"})
    store.transmissions[exchange][0] = replace(waiting, leg=leg)
    status, body = await das(door, "notifications", {"requestAckId": "ib-1", "requestStatusCategory": "success"})
    assert (status, body) == (204, None)
    assert store.steps()[-1] == "noticed"


async def test_a_notification_for_nothing_is_taken_too_and_recorded(door):
    status, body = await das(door, "notifications", {"requestAckId": "unknown", "requestStatusCategory": "success"})
    assert (status, body) == (204, None)
    assert door.line.journal.outcomes() == ["4002"]
    assert ("refused", "4002", "das") in door.line.meter.counted


async def test_a_failure_of_ours_is_no_error_of_the_caller(door):
    door.line.journal.away = True
    status, body = await das(door, "notifications", {"requestAckId": "ib-1", "requestStatusCategory": "success"})
    assert (status, body["code"]) == (503, "SERVICE_UNAVAILABLE")
