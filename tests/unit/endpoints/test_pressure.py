"""Pressure: a line at once, then one a minute that says how many there were."""

import pytest
from memory_line import XA
from rehearsed_door import call, deposit_body, open_door
from structlog.testing import capture_logs

from gateway.core.reason import Reason
from gateway.endpoints.door import Limits
from gateway.endpoints.pressure import PRESSURE, Pressure

LINE = "turned away for want of room or rate"


def test_the_first_is_told_at_once_and_the_others_after_a_minute_with_their_number():
    pressure = Pressure()
    told = [pressure.count(Reason.DISK_NEARLY_FULL, "rest", "", at) for at in (7.0, 7.1, 66.9, 67.0, 67.1, 200.0)]
    assert told == [1, None, None, 3, None, 2]


def test_each_reason_door_and_sender_is_told_for_itself():
    pressure = Pressure()
    for reason, door, sender in (
        (Reason.DISK_NEARLY_FULL, "rest", "XA"),
        (Reason.RATE_EXCEEDED, "rest", "XA"),
        (Reason.RATE_EXCEEDED, "soap", "XA"),
        (Reason.RATE_EXCEEDED, "soap", "XB"),
    ):
        assert pressure.count(reason, door, sender, 1.0) == 1
        assert pressure.count(reason, door, sender, 1.0) is None


def test_want_of_room_rate_and_strength_is_pressure_and_a_bad_message_is_not():
    assert {Reason.DISK_NEARLY_FULL, Reason.RATE_EXCEEDED, Reason.DATABASE_UNAVAILABLE} <= PRESSURE
    assert not {Reason.NOT_JSON, Reason.BODY_TOO_LARGE, Reason.INTERNAL} & PRESSURE


async def test_a_full_disk_is_told_once_and_not_with_each_message(door):
    door.line.documents.room = False
    with capture_logs() as lines:
        for _ in range(3):
            assert (await call(door, "POST", "/api/v1/deposits", deposit_body()))[0] == 503
    [line] = lines
    assert (line["event"], line["log_level"]) == (LINE, "warning")
    assert (line["reason"], line["door"], line["count"]) == ("1006", "rest", 1)


@pytest.mark.parametrize("proven", [True, False])
async def test_who_exceeds_the_rate_is_told_by_name_if_it_is_known(proven):
    limits = Limits(messages_per_second=0.01, burst=1, failures_per_second=0.01, failure_burst=1)
    async with open_door(limits=limits) as door:
        with capture_logs() as lines:
            token = "XA/exchange" if proven else None
            statuses = [(await call(door, "GET", "/api/v1/notifications", token=token))[0] for _ in range(4)]
    assert statuses[1:] == [429] * 3
    [line] = [line for line in lines if line["event"] == LINE]
    assert (line["reason"], line["sender"]) == ("1005", XA if proven else "")
