"""Writing a new gateway's files, never over others, and private keys readable by their owner only."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from gateway.founding.asked import AlreadyFounded
from pki.certificates import issue_tls
from pki.keys import SigningKey, generate_key, write_certificate, write_private_key

__all__ = ["refuse_existing", "write_pair", "write_tls", "write_toml"]


def refuse_existing(*paths: Path) -> None:
    """Raise AlreadyFounded if one of the files is there."""
    for path in paths:
        if path.exists():
            raise AlreadyFounded(f"{path} exists; choose an empty folder, or remove it if you are sure")


def write_toml(path: Path, head: str, content: Mapping[str, Any]) -> None:
    """Write a TOML file that begins with a comment."""
    path.write_bytes(f"# {head}\n\n".encode() + msgspec.toml.encode(content))


def write_pair(keys: Path, name: str, key: SigningKey) -> None:
    """Write a key and its certificate as `name`.key and `name`.pem."""
    write_private_key(keys / f"{name}.key", key.key)
    write_certificate(keys / f"{name}.pem", key.certificate)


def write_tls(keys: Path, name: str, owner: str, listens: str, ca: SigningKey, now: datetime) -> None:
    """Issue and write the TLS key and certificate of who listens there (host:port), good on this machine too."""
    names = sorted({"localhost", "127.0.0.1", listens.rpartition(":")[0].strip("[]")} - {""})
    write_pair(keys, name, issue_tls(owner, key=generate_key(), names=names, now=now, ca=ca))
