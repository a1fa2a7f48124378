"""pouch serve: front doors and delivery."""

from pathlib import Path

import click

from gateway.app.supervising import CannotStart, Serving, supervise
from gateway.commands.answering import config_option, fail, log_options, open_settings, runs


@click.command()
@config_option
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes on the one port.")
@log_options
@runs
async def command(config: Path, workers: int) -> None:
    """Serve until stopped (SIGTERM, Ctrl-C). SIGHUP loads the offices file and the TLS certificate again."""
    try:
        await supervise(config, open_settings(config), workers=workers, ready=_say)
    except CannotStart as error:
        fail(str(error), code=error.code)


def _say(serving: Serving) -> None:
    crew = "1 worker" if serving.workers == 1 else f"{serving.workers} workers"
    click.echo(
        f"Pouch listens on {serving.address} for {', '.join(serving.offices)}, {crew}; "
        f"health and metrics on {serving.ops}. Ctrl-C ends it."
    )
