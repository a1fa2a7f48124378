"""pouch migrate: bring the database schema up, in two halves."""

from pathlib import Path
from typing import Literal

import click

from gateway.app.opening import migrate_database
from gateway.commands.answering import answer, config_option, json_option, open_settings, runs


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
    ran = await migrate_database(open_settings(config), half)
    text = "\n".join(f"ran {name}" for name in ran) or "The schema is up to date."
    answer({"ran": list(ran)}, text, as_json=as_json)
