"""pouch replace: put a new document in the place of a deposited one."""

from pathlib import Path

import click

from gateway.client import OfficeClient
from gateway.commands.calling import calls, document_options, read_documents, show_receipt


@click.command()
@click.argument("exchange_id")
@document_options
@click.option("--explanation", required=True, help="Why, for the file.")
@calls
async def command(
    client: OfficeClient,
    as_json: bool,
    exchange_id: str,
    document: Path,
    bibliography: Path | None,
    form: str,
    certified_on: str,
    no_check: bool,
    explanation: str,
) -> None:
    """Put DOCUMENT (a certified copy in PDF) in the place of what EXCHANGE_ID holds; the old version is kept."""
    office = client.profile.office
    documents = read_documents(
        office,
        document,
        bibliography,
        form=form,
        certified_on=certified_on,
        no_check=no_check,
        as_json=as_json,
    )
    answered = await client.replace(exchange_id, documents, explanation)
    show_receipt(answered, f"Replaced by {document.name}.", as_json=as_json)
