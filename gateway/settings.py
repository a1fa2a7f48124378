"""Settings: two strict TOML files into frozen structures. What does not fit refuses to start.

Rules: an error names the file and the dotted path and never the value, since it may be a secret; paths in a file are
relative to it; POUCH_DATABASE_DSN overrides `database.dsn`.
"""

import os
import re
import tomllib
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from gateway.core.secret import Secret
from gateway.settings_ledger import LedgerSettings, check_ledger
from gateway.settings_packages import PackageSettings
from gateway.settings_table import Count as _Count
from gateway.settings_table import Name as _Name
from gateway.settings_table import Office as _Office
from gateway.settings_table import Seconds as _Seconds
from gateway.settings_table import SettingsError, check_url
from gateway.settings_table import Table as _Table

__all__ = [
    "AgreementSettings",
    "CounterpartSettings",
    "HostedSettings",
    "LedgerSettings",
    "OfficeSettings",
    "OutageSettings",
    "Settings",
    "SettingsError",
    "load_settings",
]


#: Where tomllib says that the trouble is.
_TOML_PLACE: Final = re.compile(r"at line \d+, column \d+|at end of document")

_T = TypeVar("_T")
_S = TypeVar("_S", bound=msgspec.Struct)


class GatewaySettings(_Table, frozen=True, kw_only=True):
    """`origin` names this gateway's ledger for ever (host/path, no scheme); `storage` is the folder of all it keeps."""

    origin: Annotated[str, Meta(pattern=r"^[^\s+:/]+(:\d{1,5})?(/[^\s+:]*)?\Z")]
    storage: Path = Path("storage")
    offices: Path = Path("offices.toml")
    wrapping_key: Path = Path("keys/wrapping.key")
    reserve_bytes: Annotated[int, Meta(ge=0)] = 1 << 30  # with less free room, new work is refused


class FrontDoorSettings(_Table, frozen=True, kw_only=True):
    """Where offices and the Bureau come in. Without certificate the door speaks plain HTTP: behind a TLS proxy only."""

    listen: str = "127.0.0.1:8443"
    public_url: str = "https://127.0.0.1:8443"
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    inline_limit: _Count = 4 << 20  # bytes of one document inside XML or JSON
    body_limit: _Count = 2 << 30  # bytes of a whole message
    messages_per_second: Annotated[float, Meta(gt=0, le=1_000_000)] = 500.0  # per sender, averaged
    burst: _Count = 1000
    refusals_per_minute: Annotated[int, Meta(ge=0)] = 10  # unproven ones recorded singly, per source and Reason
    clock_skew_seconds: Annotated[int, Meta(ge=0, le=3600)] = 300
    idle_seconds: Annotated[int, Meta(ge=1, le=3600)] = 60


class OpsSettings(_Table, frozen=True, kw_only=True):
    """Health and metrics: for the operator's network only."""

    listen: str = "127.0.0.1:9464"


class DatabaseSettings(_Table, frozen=True, kw_only=True):
    """No `dsn`: the embedded PostgreSQL below the storage folder. `migration_dsn` is the schema owner's."""

    dsn: str | None = None
    migration_dsn: str | None = None
    pool: Annotated[int, Meta(ge=2, le=1000)] = 10

    @property
    def secret_dsn(self) -> Secret | None:
        """The DSN with its password."""
        return Secret(self.dsn) if self.dsn else None


class WorkSettings(_Table, frozen=True, kw_only=True):
    """Delivery: how much at once, and how long a worker may be silent before another takes over."""

    at_once: Annotated[int, Meta(ge=1, le=10_000)] = 16
    per_counterpart: Annotated[int, Meta(ge=1, le=1000)] = 4
    lease_seconds: _Seconds = 60.0
    look_seconds: _Seconds = 1.0


class OutageSettings(_Table, frozen=True, kw_only=True):
    """When somebody counts as away: the front door after `door_seconds` without a sign of life, which is given every
    `beat_seconds`; a counterpart after `link_failures` failed attempts in a row over at least `link_seconds`.
    """

    beat_seconds: Annotated[float, Meta(ge=0.05, le=60)] = 5.0
    door_seconds: _Seconds = 20.0
    link_failures: Annotated[int, Meta(ge=1, le=1000)] = 5
    link_seconds: Annotated[float, Meta(ge=0, le=366 * 86400)] = 300.0


class HostedSettings(_Table, frozen=True, kw_only=True):
    """An office that lives on this gateway, and what it signs with."""

    code: _Office
    name: str
    signing_key: Path
    signing_certificate: Path
    receipt_key: Path | None = None  # RSA, where a partner cannot read P-256
    receipt_certificate: Path | None = None
    time_zone: _Name = "UTC"  # IANA, for the local time of outage notices


