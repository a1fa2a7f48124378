"""pouch sandbox: a counterpart to try against. It is a program of its own that imports nothing of the gateway."""

import os
import sys

import click


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...]) -> None:
    """Start the sandbox Bureau (ib), an IPAS (ipas), a foreign office (office) or a time-stamping authority (tsa)."""
    # -P: what lies in the folder where somebody types this is no module
    os.execv(sys.executable, [sys.executable, "-P", "-m", "sandbox", *words])  # noqa: S606
