"""What is in force at this gateway for one hosted office, by name: settings, keys, trust and agreements.

Rules: no secret is looked at, not even to be digested: of a DSN or a password it is told whether there is one, of a
private key the public one, of a file path that it is set; certificates and public keys stand there by SHA-256.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.app.log_keys import LogKeys
from gateway.core.in_force import Kind
from gateway.core.office import OfficeCode
from gateway.settings import CounterpartSettings, OfficeSettings, Settings
from pki.keys import UnusableKey, load_certificate, thumbprint
from pki.note_keys import load_note_key
from pki.revocation import UnusableList, digest_of_list

__all__ = ["InForce", "front_certificate", "in_force"]

#: Adapters' own settings whose value is nobody's business.
_SECRET: Final = re.compile(r"pass|secret|token|pin\b|credential|user", re.IGNORECASE)
_TRUSTING: Final = frozenset({"readers", "witness", "witnessed"})

InForce = Mapping[Kind, Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Office:
    settings: Settings
    hosted: OfficeCode


def in_force(
    settings: Settings, hosted: OfficeCode, log_keys: LogKeys, *, schema: str, software: str, front: str | None
) -> InForce:
    """Give what is in force, ready to be compared; `front` is the thumbprint of the front door's certificate."""
    office = _Office(settings=settings, hosted=hosted)
    return {
        Kind.CONFIGURATION: {"software.version": software, "software.schema": schema, **_configuration(office)},
        Kind.KEYS: {**_keys(office, log_keys), **({f"front door certificate sha256:{front}": True} if front else {})},
        Kind.TRUST: _trust(office),
        Kind.AGREEMENTS: {
            f"agreement {each.name}.{name}": value
            for each in settings.agreement
            if each.hosted == hosted
            for name, value in _members(each)
        },
    }


def front_certificate(settings: Settings) -> str | None:
    """The thumbprint of the front door's certificate as its file is now, None without one or if it is unreadable."""
    path = settings.front_door.tls_certificate
    return None if path is None else _thumbprint(path)


def _configuration(office: _Office) -> dict[str, object]:
    settings = office.settings
    found: dict[str, object] = {}
    for table in ("gateway", "front_door", "ops", "work", "ledger", "outages"):
        for name, value in _members(getattr(settings, table)):
            if name not in _TRUSTING:
                found[f"{table}.{name}"] = value
    database = settings.database
    found |= {
        "database.dsn": database.dsn is not None,
        "database.migration_dsn": database.migration_dsn is not None,
        "database.pool": database.pool,
    }
    for item in settings.hosted:
        if item.code == office.hosted:
            found |= {f"hosted {item.code}.{name}": value for name, value in _members(item)}
    for counterpart in _counterparts(office):
        place = f"counterpart {counterpart.code} by {counterpart.adapter}"
        for name, value in _members(counterpart):
            if isinstance(value, dict) and name == "settings":
                found |= {f"{place}.settings.{key}": _open(key, inner) for key, inner in value.items()}
            else:
                found[f"{place}.{name}"] = value
    return found


def _keys(office: _Office, log_keys: LogKeys) -> dict[str, object]:
    settings = office.settings
    found: dict[str, object] = {}
    for item in settings.hosted:
        if item.code == office.hosted:
            found[f"signing certificate sha256:{_thumbprint(item.signing_certificate)}"] = True
            if item.receipt_certificate is not None:
                found[f"receipt certificate sha256:{_thumbprint(item.receipt_certificate)}"] = True
    for position, key in enumerate(log_keys[office.hosted]):
        # who is first signs for the log, who follows signs while keys roll over
        found[f"ledger key {key.verifier.label} sha256:{_digest(key.verifier.vkey.encode())}"] = position == 0
    if settings.ledger.witness_key is not None:
        verifier = load_note_key(settings.ledger.witness_key).verifier
        found[f"witness key sha256:{_digest(verifier.vkey.encode())}"] = True
    for counterpart in _counterparts(office):
        if counterpart.client_certificate is not None:
            certificate = _thumbprint(counterpart.client_certificate)
            found[f"client certificate for {counterpart.code} by {counterpart.adapter} sha256:{certificate}"] = True
    return found


def _trust(office: _Office) -> dict[str, object]:
    settings = office.settings
    found: dict[str, object] = {}
    for each in settings.office:
        found |= _trust_in(each)
    for counterpart in _counterparts(office):
        if counterpart.ca is not None:
            authority = _digest(counterpart.ca.read_bytes())
            found[f"counterpart {counterpart.code} by {counterpart.adapter}: authorities sha256:{authority}"] = True
    for stamping in settings.ledger.timestamping.authority:
        for path in stamping.certificates:
            digest = _file_digest(path)
            found[f"time-stamping authority {stamping.name}: certificates sha256:{digest}"] = True
    found |= {f"ledger.{name}": value for name, value in _members(settings.ledger) if name in _TRUSTING}
    return found


def _trust_in(office: OfficeSettings) -> dict[str, object]:
    place = f"office {office.code}"
    found: dict[str, object] = {
        f"{place}.name": office.name,
        f"{place}.exchanges_as": sorted(office.exchanges_as),
        f"{place}.number_format": [_plain(item) for item in office.number_format],
    }
    for path in office.signing_certificates:
        found[f"{place}: signing certificate sha256:{_thumbprint(path)}"] = True
    if office.revocation_lists or office.revocation != "soft":
        found[f"{place}.revocation"] = office.revocation
    for path in office.revocation_lists:
        found[f"{place}: revocation list sha256:{_list_digest(path)}"] = True
    for path in office.revocation_issuers:
        found[f"{place}: revocation issuers sha256:{_file_digest(path)}"] = True
    for client in office.client:
        found[f"{place}: client {client.id} certificate sha256:{_thumbprint(client.certificate)}"] = True
        found[f"{place}: client {client.id}.scopes"] = sorted(client.scopes)
    return found


def _counterparts(office: _Office) -> list[CounterpartSettings]:
    return [item for item in office.settings.counterpart if item.hosted == office.hosted]


def _members(table: msgspec.Struct) -> list[tuple[str, object]]:
    return [(name, _plain(getattr(table, name))) for name in table.__struct_fields__]


def _plain(value: Any) -> object:
    """What canonical JSON can carry; a path only says that it is set, since each machine may have another."""
    match value:
        case None | bool() | int() | str():
            return value
        case Path():
            return True
        case msgspec.Struct():
            return dict(_members(value))
        case dict():
            return {str(key): _open(str(key), inner) for key, inner in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
        case _:
            return repr(value)


def _open(key: str, value: object) -> object:
    return value is not None if _SECRET.search(key) else _plain(value)


def _thumbprint(path: Path) -> str:
    try:
        return thumbprint(load_certificate(path))
    except (UnusableKey, OSError):
        return "unreadable"


def _file_digest(path: Path) -> str:
    try:
        return _digest(path.read_bytes())
    except OSError:
        return "unreadable"


def _list_digest(path: Path) -> str:
    try:
        return digest_of_list(path).hex()
    except (UnusableList, OSError):
        return "unreadable"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
