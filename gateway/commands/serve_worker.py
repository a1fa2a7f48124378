"""pouch serve-worker: one worker process of `pouch serve`; not for hands."""

import os
from pathlib import Path

import click

from gateway.app.serving import serve
from gateway.commands.answering import config_option, fail, log_options, open_settings, runs
from gateway.core.secret import Secret


@click.command(hidden=True)
@config_option
@click.option("--slot", type=click.IntRange(0, 63), required=True)
@click.option("--metrics", type=click.Path(file_okay=False, path_type=Path), required=True)
@log_options
@runs
async def command(config: Path, slot: int, metrics: Path) -> None:
    """Serve on the shared port until the supervisor says or is gone."""
    dsn = os.environ.pop("POUCH_DATABASE_DSN", "")
    if not dsn:
        fail("serve-worker is started by `pouch serve`", code=2)
    await serve(open_settings(config), Secret(dsn), metrics=metrics, slot=slot, listens=click.echo)
