"""pouch withdraw: take a registration back."""

import click

from gateway.client import OfficeClient
from gateway.commands.calling import calls, show_receipt
from gateway.core.request import Cause


@click.command()
@click.argument("exchange_id")
@click.option("--cause", required=True, type=click.Choice([cause.value for cause in Cause]), help="Why.")
@click.option("--explanation", help="More about it, for the file.")
@calls
async def command(client: OfficeClient, as_json: bool, exchange_id: str, cause: str, explanation: str | None) -> None:
    """Take the registration of EXCHANGE_ID back; what was fetched stays fetched.

    Withdrawing the application itself is no cause: it can still found priority (Paris Convention 4C(4)).
    """
    show_receipt(await client.withdraw(exchange_id, cause, explanation), "Withdrawn.", as_json=as_json)
