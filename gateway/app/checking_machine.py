"""Checking the machine: whether the ports can be had, and whether only this user can read the keys.

Rules: a port is tried as if nobody could share it, and given back at once; of a key file only the mode is looked at.
"""

import asyncio
import errno
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from gateway.app.finding import Finding
from gateway.endpoints.server import open_socket
from gateway.settings import Settings

__all__ = ["check_key_files", "check_ports", "key_files_of"]

#: Seconds that a gateway may take to say that it lives.
_PATIENCE: Final = 3.0
_ANYWHERE: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where those are called
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def key_files_of(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Every private key of the settings, now and in time to come: its dotted path there, and the file."""
    return _keys_in(settings, "")


def _keys_in(table: msgspec.Struct, within: str) -> Iterator[tuple[str, Path]]:
    for name in table.__struct_fields__:
        value = getattr(table, name)
        place = f"{within}{name}"
        several = isinstance(value, tuple)
        for position, each in enumerate(value if several else (value,)):
            here = f"{place}[{position}]" if several else place
            if isinstance(each, Path) and name.endswith(("key", "keys")):
                yield here, each
            elif isinstance(each, msgspec.Struct):
                yield from _keys_in(each, f"{here}.")


def check_key_files(settings: Settings) -> list[Finding]:
    """One finding for each key that others may read or that is not there, else one that all is well."""
    found = [finding for place, path in key_files_of(settings) if (finding := _mode(place, path)) is not None]
    return found or [Finding(name="key files", good=True, text="readable by this user only")]


def _mode(place: str, path: Path) -> Finding | None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return Finding(name="key files", good=False, text=f"{place}: {path} cannot be looked at: {error.strerror}")
    if not mode & _OTHERS:
        return None
    text = f"{place}: {path} may be read by others (mode {mode:04o}); run: chmod 600 {path}"
    return Finding(name="key files", good=False, text=text)


async def check_ports(settings: Settings) -> list[Finding]:
    """Try both ports; one that is in use is in order if this gateway runs, by its own word at the ops port."""
    runs = await _lives(settings.ops.listen)
    places = (("front_door.listen", settings.front_door.listen), ("ops.listen", settings.ops.listen))
    return [_port(place, listen, runs=runs) for place, listen in places]


def _port(place: str, listen: str, *, runs: bool) -> Finding:
    try:
        open_socket(listen).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            text = f"{place}: {listen} cannot be opened: {error.strerror}"
            return Finding(name="ports", good=False, text=text)
        if runs:
            return Finding(name="ports", good=True, text=f"{place}: {listen} is in use by a running pouch")
        text = f"{place}: {listen} is in use by another program: end it, or name another port"
        return Finding(name="ports", good=False, text=text)
    return Finding(name="ports", good=True, text=f"{place}: {listen} is free")


async def _lives(listen: str) -> bool:
    """Whether somebody answers /healthz there as the ops door does."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(_ANYWHERE.get(host, host), int(port))
            try:
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: ops\r\nConnection: close\r\n\r\n")
                answer = await reader.read(4096)
                while piece := await reader.read(4096 - len(answer)):
                    answer += piece
            finally:
                writer.close()
            return answer.startswith(b"HTTP/1.1 200 ") and b'{"alive":true}' in answer
    return False
