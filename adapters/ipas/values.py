"""IPAS's wrappers: every whole number is a double in `ipasInteger`, every time a dateTime in `ipasDateTime`.

Rules: a double that is not whole, or too large to be exact, is no number of ours; lists come as [None] or absent and
are both the empty list.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.core.reason import Deferred, Reason

__all__ = ["instant", "integer", "items", "plain"]

#: From here on neighbouring whole numbers share one double (IEEE 754 binary64).
_EXACT = 2**53


def integer(value: int) -> dict[str, int]:
    """Wrap a whole number; ValueError if a double cannot hold it exactly."""
    if abs(value) > _EXACT:
        raise ValueError("not exact in a double")
    return {"doubleValue": value}


def instant(value: datetime) -> dict[str, datetime]:
    """Wrap a time; ValueError without offset, since IPAS would read it in its own zone."""
    if value.tzinfo is None:
        raise ValueError("a time without zone")
    return {"dateValue": value}


def plain(value: Any) -> Any:
    """Unwrap an answer: int and datetime for the wrappers, lists without nil entries, all else as it is.

    Deferred(REMOTE_MALFORMED) for a number that is not whole.
    """
    if isinstance(value, Mapping):
        if value.keys() == {"doubleValue"}:
            return _whole(value["doubleValue"])
        if value.keys() == {"dateValue"}:
            return value["dateValue"]
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [part for part in map(plain, value) if not _is_nil(part)]
    return value


def items(value: Any) -> list[Any]:
    """Give a list field's entries, none for one that is absent."""
    return value if isinstance(value, list) else []


def _is_nil(value: Any) -> bool:
    # zeep reads an entry with xsi:nil as an object whose every field is absent
    if isinstance(value, Mapping):
        return all(_is_nil(part) for part in value.values())
    return value is None or value == []


def _whole(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, float) or not value.is_integer() or abs(value) > _EXACT:
        raise Deferred(Reason.REMOTE_MALFORMED, "ipasInteger")
    return int(value)
