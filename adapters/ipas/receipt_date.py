"""The legal receipt date of a document: by the office's rule from the moment of arrival, never simply "now".

Rules: pure; the office's own calendar and zone decide which day a moment belongs to.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["Calendar", "ReceiptRule", "receipt_date"]


class ReceiptRule(StrEnum):
    """How an office dates what arrives electronically."""

    ARRIVAL = "arrival"  # the day on which it arrived
    NEXT_WORKING_DAY = "next-working-day"  # that day if it is a working day and the desk is open, else the next one


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The office's days: `working` weekdays (Monday is 0), `holidays`, `day_ends` when the desk closes, or None."""

    zone: ZoneInfo
    working: Set[int]
    holidays: Set[date]
    day_ends: time | None

    def is_working(self, day: date) -> bool:
        """Whether the desk works on that day."""
        return day.weekday() in self.working and day not in self.holidays


_LONGEST_CLOSURE: Final = 60


def receipt_date(arrived_at: datetime, rule: ReceiptRule, calendar: Calendar) -> date:
    """Give the receipt date of what arrived at an aware time.

    ValueError if the calendar has no working day within 60 days: then it is the settings that are wrong.
    """
    local = arrived_at.astimezone(calendar.zone)
    day = local.date()
    if rule is ReceiptRule.ARRIVAL:
        return day
    if calendar.day_ends is not None and local.time() >= calendar.day_ends:
        day += timedelta(days=1)
    for _ in range(_LONGEST_CLOSURE):
        if calendar.is_working(day):
            return day
        day += timedelta(days=1)
    raise ValueError("no working day in the calendar")
