"""pouch resend: try again now what was refused, held or put off."""

import click

from gateway.client import OfficeClient
from gateway.commands.calling import calls, show_receipt


@click.command()
@click.argument("exchange_id")
@click.option("--own-number", help="The own application in whose file a document that was asked for is to be laid.")
@click.option("--own-date", metavar="YYYY-MM-DD", help="Its filing date.")
@calls
async def command(
    client: OfficeClient, as_json: bool, exchange_id: str, own_number: str | None, own_date: str | None
) -> None:
    """Try every unfinished transmission of EXCHANGE_ID again; what is done stays done.

    What is held with Reason 5018 waits for the file it belongs to: name it with --own-number.
    """
    if own_date and not own_number:
        raise click.UsageError("--own-date goes with --own-number")
    own = {"number": own_number} if own_number else {}
    if own_date:
        own["filingDate"] = own_date
    show_receipt(await client.resend(exchange_id, own), "Trying again.", as_json=as_json)
