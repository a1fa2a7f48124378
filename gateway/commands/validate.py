"""pouch validate: say what is wrong with a document or package, as the gateway would."""

import sys
from pathlib import Path
from typing import Final

import click

from gateway.commands.answering import FAILED, UNCERTAIN, answer, json_option
from gateway.commands.inspection import declared_type, inspect_file, read_roots, report_text, roots_option
from gateway.core.finding import Judgement
from gateway.packages.form import Declared

_EXITS: Final = {Judgement.PASSED: 0, Judgement.FAILED: FAILED, Judgement.INDETERMINATE: UNCERTAIN}


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--media-type", help="The type the file is declared with; by default its name tells (.pdf, .zip, .xml).")
@click.option("--digitally-signed", is_flag=True, help="The copy is declared to bear the office's digital signature.")
@roots_option
@json_option
def command(file: Path, media_type: str | None, digitally_signed: bool, roots: Path | None, as_json: bool) -> None:
    """Inspect FILE and tell every finding: severity, code, place, rule and what to do.

    Exit 0 without errors, 1 with errors, 3 if it could not all be checked. It needs no gateway and no network.
    """
    declared = Declared(media_type=media_type or declared_type(file), is_digitally_signed=digitally_signed)
    report = inspect_file(file, declared, read_roots(roots))
    answer(report.told(), report_text(report), as_json=as_json)
    sys.exit(_EXITS[report.judgement])
