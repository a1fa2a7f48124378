"""The installation's configuration: TOML into frozen values; an unknown key is refused by its path.

Rules: a message never repeats a value; without a file the EXAMPLE is what runs.
"""

from __future__ import annotations

import posixpath
import re
from datetime import date
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from sandbox.serving import read_toml

__all__ = ["EXAMPLE", "FileKey", "Known", "Log", "Priority", "Settings", "load", "read", "read_file_key"]

EXAMPLE = """\
environment = "SANDBOX"
time_zone = "UTC"                      # the office's own: it decides which day a moment belongs to
output_root = "/srv/ipas/in"           # the one folder of the server that can be written to
says_no_by = "value"                   # or "fault": how "there is none" is answered
users = [7]
userdoc_types = ["PRIO"]
taken = []                             # documents entered at the desk, for example "1/E/2026/456"

[[log]]                                # which logs there are
origin = "1"
log = "E"
opened = []                            # days on which the reception desk has opened it
closed = []                            # days on which it has opened and closed it again
today = "untouched"                    # or "open" or "closed": the present day

[[file]]
id = "XX/P/2026/123"                   # sequence/type/series/number
title = "Folding umbrella"
owner = "Example Inventor"
filed = 2026-01-02

[[file.priority]]
country = "YY"
number = "2025001234"
date = 2025-01-15
"""

#: sequence, type, series, number
FileKey = tuple[str, str, int, int]


class Priority(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A priority claim of a file; the number is free text."""

    country: str
    number: str
    date: date


class Known(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of the register."""

    id: str
    title: str = ""
    owner: str = ""
    filed: date
    priority: tuple[Priority, ...] = ()

    @property
    def key(self) -> FileKey:
        """The id in its four parts."""
        return read_file_key(self.id)


class Log(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A log of the reception desk, and the days on which the desk has opened or closed it."""

    origin: str
    log: str
    opened: tuple[date, ...] = ()
    closed: tuple[date, ...] = ()
    today: Literal["untouched", "open", "closed"] = "untouched"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole configuration."""

    environment: str = "SANDBOX"
    time_zone: str = "UTC"
    output_root: str = "/srv/ipas/in"
    says_no_by: Literal["value", "fault"] = "value"
    users: tuple[int, ...] = (7,)
    userdoc_types: tuple[str, ...] = ("PRIO",)
    taken: tuple[str, ...] = ()
    log: tuple[Log, ...] = ()
    file: tuple[Known, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.time_zone)


def read_file_key(text: str) -> FileKey:
    """Read a file id as printed, `XX/P/2026/123`; raises ValueError if it is none."""
    found = re.fullmatch(r"([^/]+)/([^/]+)/(\d+)/(\d+)", text)
    if found is None:
        raise ValueError("a file id is sequence/type/series/number")
    return found[1], found[2], int(found[3]), int(found[4])


def read(text: str, name: str = "configuration") -> Settings:
    """Read and check a configuration; raises ValueError naming the key."""
    settings = read_toml(text, Settings, name)
    root = settings.output_root
    if not root.startswith("/") or posixpath.normpath(root) != root or root == "/":
        raise ValueError(f"{name}: output_root: an absolute path without dots, and not the root")
    try:
        _ = settings.zone
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name}: time_zone: not a zone of the IANA database") from None
    for place, file in enumerate(settings.file):
        try:
            _ = file.key
        except ValueError as wrong:
            raise ValueError(f"{name}: file[{place}].id: {wrong}") from None
    if any(len(taken.split("/")) != 4 for taken in settings.taken):
        raise ValueError(f"{name}: taken: origin/log/series/number")
    return settings


def load(file: Path | None) -> Settings:
    """Read a configuration file, or the EXAMPLE without one; raises ValueError or OSError."""
    return read(EXAMPLE) if file is None else read(file.read_text("utf-8"), file.name)
