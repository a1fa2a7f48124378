"""pouch work: delivery alone, beside gateways that serve."""

from pathlib import Path

import click

from gateway.app.opening import open_database
from gateway.app.serving import deliver_only
from gateway.commands.answering import config_option, log_options, open_settings, runs


@click.command()
@config_option
@log_options
@runs
async def command(config: Path) -> None:
    """Claim and deliver due transmissions until stopped; many may run on one database."""
    settings = open_settings(config)
    async with open_database(settings) as dsn:
        await deliver_only(settings, dsn)
