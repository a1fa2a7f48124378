"""pouch package: packages made, opened and looked at by hand."""

from typing import Final

import click

from gateway.commands.lazy import LazyGroup

#: sub-command -> what it does in one line; its module is gateway.commands.package_<name>.
_COMMANDS: Final = {
    "make": "a PDDP, WAD, WASP, SEP, EPO document or signed package of files",
    "open": "the files of a package into a new folder; decrypts with --key",
    "view": "a PDF of a PDDP for who cannot take packages, marked as not certified",
    "receipt": "whether a header or receipt names exactly this package",
}


@click.group(cls=LazyGroup, offered=_COMMANDS, modules="gateway.commands.package_")
def command() -> None:
    """Packages made, opened and looked at by hand; `pouch validate` says what is wrong with one."""
