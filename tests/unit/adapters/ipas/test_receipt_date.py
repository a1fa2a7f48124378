"""The receipt date follows the office's rule in the office's calendar."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from adapters.ipas.receipt_date import Calendar, ReceiptRule, receipt_date

ZONE = ZoneInfo("America/Asuncion")  # three hours behind UTC in January 2026


def calendar(*, holidays=(), day_ends=None, working=(0, 1, 2, 3, 4), zone=ZONE):
    return Calendar(zone=zone, working=frozenset(working), holidays=frozenset(holidays), day_ends=day_ends)


def at(day, hour, minute=0):
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arrived", "day"),
    [(at(2, 2, 59), 1), (at(2, 3), 2), (at(3, 2, 59), 2), (at(4, 12), 4)],
)
def test_on_arrival_the_offices_own_day_counts_whatever_day_it_is(arrived, day):
    assert receipt_date(arrived, ReceiptRule.ARRIVAL, calendar()) == date(2026, 1, day)


@pytest.mark.parametrize(
    ("arrived", "day"),
    [
        (at(2, 15), 2),  # a Friday, open
        (at(2, 19, 29), 2),  # 16:29 there
        (at(2, 19, 30), 5),  # the desk has closed; Saturday and Sunday follow
        (at(3, 15), 5),
        (at(6, 2), 6),  # 23:00 on Monday: Tuesday, a holiday below, so see the next test
    ],
)
def test_the_next_working_day_begins_when_the_desk_closes(arrived, day):
    rule = ReceiptRule.NEXT_WORKING_DAY
    assert receipt_date(arrived, rule, calendar(day_ends=time(16, 30))) == date(2026, 1, day)


def test_holidays_are_no_working_days():
    days = calendar(holidays=[date(2026, 1, 5), date(2026, 1, 6)])
    assert receipt_date(at(3, 15), ReceiptRule.NEXT_WORKING_DAY, days) == date(2026, 1, 7)


def test_without_closing_time_the_whole_working_day_counts():
    assert receipt_date(at(3, 2, 59), ReceiptRule.NEXT_WORKING_DAY, calendar()) == date(2026, 1, 2)


def test_an_office_may_work_from_sunday_to_thursday():
    days = calendar(working=(6, 0, 1, 2, 3), zone=ZoneInfo("Asia/Riyadh"))
    assert receipt_date(at(2, 12), ReceiptRule.NEXT_WORKING_DAY, days) == date(2026, 1, 4)


def test_a_calendar_without_working_days_is_a_wrong_setting():
    with pytest.raises(ValueError, match="no working day"):
        receipt_date(at(2, 12), ReceiptRule.NEXT_WORKING_DAY, calendar(working=()))
