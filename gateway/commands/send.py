"""pouch send: deposit a document by hand."""

from pathlib import Path

import click

from gateway.client import CallFailed, OfficeClient
from gateway.commands.calling import (
    application_options,
    calls,
    document_options,
    read_application,
    read_documents,
    show_receipt,
)


@click.command()
@application_options
@document_options
@click.option("--hosting", type=click.Choice(["bureau", "office"]), default="bureau", show_default=True)
@click.option("--code-issuer", type=click.Choice(["bureau", "office"]), default="bureau", show_default=True)
@click.option("--email", help="The applicant's address, where the Bureau sends the access code it issues.")
@click.option("--message-id", help="Give the same id again to repeat a message whose answer was lost.")
@calls
async def command(
    client: OfficeClient,
    as_json: bool,
    document: Path,
    right: str,
    number: str,
    filing_date: str,
    bibliography: Path | None,
    hosting: str,
    code_issuer: str,
    email: str | None,
    form: str,
    certified_on: str,
    no_check: bool,
    message_id: str | None,
) -> None:
    """Deposit DOCUMENT (a certified copy in PDF) at the gateway; it is held until released.

    The message id is told: with --message-id the same can be sent again, and has an effect once.
    """
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
    registration = {"hosting": hosting, "codeIssuer": code_issuer}
    if email:
        registration["applicantEmail"] = email
    message_id = message_id or client.new_message_id()
    try:
        answered = await client.deposit(
            read_application(office, right, number, filing_date),
            documents,
            registration=registration,
            message_id=message_id,
        )
    except CallFailed as failure:
        failure.message_id = message_id
        raise
    what = f"Deposited {document.name}: the gateway holds it."
    show_receipt(answered, what, as_json=as_json, message_id=message_id)
