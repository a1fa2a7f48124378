"""pouch init: settings, offices file, keys and test certificates for an office; never overwrites."""

from pathlib import Path

import click

from gateway.commands.answering import answer, fail, json_option
from gateway.core.office import office_code
from gateway.core.reason import Refused
from gateway.founding import AlreadyFounded, Founding, found_gateway


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--office", required=True, metavar="CC", help="WIPO ST.3 code of the office, two capital letters.")
@click.option("--name", default="", help="The office's name.")
@click.option("--listen", default="127.0.0.1:8443", show_default=True, help="Front door, host:port.")
@click.option("--ops", default="127.0.0.1:9464", show_default=True, help="Health and metrics, host:port.")
@json_option
def command(folder: Path, office: str, name: str, listen: str, ops: str, as_json: bool) -> None:
    """Make a gateway for an office in FOLDER: settings, keys and test certificates."""
    try:
        code = office_code(office)
    except Refused:
        fail("an office code is two capital letters (WIPO ST.3), for example: pouch init xa --office XA", code=2)
    try:
        paths = found_gateway(Founding(folder=folder, office=code, name=name or code, front=listen, ops=ops))
    except AlreadyFounded as error:
        fail(str(error))
    text = "\n".join(
        [
            f"Made a gateway for {code} in {folder}:",
            *(f"  {path}" for path in paths),
            f"  {folder / 'keys'}  keys, test certificates; back up wrapping.key: it opens every stored document",
            "Next:",
            f"  pouch check -c {paths[0]}",
            f"  pouch serve -c {paths[0]}",
        ]
    )
    answer({"office": code, "files": [str(path) for path in paths]}, text, as_json=as_json)
