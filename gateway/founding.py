"""Founding: writes what a new gateway needs: settings, offices file, keys, and certificates of a test authority.

Rules: nothing is ever overwritten; private keys are readable by their owner only; the test authority is for trying,
an office brings its own certificates for real use.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from gateway.store.key_file import create_key_file
from pki.certificates import issue_ca, issue_signer, issue_tls
from pki.keys import SigningKey, generate_key, write_certificate, write_private_key

__all__ = ["AlreadyFounded", "Founding", "found_gateway"]


class AlreadyFounded(Exception):
    """The folder holds a gateway already; the text says which file is in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """What is asked for: `front` and `ops` are host:port; counterparts and agreements go into the files as they are."""

    folder: Path
    office: str
    name: str
    front: str = "127.0.0.1:8443"
    ops: str = "127.0.0.1:9464"
    ca: SigningKey | None = None
    counterparts: tuple[dict[str, Any], ...] = ()
    agreements: tuple[dict[str, Any], ...] = ()
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)


def found_gateway(founding: Founding) -> tuple[Path, ...]:
    """Write the files of a new gateway and give their paths; AlreadyFounded if one of them exists."""
    folder, office = founding.folder, founding.office
    main, offices, client = folder / "pouch.toml", folder / "offices.toml", folder / "client.toml"
    keys = folder / "keys"
    for path in (main, offices, client, keys / "wrapping.key"):
        if path.exists():
            raise AlreadyFounded(f"{path} exists; choose an empty folder, or remove it if you are sure")
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.now(UTC)
    ca = founding.ca or issue_ca(f"Pouch test authority of {office}", now=now)
    host = founding.front.rsplit(":", 1)[0].strip("[]")
    names = sorted({"localhost", "127.0.0.1", host})
    write_certificate(keys / "ca.pem", ca.certificate)
    for name, key in (
        ("tls", issue_tls(f"{office} gateway", key=generate_key(), names=names, now=now, ca=ca)),
        ("signing", issue_signer(f"{office} gateway", key=generate_key(), now=now, ca=ca)),
        ("system", issue_signer(f"{office} own system", key=generate_key(), now=now, ca=ca)),
        ("das", issue_signer(f"{office} DAS client", key=generate_key(), now=now, ca=ca)),
    ):
        write_private_key(keys / f"{name}.key", key.key)
        write_certificate(keys / f"{name}.pem", key.certificate)
    create_key_file(keys / "wrapping.key")
    main.write_bytes(_render(_HEAD_MAIN, _main_file(founding)))
    offices.write_bytes(_render(_HEAD_OFFICES, _offices_file(founding)))
    client.write_bytes(_render(_HEAD_CLIENT, _client_file(founding)))
    return main, offices, client


_HEAD_MAIN = "# Settings of this gateway. Each key is explained in docs/operators.md.\n\n"
_HEAD_OFFICES = "# The offices known here, their certificates, and what is agreed with them.\n\n"
_HEAD_CLIENT = "# How the office's own system (and `pouch send`, `status`, ...) calls this gateway.\n\n"


def _render(head: str, content: dict[str, Any]) -> bytes:
    return head.encode() + msgspec.toml.encode(content)


def _main_file(founding: Founding) -> dict[str, Any]:
    office = founding.office
    content: dict[str, Any] = {
        "gateway": {
            "origin": f"{office.lower()}.pouch.example/ledger",
            "storage": "storage",
            "offices": "offices.toml",
            "wrapping_key": "keys/wrapping.key",
        },
        "front_door": {
            "listen": founding.front,
            "public_url": f"https://{founding.front}",
            "tls_certificate": "keys/tls.pem",
            "tls_key": "keys/tls.key",
        },
        "ops": {"listen": founding.ops},
        "hosted": [
            {
                "code": office,
                "name": founding.name,
                "signing_key": "keys/signing.key",
                "signing_certificate": "keys/signing.pem",
            }
        ],
    }
    for table, values in founding.settings.items():
        content.setdefault(table, {}).update(values)
    if founding.counterparts:
        content["counterpart"] = list(founding.counterparts)
    return content


def _offices_file(founding: Founding) -> dict[str, Any]:
    office = founding.office
    content: dict[str, Any] = {
        "office": [
            {
                "code": office,
                "name": founding.name,
                "signing_certificates": ["keys/system.pem"],
                "client": [
                    {
                        "id": f"{office.lower()}-system",
                        "certificate": "keys/system.pem",
                        "scopes": ["exchange", "operate"],
                    }
                ],
            }
        ]
    }
    if founding.agreements:
        content["agreement"] = list(founding.agreements)
    return content


def _client_file(founding: Founding) -> dict[str, Any]:
    office = founding.office
    return {
        "gateway": f"https://{founding.front}",
        "ca": "keys/ca.pem",
        "office": office,
        "hosted": office,
        "client_id": f"{office.lower()}-system",
        "key": "keys/system.key",
        "certificate": "keys/system.pem",
        "gateway_certificate": "keys/signing.pem",
    }
