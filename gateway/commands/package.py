"""pouch package: packages made, opened and looked at by hand."""

from importlib import import_module
from typing import Final

import click

#: sub-command -> what it does in one line; its module is gateway.commands.package_<name>.
_COMMANDS: Final = {
    "make": "a PDDP, WAD, WASP, SEP, EPO document or signed package of files",
    "open": "the files of a package into a new folder; decrypts with --key",
    "view": "a PDF of a PDDP for who cannot take packages, marked as not certified",
    "receipt": "whether a header or receipt names exactly this package",
}


class _Lazy(click.Group):
    """Lists commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        found: click.Command = import_module(f"gateway.commands.package_{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Lazy)
def command() -> None:
    """Packages made, opened and looked at by hand; `pouch validate` says what is wrong with one."""