class CallerSettings(_Table, frozen=True, kw_only=True):
    """How a counterpart that calls our DAS-shaped door proves itself: a bearer token of its own server (das.md 1.2)."""

    jwks_url: str
    audience: str
    subjects: tuple[str, ...]
    scope: str | None = None
    issuer: str | None = None


class CounterpartSettings(_Table, frozen=True, kw_only=True):
    """One hosted office's connection to one counterpart through one adapter. `settings` are the adapter's own."""

    hosted: _Office
    code: _Office
    adapter: _Name
    ca: Path | None = None
    plain_http: bool = False  # inside the office's own network only
    hosts: tuple[str, ...] = ()  # besides the base URL's own host, where files may be fetched and put
    total_seconds: _Seconds = 300.0
    client_id: str | None = None
    client_key: Path | None = None
    client_certificate: Path | None = None
    token_url: str | None = None
    token_scope: str | None = None
    calls_us: CallerSettings | None = None
    settings: dict[str, Any] = msgspec.field(default_factory=dict)


class ClientSettings(_Table, frozen=True, kw_only=True):
    """A system of an office that takes tokens at /oauth2/token."""

    id: _Name
    certificate: Path
    scopes: tuple[str, ...] = ("exchange",)


class NumberFormatSettings(_Table, frozen=True, kw_only=True):
    """A number format of an office that the built-in table does not have."""

    right: str
    expression: str
    normal: str


class OfficeSettings(_Table, frozen=True, kw_only=True):
    """An office known here: its ST.3 code, what it signs with, which systems of it take tokens."""

    code: _Office
    name: str = ""
    signing_certificates: tuple[Path, ...] = ()
    revocation_lists: tuple[Path, ...] = ()  # PEM or DER files, put in place by the operator
    revocation_issuers: tuple[Path, ...] = ()  # PEM certificates of who signs them
    revocation: Literal["soft", "hard"] = "soft"  # without a list in date: believed and counted, or refused
    client: tuple[ClientSettings, ...] = ()
    number_format: tuple[NumberFormatSettings, ...] = ()
    exchanges_as: tuple[_Office, ...] = ()  # hosted offices for which its messages are taken; itself if hosted


class AgreementSettings(_Table, frozen=True, kw_only=True):
    """What a hosted office exchanges with a counterpart; see core/agreement.py."""

    name: _Name
    hosted: _Office
    counterpart: _Office
    adapter: _Name
    tasks: tuple[str, ...]
    kinds: tuple[str, ...] = ("priority-document",)
    rights: tuple[str, ...] = ("patent",)
    hosting: tuple[str, ...] = ("bureau", "office")
    code_issuers: tuple[str, ...] = ("bureau", "office")
    standing_release: tuple[str, ...] = ()
    window_days: Annotated[float, Meta(gt=0, le=36_500)] = 60.0
    recheck_seconds: _Seconds | None = 86400.0
    suspended: bool = False


class _MainFile(_Table, frozen=True, kw_only=True):
    gateway: GatewaySettings
    front_door: FrontDoorSettings = FrontDoorSettings()
    ops: OpsSettings = OpsSettings()
    database: DatabaseSettings = DatabaseSettings()
    work: WorkSettings = WorkSettings()
    ledger: LedgerSettings = LedgerSettings()
    outages: OutageSettings = OutageSettings()
    packages: PackageSettings = PackageSettings()
    hosted: tuple[HostedSettings, ...]
    counterpart: tuple[CounterpartSettings, ...] = ()


class _OfficesFile(_Table, frozen=True, kw_only=True):
    office: tuple[OfficeSettings, ...] = ()
    agreement: tuple[AgreementSettings, ...] = ()


class Settings(_Table, frozen=True, kw_only=True):
    """All settings of a gateway; every path is absolute."""

    file: Path
    gateway: GatewaySettings
    front_door: FrontDoorSettings
    ops: OpsSettings
    database: DatabaseSettings
    work: WorkSettings
    ledger: LedgerSettings
    outages: OutageSettings
    packages: PackageSettings
    hosted: tuple[HostedSettings, ...]
    counterpart: tuple[CounterpartSettings, ...]
    office: tuple[OfficeSettings, ...]
    agreement: tuple[AgreementSettings, ...]


