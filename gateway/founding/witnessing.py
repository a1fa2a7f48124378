"""Introducing two gateways as witnesses of each other: each gets the other's verifier keys, address, TLS authority."""

import os
import tomllib
from pathlib import Path
from typing import Any

from gateway.founding.gateway_files import MAIN_HEAD, Founded
from gateway.founding.writing import write_toml

__all__ = ["introduce"]


def introduce(first: Founded, second: Founded) -> None:
    """Write both into each other's settings; what stands there of other witnesses stays."""
    for mine, other in ((first, second), (second, first)):
        settings = tomllib.loads(mine.main.read_text("utf-8"))
        url = tomllib.loads(other.main.read_text("utf-8"))["front_door"]["public_url"]
        keys = other.main.parent / "keys"
        ledger = settings.setdefault("ledger", {})
        _add(ledger, "witness", url=f"{url}/ledger", vkey=_vkey(keys / "witness.vkey"), ca=_from(mine, keys / "ca.pem"))
        _add(ledger, "witnessed", vkey=_vkey(keys / "ledger.vkey"))
        write_toml(mine.main, MAIN_HEAD, settings)


def _add(ledger: dict[str, Any], name: str, **table: str) -> None:
    ledger[name] = [*ledger.get(name, ()), table]


def _vkey(path: Path) -> str:
    return path.read_text("utf-8").strip()


def _from(mine: Founded, path: Path) -> str:
    return os.path.relpath(path.resolve(), mine.main.parent.resolve())
