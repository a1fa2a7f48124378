"""Moments as operators type them: 2026-11-23T10:00 in the office's time zone, or with an offset or Z."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

__all__ = ["read_moment"]


def read_moment(text: str, zone: ZoneInfo) -> datetime:
    """Read a moment; a usage error for anything that is not ISO 8601, or not between the years 2000 and 9000."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{text} is not a time such as 2026-11-23T10:00 or 2026-11-23T09:00Z.") from None
    if not 2000 <= moment.year < 9000:
        raise click.UsageError(f"{text} is not of our time.")
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
