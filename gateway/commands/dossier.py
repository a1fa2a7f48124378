"""pouch dossier: all evidence on one exchange in one file that verifies without us."""

from pathlib import Path
from uuid import UUID

import click

from gateway.app.dossier_file import NotMade, write_dossier_file
from gateway.commands.answering import answer, config_option, fail, json_option, log_options, open_settings, runs


@click.command()
@click.argument("exchange_id", type=UUID)
@config_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write; it must not be there yet.",
)
@click.option("--documents", is_flag=True, help="With the documents themselves, encrypted; they must be released.")
@click.option(
    "--for",
    "recipient",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --documents: the certificate (PEM, RSA) of whom they are encrypted for.",
)
@json_option
@log_options
@runs
async def command(
    exchange_id: UUID, config: Path, output: Path, documents: bool, recipient: Path | None, as_json: bool
) -> None:
    """Write the dossier of EXCHANGE_ID: messages, receipts, decisions, entries with proofs, and a cover to read.

    Documents are in it by their digests only; with --documents --for CERTIFICATE.pem also themselves, encrypted so
    that only that recipient can open them: openssl cms -decrypt -inform DER -in FILE.p7m -recip KEY-AND-CERTIFICATE.pem

    Verify it anywhere: pouch verify FILE
    """
    if documents != (recipient is not None):
        raise click.UsageError("--documents and --for CERTIFICATE.pem go together: documents leave encrypted only.")
    settings = open_settings(config)
    try:
        dossier = await write_dossier_file(settings, str(exchange_id), output, recipient)
    except NotMade as error:
        fail(str(error))
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}")
    contents = dossier.contents
    proved = sum(1 for entry in contents.entries if entry.proof)
    lines = [
        f"{output}: {len(dossier.content)} bytes, {len(contents.messages)} messages, "
        f"{len(contents.documents)} documents, {proved} of {len(contents.entries)} entries proved.",
        *(f"  missing: {each.what}: {each.why}" for each in contents.missing),
        f"  verify it with: pouch verify {output}",
    ]
    value = {
        "file": str(output),
        "office": dossier.office,
        "exchangeId": str(exchange_id),
        "size": len(dossier.content),
        "messages": len(contents.messages),
        "documents": len(contents.documents),
        "entries": len(contents.entries),
        "proved": proved,
        "missing": [{"what": each.what, "why": each.why} for each in contents.missing],
    }
    answer(value, "\n".join(lines), as_json=as_json)
