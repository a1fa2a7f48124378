"""Retry-After (RFC 9110, section 10.2.3): how long a counterpart asks us to wait.

Rules: seconds or an HTTP date; what is behind us or negative is no wait, what is absurd is a year, since the retry
table shortens it anyway; what is neither is ignored.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

__all__ = ["retry_after"]

_YEAR: Final = timedelta(days=365)
_SECONDS: Final = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_LONGEST: Final = 64


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Give the wait that a header value names, between nothing and a year; None if it names none."""
    text = (value or "").strip()
    if not text or len(text) > _LONGEST:
        return None
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=min(max(float(text), 0.0), _YEAR.total_seconds()))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if at.tzinfo is None:  # "-0000" and the obsolete forms without zone are in UTC
        at = at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta()), _YEAR)
