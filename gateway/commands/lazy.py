"""Groups of commands that are listed without being imported: `pouch --help` must not wait for a SOAP library."""

from collections.abc import Container, Mapping
from importlib import import_module
from typing import Any

import click

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """A group whose commands are each the `command` of a module.

    `offered` is sub-command -> what it does in one line; its module is `modules` with the name behind it, hyphens as
    underscores. `hidden` sub-commands can be called and are not listed.
    """

    def __init__(
        self, *arguments: Any, offered: Mapping[str, str], modules: str, hidden: Container[str] = (), **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._offered = offered
        self._modules = modules
        self._hidden = hidden

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._offered)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._offered and cmd_name not in self._hidden:
            return None
        found: click.Command = import_module(f"{self._modules}{cmd_name.replace('-', '_')}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self._offered.items()))
