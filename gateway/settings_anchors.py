"""The settings of what anchors the ledger outside: time-stamping authorities, and the daily export."""

import re
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

from gateway.settings_table import SettingsError, Table, check_url

__all__ = ["AuthoritySettings", "ExportSettings", "TimestampingSettings", "check_anchors"]

_POLICY: Final = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,38})){1,20}")


class AuthoritySettings(Table, frozen=True, kw_only=True):
    """A time-stamping authority (RFC 3161): `certificates` are PEM files with its root and what lies below it.

    `ca` is about TLS only. `policy` is a dotted object identifier that is asked for and expected.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}\Z")]
    url: str
    certificates: tuple[Path, ...]
    policy: str | None = None
    ca: Path | None = None
    plain_http: bool = False  # a token proves itself; who listens learns when this log was stamped


class TimestampingSettings(Table, frozen=True, kw_only=True):
    """Each authority stamps the newest signed checkpoint of each log every `seconds`; nobody named: none does."""

    authority: tuple[AuthoritySettings, ...] = ()
    seconds: Annotated[float, Meta(ge=60, le=86400)] = 3600.0


class ExportSettings(Table, frozen=True, kw_only=True):
    """The log as files that are written once, each day after `hour` (UTC) into `folder`; without folder none is."""

    folder: Path | None = None
    hour: Annotated[int, Meta(ge=0, le=23)] = 2


def check_anchors(timestamping: TimestampingSettings, place: str) -> None:
    """SettingsError, naming the place, for what must agree with something else."""
    names: set[str] = set()
    for position, authority in enumerate(timestamping.authority):
        where = f"{place}.authority[{position}]"
        if authority.name in names:
            raise SettingsError(f"{where}.name: stands there twice")
        names.add(authority.name)
        check_url(authority.url, f"{where}.url")
        if not authority.plain_http and not authority.url.startswith("https:"):
            raise SettingsError(f"{where}.url: is not https, and plain_http is not set")
        if not authority.certificates:
            raise SettingsError(f"{where}.certificates: none is named")
        if authority.policy is not None and not _POLICY.fullmatch(authority.policy):
            raise SettingsError(f"{where}.policy: is not a dotted object identifier")
