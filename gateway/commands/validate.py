"""pouch validate: say what is wrong with a document or package, as the gateway would."""

import sys
from datetime import date
from pathlib import Path
from typing import Final

import click

from gateway.commands.answering import FAILED, UNCERTAIN, answer, fail, json_option
from gateway.commands.inspection import declared_type, inspect_file, read_roots, report_text, roots_option
from gateway.core.finding import Judgement
from gateway.core.office import Application, OfficeCode, Right
from gateway.packages.form import Declared

_EXITS: Final = {Judgement.PASSED: 0, Judgement.FAILED: FAILED, Judgement.INDETERMINATE: UNCERTAIN}


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--media-type", help="The type the file is declared with; by default its name tells (.pdf, .zip, .xml).")
@click.option("--digitally-signed", is_flag=True, help="The copy is declared to bear the office's digital signature.")
@roots_option
@click.option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of official schemas that `pouch schemas add` has installed; they are enforced.",
)
@click.option("--office", help="ST.3 code of the office whose application it is for; with --number and --date.")
@click.option("--number", help="The application number.")
@click.option("--date", "filed", metavar="YYYY-MM-DD", help="The filing date.")
@click.option("--right", type=click.Choice([right.value for right in Right]), default="patent", show_default=True)
@json_option
def command(
    file: Path,
    media_type: str | None,
    digitally_signed: bool,
    roots: Path | None,
    schemas: Path | None,
    office: str | None,
    number: str | None,
    filed: str | None,
    right: str,
    as_json: bool,
) -> None:
    """Inspect FILE and tell every finding: severity, code, place, rule and what to do.

    Exit 0 without errors, 1 with errors, 3 if it could not all be checked. It needs no gateway and no network.
    """
    application = None
    if office and number and filed:
        try:
            day = date.fromisoformat(filed)
        except ValueError:
            fail(f"{filed} is no date; write year-month-day.", code=2)
        application = Application(
            office=OfficeCode(office), right=Right(right), number=number, normal=number, filing_date=day
        )
    elif office or number or filed:
        fail("--office, --number and --date go together.", code=2)
    declared = Declared(
        media_type=media_type or declared_type(file),
        application=application,
        is_digitally_signed=digitally_signed,
    )
    report = inspect_file(file, declared, read_roots(roots), schemas=schemas)
    answer(report.told(), report_text(report), as_json=as_json)
    sys.exit(_EXITS[report.judgement])
