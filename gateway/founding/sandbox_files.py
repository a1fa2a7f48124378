"""The sandbox counterparts of a neighbourhood: their configurations, TLS keys and certificates, and how to start them.

Rules: nothing is ever overwritten. The sandbox is another party: it is started as a program and read as one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.founding.agreed import bureau_office, ipas_installation
from gateway.founding.asked import Founding, Neighbours
from gateway.founding.writing import refuse_existing, write_tls, write_toml
from pki.keys import SigningKey, write_certificate

__all__ = ["FoundedSandbox", "found_bureau", "found_ipas"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundedSandbox:
    """A counterpart's configuration, and the words behind `pouch sandbox` that start it."""

    config: Path
    words: tuple[str, ...]


def found_bureau(folder: Path, foundings: Sequence[Founding], ca: SigningKey) -> FoundedSandbox:
    """Write a sandbox Bureau that knows the offices of these gateways, below `folder`; AlreadyFounded."""
    listens = next(founding.neighbours.bureau for founding in foundings if founding.neighbours)
    content = {
        "folder": "bureau",
        "timings": {
            "upload_processing": {"polls": 1},
            "registration_processing": {"polls": 1},
            "retrieval_processing": {"seconds": 0.3},
        },
        "office": [bureau_office(founding, folder) for founding in foundings],
    }
    return _found(folder, "ib", listens, content, ca)


def found_ipas(
    folder: Path, founding: Founding, ca: SigningKey, changes: Mapping[str, Any] | None = None
) -> FoundedSandbox:
    """Write the office's sandbox IPAS, below `folder`; `changes` go over its tables (sandbox/ipas/config.py).

    AlreadyFounded if there is one.
    """
    listens = (founding.neighbours or Neighbours()).ipas
    return _found(folder, "ipas", listens, {**ipas_installation(founding.office), **(changes or {})}, ca)


def _found(folder: Path, name: str, listens: str, content: Mapping[str, Any], ca: SigningKey) -> FoundedSandbox:
    config, keys = folder / f"{name}.toml", folder / "keys"
    refuse_existing(config, keys / f"{name}.key")
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_tls(keys, name, f"sandbox {name}", listens, ca, datetime.now(UTC))
    trusted = keys / "ca.pem"
    if not trusted.exists():
        write_certificate(trusted, ca.certificate)
    write_toml(config, f"A counterpart to try against: see `pouch sandbox {name} --help`.", content)
    host, _, port = listens.rpartition(":")
    options = {
        "--config": config,
        "--host": host.strip("[]"),
        "--port": port,
        "--tls-certificate": keys / f"{name}.pem",
        "--tls-key": keys / f"{name}.key",
        "--ca": trusted,
    }
    words = [word for option, value in options.items() for word in (option, str(value))]
    return FoundedSandbox(config=config, words=(name, *words))
