"""What every table of the settings is made of: closed, silent about its values, with words and numbers in bounds."""

from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

__all__ = ["Count", "Name", "Office", "Seconds", "SettingsError", "Table", "check_url"]


class SettingsError(Exception):
    """The settings cannot be used; the text names file and dotted path, never a value."""


#: Words and numbers that have no other sense; what is out of bounds is refused with the bound, not the value.
Office = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]  # ST.3
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Count = Annotated[int, Meta(ge=1, le=1 << 40)]
Seconds = Annotated[float, Meta(gt=0, le=366 * 86400)]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every table is closed: a misspelt key is an error, not a default. None shows what it holds: some is secret."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


def check_url(url: str | None, place: str) -> None:
    """SettingsError, naming the place, unless it is an http(s) URL or None."""
    if url is None:
        return
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise SettingsError(f"{place}: is not a URL")
