"""The settings of what is looked for in documents and packages before they are recorded."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from gateway.settings_table import Table

__all__ = ["PackageSettings"]


class PackageSettings(Table, frozen=True, kw_only=True):
    """Documents of at most `largest` bytes are examined; a longer one is taken with a warning that says so.

    What nobody can read is refused with `refuse_unreadable` only, else stored with a warning: a refusal can cost a
    priority right. `roots` is a PEM file of the authorities or signers whose signatures in documents are agreed;
    `schemas` the folder into which `pouch schemas add` installs official schemas, which are then enforced.
    """

    examine: bool = True
    largest: Annotated[int, Meta(ge=1 << 20, le=1 << 30)] = 16 << 20
    refuse_unreadable: bool = False
    roots: Path | None = None
    schemas: Path | None = None
