"""Registry: adapters by their entry-point name. The gateway imports none of them; a package announces its own.

[project.entry-points."gateway.adapters"]
das = "adapters.das:adapter"
"""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

from gateway.ports import OfficeAdapter

__all__ = ["AdapterFactory", "AdapterUnknown", "find_factory", "known_adapters"]

#: What an entry point names: makes an adapter of the operator's settings; ValueError names the dotted path.
AdapterFactory = Callable[[Mapping[str, Any]], OfficeAdapter]

_GROUP = "gateway.adapters"


class AdapterUnknown(Exception):
    """No installed package announces an adapter of that name."""


def known_adapters() -> tuple[str, ...]:
    """Give the names of all installed adapters."""
    return tuple(sorted(point.name for point in entry_points(group=_GROUP)))


def find_factory(name: str) -> AdapterFactory:
    """Give the factory of an adapter; AdapterUnknown names those there are."""
    for point in entry_points(group=_GROUP, name=name):
        factory: AdapterFactory = point.load()
        return factory
    raise AdapterUnknown(f"no adapter {name!r}; installed are {', '.join(known_adapters()) or 'none'}")
