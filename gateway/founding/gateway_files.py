"""The files of a new gateway: settings, offices file, client profile, keys and certificates of a test authority.

Rules: nothing is ever overwritten; private keys are readable by their owner only; the test authority is for trying,
an office brings its own certificates for real use.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.founding.agreed import agreements, das_counterpart, ipas_counterpart
from gateway.founding.asked import Founding
from gateway.founding.writing import refuse_existing, write_pair, write_tls, write_toml
from gateway.store.key_file import create_key_file
from pki.certificates import issue_ca, issue_signer
from pki.keys import SigningKey, generate_key, write_certificate
from pki.note_keys import NoteKind, generate_note_key, write_note_key

__all__ = ["MAIN_HEAD", "Founded", "found_gateway"]

MAIN_HEAD = "Settings of this gateway. Each key is explained in docs/operators.md."


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """The files of a gateway, and the test authority that issued its certificates."""

    main: Path
    offices: Path
    client: Path
    ca: SigningKey


def found_gateway(founding: Founding) -> Founded:
    """Write the files of a new gateway; AlreadyFounded if one of them exists."""
    folder, office = founding.folder, founding.office
    main, offices, client = folder / "pouch.toml", folder / "offices.toml", folder / "client.toml"
    keys = folder / "keys"
    refuse_existing(main, offices, client, keys / "wrapping.key", keys / "ledger.key", keys / "witness.key")
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.now(UTC)
    ca = founding.ca or issue_ca(f"Pouch test authority of {office}", now=now)
    write_certificate(keys / "ca.pem", ca.certificate)
    write_tls(keys, "tls", f"{office} gateway", founding.front, ca, now)
    for name, owner in (("signing", "gateway"), ("system", "own system"), ("das", "DAS client")):
        write_pair(keys, name, issue_signer(f"{office} {owner}", key=generate_key(), now=now, ca=ca))
    create_key_file(keys / "wrapping.key")
    log_key = generate_note_key(_origin(founding))
    write_note_key(keys / "ledger.key", log_key)
    (keys / "ledger.vkey").write_text(f"{log_key.verifier.vkey}\n")
    witness_key = generate_note_key(f"{office.lower()}.pouch.example/witness", NoteKind.COSIGNATURE)
    write_note_key(keys / "witness.key", witness_key)
    (keys / "witness.vkey").write_text(f"{witness_key.verifier.vkey}\n")
    write_toml(main, MAIN_HEAD, _main_file(founding))
    write_toml(
        offices, "The offices known here, their certificates, and what is agreed with them.", _offices_file(founding)
    )
    write_toml(
        client,
        "How the office's own system (and `pouch send`, `status`, ...) calls this gateway.",
        _client_file(founding),
    )
    return Founded(main=main, offices=offices, client=client, ca=ca)


def _origin(founding: Founding) -> str:
    return f"{founding.office.lower()}.pouch.example/ledger"


def _main_file(founding: Founding) -> dict[str, Any]:
    office = founding.office
    content: dict[str, Any] = {
        "gateway": {
            "origin": _origin(founding),
            "storage": "storage",
            "offices": "offices.toml",
            "wrapping_key": "keys/wrapping.key",
        },
        "front_door": {
            "listen": founding.front,
            "public_url": founding.url,
            "tls_certificate": "keys/tls.pem",
            "tls_key": "keys/tls.key",
        },
        "ops": {"listen": founding.ops},
        "ledger": {"keys": ["keys/ledger.key"], "witness_key": "keys/witness.key"},
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
    counterparts = list(founding.counterparts)
    if founding.neighbours:
        counterparts += das_counterpart(office, founding.neighbours), ipas_counterpart(office, founding.neighbours)
    if counterparts:
        content["counterpart"] = counterparts
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
                        "scopes": ["exchange", "operate", "ledger"],
                    }
                ],
            }
        ]
    }
    agreed = [*founding.agreements, *(agreements(office, founding.neighbours) if founding.neighbours else ())]
    if agreed:
        content["agreement"] = agreed
    return content


def _client_file(founding: Founding) -> dict[str, Any]:
    office = founding.office
    return {
        "gateway": founding.url,
        "ca": "keys/ca.pem",
        "office": office,
        "hosted": office,
        "client_id": f"{office.lower()}-system",
        "key": "keys/system.key",
        "certificate": "keys/system.pem",
        "gateway_certificate": "keys/signing.pem",
    }
