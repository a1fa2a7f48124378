"""pouch hold: stop an exchange or the whole office, or lift the stop."""

import click

from gateway.client import OfficeClient
from gateway.commands.calling import calls, show_receipt


@click.command()
@click.argument("exchange_id", required=False)
@click.option("--office", "whole_office", is_flag=True, help="The whole office, instead of one exchange.")
@click.option("--lift", is_flag=True, help="End the stop; wrong access codes counted against it are forgiven.")
@click.option("--explanation", required=True, help="Why, for the ledger's readers.")
@calls
async def command(
    client: OfficeClient,
    as_json: bool,
    exchange_id: str | None,
    whole_office: bool,
    lift: bool,
    explanation: str,
) -> None:
    """Stop EXCHANGE_ID (or everything, with --office): nothing leaves until the stop is lifted."""
    if (exchange_id is None) != whole_office:
        raise click.UsageError("name one exchange, or say --office")
    answered = await client.hold(exchange_id, explanation, lift=lift)
    show_receipt(answered, "The stop is lifted." if lift else "Stopped: nothing leaves.", as_json=as_json)
