"""pouch correct: correct the filing date of a deposit."""

import click

from gateway.client import OfficeClient
from gateway.commands.calling import calls, show_receipt


@click.command()
@click.argument("exchange_id")
@click.option("--date", "filing_date", required=True, metavar="YYYY-MM-DD", help="The right filing date.")
@click.option("--explanation", required=True, help="Why, for the file.")
@calls
async def command(client: OfficeClient, as_json: bool, exchange_id: str, filing_date: str, explanation: str) -> None:
    """Correct the filing date of EXCHANGE_ID; everything else stays, and the counterpart is told."""
    show_receipt(await client.correct(exchange_id, filing_date, explanation), "Corrected.", as_json=as_json)
