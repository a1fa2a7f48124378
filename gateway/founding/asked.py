"""What is asked of founding: a gateway, and the neighbourhood it is tried in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pki.keys import SigningKey

__all__ = ["AlreadyFounded", "Founding", "Neighbours"]


class AlreadyFounded(Exception):
    """The folder holds such a thing already; the text says which file is in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The counterparts of the neighbourhood: where they listen (host:port), and what is agreed with them.

    `issuer` makes the access codes. `called`: the Bureau calls the office's front door, to notify it and to ask for
    what lies in its own library; an office that is not called polls, and the Bureau keeps its files.
    `standing_release` are the release conditions that are not due by agreement; `das` further settings of the adapter.
    """

    bureau: str = "127.0.0.1:9443"
    ipas: str = "127.0.0.1:9444"
    issuer: Literal["bureau", "office"] = "bureau"
    called: bool = True
    standing_release: tuple[str, ...] = ()
    recheck_seconds: float = 3600.0
    das: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """What is asked for: `front` and `ops` are host:port; `settings` go over those of the main file, by table.

    `counterparts` and `agreements` go into the files as they are, beside those of `neighbours`; without `ca` an
    authority of the gateway's own is made.
    """

    folder: Path
    office: str
    name: str
    front: str = "127.0.0.1:8443"
    ops: str = "127.0.0.1:9464"
    ca: SigningKey | None = None
    neighbours: Neighbours | None = None
    counterparts: tuple[Mapping[str, Any], ...] = ()
    agreements: tuple[Mapping[str, Any], ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the front door is reached from this machine."""
        host, _, port = self.front.rpartition(":")
        return f"https://{'127.0.0.1' if host in _ANYWHERE else host}:{port}"


#: Addresses to listen on that are none to call.
_ANYWHERE = ("", "0.0.0.0", "[::]")  # noqa: S104
