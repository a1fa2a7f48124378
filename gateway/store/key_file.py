"""The key file: the wrapping keys of a gateway in one file of mode 0600, outside the database.

Each line is a key's name (16 hexadecimal digits) and the key (base64); the first is current. Whoever has this file
and a copy of the database reads every document, and without it nobody does: it is backed up apart from both.
"""

import base64
import binascii
import os
import stat
from pathlib import Path
from typing import Final

from gateway.store.durable import replace_file
from gateway.store.sealing import new_key
from gateway.store.wrapping import WrappingKeys, key_id

__all__ = ["KeyFileRefused", "create_key_file", "load_key_file", "rotate_key_file"]

_HEAD: Final = "# Pouch wrapping keys; the first is current. Keep a copy apart from the database and its backups.\n"
_LARGEST: Final = 64 * 1024


class KeyFileRefused(Exception):
    """The key file is missing, readable by others or damaged; the text says what to do and never shows a key."""


def create_key_file(path: Path) -> None:
    """Make a key file with one fresh key, durable before return. Raises FileExistsError rather than overwrite one."""
    if path.exists():
        raise FileExistsError(f"{path} exists; a key file is never overwritten")
    replace_file(path, _render([new_key()]).encode("ascii"), mode=0o600, overwrite=False)


def rotate_key_file(path: Path) -> None:
    """Put a fresh key first; former keys stay, to unwrap what is not yet re-wrapped. Raises KeyFileRefused."""
    replace_file(path, _render([new_key(), *_read(path)]).encode("ascii"), mode=0o600)


def load_key_file(path: Path) -> WrappingKeys:
    """Load the wrapping keys. Raises KeyFileRefused."""
    return WrappingKeys(_read(path))


def _read(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read(_LARGEST)
    except OSError as error:
        raise KeyFileRefused(f"{path} cannot be read: {error.strerror}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileRefused(f"{path} can be read by others; run chmod 600 {path}, and rotate the key if they did")
    keys = [_key(path, number, line) for number, line in enumerate(raw.splitlines(), 1) if _is_key(line)]
    if not keys:
        raise KeyFileRefused(f"{path} holds no key; restore it from its backup")
    return keys


def _is_key(line: bytes) -> bool:
    return bool(line.strip()) and not line.startswith(b"#")


def _key(path: Path, number: int, line: bytes) -> bytes:
    name, _, encoded = line.strip().partition(b" ")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32 or key_id(key).hex().encode() != name:
        raise KeyFileRefused(f"{path} is damaged in line {number}; restore it from its backup")
    return key


def _render(keys: list[bytes]) -> str:
    return _HEAD + "".join(f"{key_id(key).hex()} {base64.b64encode(key).decode()}\n" for key in keys)
