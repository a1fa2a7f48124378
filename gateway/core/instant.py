"""Times as we write them: aware, UTC, RFC 3339 with microseconds and a Z."""

from datetime import UTC, datetime

__all__ = ["rfc3339"]


def rfc3339(at: datetime) -> str:
    """Write an aware time in UTC; ValueError for a naive one, since it says nothing across offices."""
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
