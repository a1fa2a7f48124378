"""The operator's settings of this adapter.

Rules: strict. An unknown key is refused by its dotted path, and no message repeats a value.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

__all__ = ["Config", "read_config"]


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`base_url` is where the counterpart is, https; `counterpart` is its label in the metrics."""

    base_url: str
    counterpart: str = "XX"


def read_config(settings: Mapping[str, Any]) -> Config:
    """Read the settings; ValueError names the dotted path of the first key that cannot be used."""
    try:
        config = msgspec.convert(dict(settings), Config)
    except msgspec.ValidationError as error:
        raise ValueError(_without_values(str(error))) from None
    parts = urlsplit(config.base_url)
    if parts.scheme != "https" or not parts.hostname or config.base_url.endswith("/"):
        raise ValueError("base_url: an https URL that does not end with a slash")
    return config


def _without_values(text: str) -> str:
    """msgspec quotes keys, which are told, and values, which are not."""
    problem, _, where = text.partition(" - at ")
    path = where.strip("`").removeprefix("$").removeprefix(".")
    found = re.match(r"Object (contains unknown|missing required) field `([^`]*)`", problem)
    if found is None:
        return f"{path or 'settings'}: cannot be used"
    dotted = f"{path}.{found.group(2)}" if path else found.group(2)
    return f"{dotted}: {'unknown key' if found.group(1) == 'contains unknown' else 'is missing'}"
