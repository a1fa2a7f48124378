"""pouch serve: front doors and delivery."""

from pathlib import Path

import click

from gateway.app.supervising import supervise
from gateway.commands.answering import config_option, fail, log_options, open_settings, runs
from gateway.store.embedded import EmbeddedRefused
from gateway.store.pool import DatabaseUnavailable


@click.command()
@config_option
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes on the one port.")
@log_options
@runs
async def command(config: Path, workers: int) -> None:
    """Serve until stopped (SIGTERM, Ctrl-C). SIGHUP loads the offices file and the TLS certificate again."""
    settings = open_settings(config)
    try:
        await supervise(config, settings, workers=workers)
    except EmbeddedRefused as error:
        fail(str(error))
    except DatabaseUnavailable as error:
        fail(f"{error}\n  Is the server of database.dsn running? `pouch check -c {config}` tries it.")
