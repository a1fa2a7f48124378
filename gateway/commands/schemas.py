"""pouch schemas: official schemas of the standards, installed by their digest and then enforced."""

from pathlib import Path

import click

from gateway.commands.answering import answer, fail, json_option
from gateway.core.reason import Refused
from gateway.wire.installed import InstalledSchemas, WrongDigest


@click.group()
def command() -> None:
    """Official schemas of the standards, installed by their digest and then enforced."""


@command.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sha256", required=True, help="Its SHA-256 (hexadecimal), from the publisher or a colleague.")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder.")
@json_option
def add(file: Path, sha256: str, folder: Path, as_json: bool) -> None:
    """Install FILE, a ZIP archive of XSD files, into a folder: that of `packages.schemas` in the settings.

    The gateway enforces it from its next start, `pouch validate --schemas FOLDER` at once.
    """
    try:
        with file.open("rb") as archive:
            namespaces = InstalledSchemas(folder).add(archive, sha256)
    except WrongDigest as wrong:
        fail(f"{file} is not that archive: {wrong}.\n  Fetch it again from its publisher, and compare.")
    except Refused as refused:
        fail(f"{file}: {refused.reason.text}\n  {refused.reason.remedy}")
    text = "\n".join([f"{folder}: installed", *(f"  {namespace}" for namespace in namespaces)])
    answer({"folder": str(folder), "namespaces": list(namespaces)}, text, as_json=as_json)
