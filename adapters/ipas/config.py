"""The operator's settings for one office's IPAS: a strict table into frozen values.

Rules: an error names the dotted path and never the value; what is agreed with the office (origin, log, number range,
type, receipt rule, folder) has no default.
"""

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from adapters.ipas.codes import Meaning, Row
from adapters.ipas.operations import Operation
from adapters.ipas.receipt_date import Calendar, ReceiptRule
from gateway.core.office import Right

__all__ = ["FaultRow", "FileKeySettings", "IpasSettings", "Section", "read_settings"]

_Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,20}$")]
_Number = Annotated[int, msgspec.Meta(ge=1, le=999_999_999)]

#: The one file name: made of these and nothing else, so that it is safe on any server.
_NAME_PARTS: Final = frozenset({"exchange", "version", "ordinal", "role", "number"})
_ROOT: Final = re.compile(r"(?:/|[A-Za-z]:/)[A-Za-z0-9 ._/-]*[A-Za-z0-9_-]")


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every table is closed."""


class FaultRow(_Table, frozen=True, kw_only=True):
    """An office's own wording of a fault: `pattern` found in the text means `means` (codes.Meaning)."""

    pattern: str
    means: Meaning
    operations: tuple[Operation, ...] = ()


class FileKeySettings(_Table, frozen=True, kw_only=True):
    """How an own application number becomes a file key: a pattern with the groups `number` and `series`, and `seq` and
    `type` as groups or as fixed values here."""

    pattern: str = r"(?P<seq>[^/\s]{1,10})/(?P<type>[^/\s]{1,10})/(?P<series>\d{4})/(?P<number>\d{1,9})"
    seq: str | None = None
    type: str | None = None


class Section(_Table, frozen=True, kw_only=True):
    """The office section that receives (cOfficeSectionId)."""

    division: _Code
    department: _Code | None = None
    section: _Code | None = None


class IpasSettings(_Table, frozen=True, kw_only=True):
    """All that is agreed with one office.

    `endpoints` maps a right to the address of its installation; `first_number` to `last_number` is our own range in
    each year; `output_root` is the one folder of the server below which files are written; `largest_file` is in
    bytes, since the server has the whole document in its memory.
    """

    endpoints: dict[Right, str]
    time_zone: str
    doc_origin: _Code
    doc_log: _Code
    first_number: _Number
    last_number: _Number
    userdoc_type: _Code
    user_number: _Number
    receipt_date: ReceiptRule
    content: Literal["output-folder", "reference-only"]
    output_root: str | None = None
    office_section: Section | None = None
    working_days: tuple[Annotated[int, msgspec.Meta(ge=0, le=6)], ...] = (0, 1, 2, 3, 4)
    holidays: tuple[date, ...] = ()
    day_ends: time | None = None
    reopen_closed_log: bool = True
    file_name: str = "{exchange}-v{version}-{ordinal}"
    largest_file: Annotated[int, msgspec.Meta(ge=1)] = 32 << 20
    find_file_by: tuple[Literal["own-number", "priority-claim"], ...] = ("own-number", "priority-claim")
    file_key: FileKeySettings = FileKeySettings()
    fault: tuple[FaultRow, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def calendar(self) -> Calendar:
        """The office's days."""
        return Calendar(
            zone=self.zone,
            working=frozenset(self.working_days),
            holidays=frozenset(self.holidays),
            day_ends=self.day_ends,
        )

    @property
    def fault_rows(self) -> tuple[Row, ...]:
        """The office's own rows of the fault table."""
        return tuple(
            Row(
                operations=frozenset(row.operations) or None,
                pattern=re.compile(row.pattern, re.IGNORECASE),
                meaning=row.means,
            )
            for row in self.fault
        )


def read_settings(table: Mapping[str, Any]) -> IpasSettings:
    """Read the settings table of the connection; ValueError with the dotted path of what cannot be used."""
    try:
        settings = msgspec.convert(dict(table), IpasSettings, strict=True)
    except msgspec.ValidationError as wrong:
        # msgspec may quote a value; only the path, or the name of an unknown or missing field, is passed on
        text = str(wrong)
        place = re.search(r"`\$\.?([^`]*)`$", text)
        field = re.search(r"field `(\w+)`", text)
        names = [found[1] for found in (place, field) if found is not None and found[1]]
        raise ValueError(f"{'.'.join(names) or 'settings'}: not usable here") from None
    _check(settings)
    return settings


def _check(settings: IpasSettings) -> None:
    for right, url in settings.endpoints.items():
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.username:
            raise ValueError(f"endpoints.{right.value}: an http or https address without user and query")
    if not settings.endpoints:
        raise ValueError("endpoints: at least one right")
    try:
        _ = settings.zone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("time_zone: a zone of the IANA database") from None
    if settings.first_number > settings.last_number:
        raise ValueError("last_number: not below first_number")
    if not settings.working_days or not settings.find_file_by:
        raise ValueError("working_days, find_file_by: not empty")
    root = settings.output_root
    if settings.content == "output-folder" and root is None:
        raise ValueError("output_root: needed for content = output-folder")
    if root is not None and (not _ROOT.fullmatch(root) or any(p in ("", ".", "..") for p in root.split("/")[1:])):
        raise ValueError("output_root: an absolute folder, with / between plain names and none at its end")
    _check_patterns(settings)


def _check_patterns(settings: IpasSettings) -> None:
    used = set(re.findall(r"\{(\w*)\}", settings.file_name))
    if not {"exchange", "version", "ordinal"} <= used <= _NAME_PARTS:
        raise ValueError("file_name: {exchange}, {version} and {ordinal}, and of others only {role} and {number}")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", re.sub(r"\{\w+\}", "", settings.file_name)):
        raise ValueError("file_name: besides the parts only letters, digits, - and _")
    for place, row in enumerate(settings.fault):
        _compile(row.pattern, f"fault[{place}].pattern")
    key = settings.file_key
    groups = set(_compile(key.pattern, "file_key.pattern").groupindex)
    if missing := {"series", "number"} - groups:
        raise ValueError(f"file_key.pattern: needs the groups {', '.join(sorted(missing))}")
    for name in ("seq", "type"):
        if name not in groups and getattr(key, name) is None:
            raise ValueError(f"file_key.{name}: given here or as a group of the pattern")


def _compile(pattern: str, path: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error:
        raise ValueError(f"{path}: not a regular expression") from None
