"""pouch ledger export: the office's own log as static files, to be kept or handed on."""

from pathlib import Path

import click

from gateway.app.ledger_export import NotExported, export_log
from gateway.commands.answering import answer, config_option, fail, json_option, open_settings, runs


@click.command()
@config_option
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder to write; an earlier export there grows.",
)
@click.option("--office", metavar="CC", help="Whose log: a hosted office. Default: the first of the settings.")
@json_option
@runs
async def command(config: Path, folder: Path, office: str | None, as_json: bool) -> None:
    """Write an office's log up to its newest checkpoint as tlog-tiles files.

    Verify it anywhere: pouch ledger verify --dir DIR --vkey keys/ledger.vkey
    """
    settings = open_settings(config)
    try:
        size = await export_log(settings, folder, office)
    except NotExported as error:
        fail(str(error))
    except OSError as error:
        fail(f"{folder} cannot be written: {error.strerror}")
    answer({"size": size, "folder": str(folder)}, f"{size} entries are in {folder}.", as_json=as_json)
