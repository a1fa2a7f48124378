"""pouch serve: front doors and delivery."""

from pathlib import Path

import click

from gateway.app.supervising import supervise
from gateway.commands.answering import config_option, log_options, open_settings, runs


@click.command()
@config_option
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes on the one port.")
@log_options
@runs
async def command(config: Path, workers: int) -> None:
    """Serve until stopped (SIGTERM, Ctrl-C). SIGHUP loads the offices file and the TLS certificate again."""
    await supervise(config, open_settings(config), workers=workers)
