"""pouch migrate: bring the database schema up, in two halves."""

from pathlib import Path
from typing import Literal

import click

from gateway.commands.answering import answer, config_option, fail, json_option, open_settings, runs
from gateway.core.secret import Secret
from gateway.store.embedded import EmbeddedPostgres, EmbeddedRefused
from gateway.store.migrate import MigrationRefused, migrate


@click.command()
@config_option
@click.option(
    "--half",
    type=click.Choice(["pre", "post", "all"]),
    default="all",
    show_default=True,
    help="pre: while the old version still serves; post: after it has gone.",
)
@json_option
@runs
async def command(config: Path, half: Literal["pre", "post", "all"], as_json: bool) -> None:
    """Bring the schema up. With a server of your own, database.migration_dsn names the owner."""
    settings = open_settings(config)
    try:
        if settings.database.dsn is None:
            async with EmbeddedPostgres(settings.gateway.storage / "postgres") as dsns:
                ran = await migrate(dsns.owner, half)
        else:
            ran = await migrate(Secret(settings.database.migration_dsn or settings.database.dsn), half)
    except (MigrationRefused, EmbeddedRefused) as error:
        fail(str(error))
    text = "\n".join(f"ran {name}" for name in ran) or "The schema is up to date."
    answer({"ran": list(ran)}, text, as_json=as_json)
