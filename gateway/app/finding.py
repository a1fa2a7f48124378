"""Findings: what `pouch check` tells of each thing it looks at, and that it has begun to look."""

from dataclasses import dataclass

__all__ = ["Finding", "Looking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """A look that may take a moment has begun: nobody shall take the silence for an end."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `fatal` False: the gateway can serve without it."""

    name: str
    good: bool
    text: str
    fatal: bool = True
