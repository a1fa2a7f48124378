"""pouch send: deposit a document by hand."""

from datetime import date
from pathlib import Path

import click

from gateway.client import OfficeClient, Outbound
from gateway.commands.calling import application_options, calls, read_application, show_receipt


@click.command()
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@application_options
@click.option(
    "--bibliography", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="ST.96 or ST.36 XML."
)
@click.option("--hosting", type=click.Choice(["bureau", "office"]), default="bureau", show_default=True)
@click.option("--code-issuer", type=click.Choice(["bureau", "office"]), default="bureau", show_default=True)
@click.option("--email", help="The applicant's address, where the Bureau sends the access code.")
@click.option("--form", type=click.Choice(["digitally-signed", "sealed", "statement"]), default="sealed")
@click.option("--certified-on", default=lambda: date.today().isoformat(), help="Date of certification.")
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
    message_id: str | None,
) -> None:
    """Deposit DOCUMENT (a certified copy in PDF) at the gateway; it is held until released."""
    office = client.profile.office
    certification = {
        "certifiedBy": office,
        "form": form,
        "certifiedOn": certified_on,
        "filingDateCertified": True,
    }
    documents = [
        Outbound(
            content_id="certified-copy",
            path=document,
            role="certified-copy",
            media_type="application/pdf",
            certification=certification,
        )
    ]
    if bibliography is not None:
        documents.append(
            Outbound(content_id="bibliography", path=bibliography, role="bibliography", media_type="application/xml")
        )
    registration = {"hosting": hosting, "codeIssuer": code_issuer}
    if email:
        registration["applicantEmail"] = email
    answered = await client.deposit(
        read_application(office, right, number, filing_date),
        documents,
        registration=registration,
        message_id=message_id,
    )
    show_receipt(answered, f"Deposited {document.name}: the gateway holds it.", as_json=as_json)
