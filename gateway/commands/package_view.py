"""pouch package view: the core PDF of a PDDP with a page in front, for who cannot take packages."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.commands.answering import answer, fail, json_option
from gateway.core.reason import Refused
from gateway.packages.views import NOT_CERTIFIED, core_view


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The PDF.")
@json_option
def command(file: Path, output: Path, as_json: bool) -> None:
    """Make a PDF of FILE, a priority document data package. It is a view and certifies nothing; it never overwrites."""
    try:
        with file.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
            view = core_view(source, digest=digest, at=datetime.now(UTC))
        with output.open("xb") as sink:
            sink.write(view)
    except FileExistsError:
        fail(f"{output} is there already; name another file.", code=2)
    except (Refused, KeyError) as refused:
        why = refused.reason.text if isinstance(refused, Refused) else "It is no priority document data package."
        fail(f"{why}\n  See what is wrong with it: pouch validate {file}")
    answer({"file": str(output), "title": NOT_CERTIFIED}, f"{output}: {NOT_CERTIFIED}", as_json=as_json)
