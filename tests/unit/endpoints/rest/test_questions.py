"""Status, list and notifications: one's own exchanges, and nobody else's."""

from datetime import timedelta

import pytest
from rehearsed_door import call, deposit_body, deposited, header, listed


async def several(door, count, *, sender="XA", token="XA/exchange"):
    found = []
    for number in range(count):
        door.line.clock.at += timedelta(seconds=1)
        body = deposit_body([listed(inline=True)], header=header(f"m-{sender}-{number}", sender=sender))
        body["application"]["number"] = f"2026/{sender}{number:04}"
        _, _, answer = await call(door, "POST", "/api/v1/deposits", body, token=token, proof=sender)
        found.append(answer["exchangeId"])
    return found


async def test_the_status_says_what_is_known(door):
    exchange = await deposited(door)
    status, _, body = await call(door, "GET", f"/api/v1/exchanges/{exchange}")
    assert (status, body["state"], body["application"]["number"]) == (200, "held", "2026/000123")
    assert [each["contentId"] for each in body["documents"]] == ["copy"]


async def test_an_unchanged_status_is_not_told_twice(door):
    exchange = await deposited(door)
    path = f"/api/v1/exchanges/{exchange}"
    _, headers, _ = await call(door, "GET", path)
    status, again, body = await call(door, "GET", path, headers={"If-None-Match": headers["ETag"]})
    assert (status, again["ETag"], body) == (304, headers["ETag"], None)
    await call(door, "POST", f"{path}/withdrawal", {"header": header("m-2"), "cause": "registered-in-error"})
    status, _, body = await call(door, "GET", path, headers={"If-None-Match": headers["ETag"]})
    assert (status, body["state"]) == (200, "withdrawn")


async def test_the_list_is_told_in_pages_newest_first(door):
    exchanges = await several(door, 5)
    _, _, first = await call(door, "GET", "/api/v1/exchanges?limit=3")
    assert [each["exchangeId"] for each in first["exchanges"]] == exchanges[:1:-1]
    _, _, second = await call(door, "GET", f"/api/v1/exchanges?limit=3&before={first['before']}")
    assert [each["exchangeId"] for each in second["exchanges"]] == exchanges[1::-1]
    assert "before" not in second


async def test_the_list_holds_one_s_own_only(door):
    own = await several(door, 2)
    others = await several(door, 2, sender="XC", token="XC/exchange")
    _, _, mine = await call(door, "GET", "/api/v1/exchanges")
    _, _, theirs = await call(door, "GET", "/api/v1/exchanges?receiver=XA", token="XC/exchange")
    assert {each["exchangeId"] for each in mine["exchanges"]} == set(own)
    assert {each["exchangeId"] for each in theirs["exchanges"]} == set(others)


async def test_the_list_is_narrowed_by_state_and_application(door):
    exchanges = await several(door, 3)
    body = {"header": header("m-w"), "cause": "registered-in-error"}
    await call(door, "POST", f"/api/v1/exchanges/{exchanges[0]}/withdrawal", body)
    _, _, gone = await call(door, "GET", "/api/v1/exchanges?state=withdrawn")
    assert [each["exchangeId"] for each in gone["exchanges"]] == [exchanges[0]]
    named = "officeCode=XA&right=patent&number=2026.XA0001"
    _, _, found = await call(door, "GET", f"/api/v1/exchanges?{named}")
    assert [each["exchangeId"] for each in found["exchanges"]] == [exchanges[1]]


@pytest.mark.parametrize(
    ("query", "code", "place"),
    [
        ("state=nonsense", "3005", "state"),
        ("before=1", "3005", "before"),
        ("before=' OR 1=1 --", "3005", "before"),
        ("number=2026", "3005", "query"),
        ("officeCode=XA&right=x&number=2026", "3005", "right"),
        ("officeCode=xa&right=patent&number=2026", "3014", None),
        ("officeCode=XA&right=patent&number=%27--", "3015", None),
        ("limit=101", "3005", "limit"),
    ],
)
async def test_a_question_that_cannot_be_meant_is_refused(door, query, code, place):
    _, _, body = await call(door, "GET", f"/api/v1/exchanges?{query}")
    assert (body["code"], body.get("place")) == (code, place)


async def test_somebody_else_s_exchange_is_none(door):
    exchange = await deposited(door)
    for token, receiver in (("XC/exchange", "XA"), ("XB/exchange", "XB")):
        status, _, body = await call(door, "GET", f"/api/v1/exchanges/{exchange}?receiver={receiver}", token=token)
        assert (status, body["code"]) == (404, "4002")


@pytest.mark.parametrize("exchange", ["1", "..%2F..%2Fetc", "%2e%2e", "' OR 1=1"])
async def test_an_id_that_is_none_reaches_no_query(door, exchange):
    door.line.journal.broken = AssertionError("it was asked")
    status, _, body = await call(door, "GET", f"/api/v1/exchanges/{exchange}")
    assert (status, body["code"]) in {(404, "4002"), (404, "1008")}