def load_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the main file and the offices file it names; SettingsError says what is wrong and where."""
    main = _read(path, _MainFile)
    folder = path.resolve().parent
    offices_path = folder / main.gateway.offices
    offices = _read(offices_path, _OfficesFile)
    database = main.database
    if dsn := environment.get("POUCH_DATABASE_DSN"):
        database = msgspec.structs.replace(database, dsn=dsn)
    settings = Settings(
        file=path.resolve(),
        gateway=_absolute(main.gateway, folder),
        front_door=_absolute(main.front_door, folder),
        ops=main.ops,
        database=database,
        work=main.work,
        ledger=_absolute(main.ledger, folder),
        outages=main.outages,
        packages=_absolute(main.packages, folder),
        hosted=tuple(_absolute(item, folder) for item in main.hosted),
        counterpart=tuple(_absolute(item, folder) for item in main.counterpart),
        office=tuple(_absolute(item, offices_path.parent) for item in offices.office),
        agreement=offices.agreement,
    )
    _check(settings, path, offices_path)
    return settings


def _read(path: Path, shape: type[_T]) -> _T:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))  # the rest of its text may quote a value
        raise SettingsError(f"{path}: is not TOML{f' ({place[0]})' if place else ''}") from None
    try:
        return msgspec.convert(content, shape, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {_without_values(str(error))}") from None


def _path(wanted: type, value: Any) -> Any:
    if wanted is Path and isinstance(value, str) and value and "\0" not in value:
        return Path(value)
    raise TypeError("Expected a path")


def _without_values(text: str) -> str:
    """msgspec names the path and the types; what it quotes is a key or a value: a value is left out."""
    problem, _, where = text.partition(" - at ")
    if "Invalid" in problem:
        problem = re.sub(r"'[^']*'|`[^`]*`", "…", problem)
    place = where.strip("`").removeprefix("$.").removeprefix("$") or "top level"
    return f"{place}: {problem}"


def _absolute(table: _S, folder: Path) -> _S:
    changes: dict[str, Any] = {}
    for name in table.__struct_fields__:
        value = getattr(table, name)
        if isinstance(value, Path):
            changes[name] = folder / value
        elif isinstance(value, msgspec.Struct):
            changes[name] = _absolute(value, folder)
        elif isinstance(value, tuple) and value and isinstance(value[0], Path):
            changes[name] = tuple(folder / item for item in value)
        elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
            changes[name] = tuple(_absolute(item, folder) for item in value)
    return msgspec.structs.replace(table, **changes) if changes else table


def _check(settings: Settings, main: Path, offices: Path) -> None:
    """What no type can say: what must agree with something else."""
    hosted = [item.code for item in settings.hosted]
    if not hosted:
        raise SettingsError(f"{main}: hosted: a gateway hosts at least one office")
    _check_once(hosted, f"{main}: hosted", "this office")
    _check_once([item.code for item in settings.office], f"{offices}: office", "this office")
    reached = [(item.hosted, item.code, item.adapter) for item in settings.counterpart]
    _check_once(reached, f"{main}: counterpart", "this counterpart of this office by this adapter")
    for position, counterpart in enumerate(settings.counterpart):
        if counterpart.hosted not in hosted:
            raise SettingsError(f"{main}: counterpart[{position}].hosted: is not hosted here")
        check_url(counterpart.token_url, f"{main}: counterpart[{position}].token_url")
        if counterpart.calls_us:
            check_url(counterpart.calls_us.jwks_url, f"{main}: counterpart[{position}].calls_us.jwks_url")
    # transmissions name their agreement: two of one name would be taken for each other
    _check_once([(item.hosted, item.name) for item in settings.agreement], f"{offices}: agreement", "this name")
    for position, agreement in enumerate(settings.agreement):
        if agreement.hosted not in hosted:
            raise SettingsError(f"{offices}: agreement[{position}].hosted: is not hosted here")
        if (agreement.hosted, agreement.counterpart, agreement.adapter) not in reached:
            raise SettingsError(f"{offices}: agreement[{position}]: no [[counterpart]] fits it")
    for position, office in enumerate(settings.hosted):
        if (office.receipt_key is None) != (office.receipt_certificate is None):
            raise SettingsError(f"{main}: hosted[{position}]: receipt_key and receipt_certificate come together")
        try:
            ZoneInfo(office.time_zone)
        except (OSError, ValueError, KeyError):
            raise SettingsError(f"{main}: hosted[{position}].time_zone: is not a time zone of this machine") from None
    _check_front_door(settings, main)
    check_ledger(settings.ledger, f"{main}: ledger")


def _check_front_door(settings: Settings, main: Path) -> None:
    front_door = settings.front_door
    for table, value in (("front_door", front_door.listen), ("ops", settings.ops.listen)):
        host, _, port = value.rpartition(":")
        if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
            raise SettingsError(f"{main}: {table}.listen: is not host:port")
    if (front_door.tls_certificate is None) != (front_door.tls_key is None):
        raise SettingsError(f"{main}: front_door: tls_certificate and tls_key come together")
    check_url(front_door.public_url, f"{main}: front_door.public_url")
    if front_door.public_url.endswith("/"):
        raise SettingsError(f"{main}: front_door.public_url: ends without a slash")


def _check_once(values: Sequence[Hashable], place: str, what: str) -> None:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise SettingsError(f"{place}[{position}]: {what} stands there twice")
