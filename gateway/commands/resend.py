"""pouch resend: try again now what was refused, held or put off."""

import click

from gateway.client import OfficeClient
from gateway.commands.calling import calls, show_receipt


@click.command()
@click.argument("exchange_id")
@calls
async def command(client: OfficeClient, as_json: bool, exchange_id: str) -> None:
    """Try every unfinished transmission of EXCHANGE_ID again; what is done stays done."""
    show_receipt(await client.resend(exchange_id), "Trying again.", as_json=as_json)
