"""pouch init: settings, offices file, keys and test certificates for an office; never overwrites."""

from pathlib import Path
from typing import Literal

import click

from gateway.commands.answering import answer, fail, json_option
from gateway.core.office import office_code
from gateway.core.reason import Refused
from gateway.founding import (
    AlreadyFounded,
    Founded,
    FoundedSandbox,
    Founding,
    Neighbours,
    found_bureau,
    found_gateway,
    found_ipas,
)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--office", required=True, metavar="CC", help="WIPO ST.3 code of the office, two capital letters.")
@click.option("--name", default="", help="The office's name.")
@click.option("--listen", default="127.0.0.1:8443", show_default=True, help="Front door, host:port.")
@click.option("--ops", default="127.0.0.1:9464", show_default=True, help="Health and metrics, host:port.")
@click.option("--bureau", default="127.0.0.1:9443", show_default=True, help="The sandbox Bureau, host:port.")
@click.option("--ipas", default="127.0.0.1:9444", show_default=True, help="The office's sandbox IPAS, host:port.")
@click.option(
    "--code-issuer",
    type=click.Choice(["bureau", "office"]),
    default="bureau",
    show_default=True,
    help="Who makes the access codes, by agreement with the Bureau.",
)
@click.option("--polling", is_flag=True, help="The Bureau cannot call the office: it polls, and has no own library.")
@click.option("--alone", is_flag=True, help="Without counterparts: no [[counterpart]], no [[agreement]], no sandbox.")
@json_option
def command(
    folder: Path,
    office: str,
    name: str,
    listen: str,
    ops: str,
    bureau: str,
    ipas: str,
    code_issuer: Literal["bureau", "office"],
    polling: bool,
    alone: bool,
    as_json: bool,
) -> None:
    """Make a gateway for an office in FOLDER: settings, keys and test certificates.

    Beside it, in FOLDER/sandbox, a Bureau and an IPAS to try it against.
    """
    try:
        code = office_code(office)
    except Refused:
        fail("an office code is two capital letters (WIPO ST.3), for example: pouch init xa --office XA", code=2)
    neighbours = Neighbours(bureau=bureau, ipas=ipas, issuer=code_issuer, called=not polling)
    founding = Founding(
        folder=folder,
        office=code,
        name=name or code,
        front=listen,
        ops=ops,
        neighbours=None if alone else neighbours,
    )
    sandboxes: tuple[FoundedSandbox, ...] = ()
    try:
        founded = found_gateway(founding)
        if not alone:
            place = folder / "sandbox"
            sandboxes = (found_bureau(place, [founding], founded.ca), found_ipas(place, founding, founded.ca))
    except AlreadyFounded as error:
        fail(str(error))
    paths = [founded.main, founded.offices, founded.client, *(sandbox.config for sandbox in sandboxes)]
    commands = [f"pouch sandbox {' '.join(sandbox.words)}" for sandbox in sandboxes]
    commands += [f"pouch check -c {founded.main}", f"pouch serve -c {founded.main}"]
    value = {"office": code, "files": [str(path) for path in paths], "commands": commands}
    answer(value, _told(folder, code, founded, paths, commands), as_json=as_json)


def _told(folder: Path, code: str, founded: Founded, paths: list[Path], commands: list[str]) -> str:
    return "\n".join(
        [
            f"Made a gateway for {code} in {folder}:",
            *(f"  {path}" for path in paths),
            f"  {folder / 'keys'}  keys, test certificates; back up wrapping.key: it opens every stored document",
            "Next, each in a terminal of its own:",
            *(f"  {words}" for words in commands),
            f"Then, for example: pouch status -p {founded.client} EXCHANGE",
            "Partners witness each other: they get keys/ledger.vkey and keys/witness.vkey (docs/operators.md).",
        ]
    )
