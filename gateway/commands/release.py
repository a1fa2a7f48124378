"""pouch release: take release decisions on a held document."""

from datetime import UTC, datetime

import click

from gateway.client import OfficeClient
from gateway.commands.calling import calls, show_receipt

_CONDITIONS = ("applicant-request", "formalities", "secrecy", "fee")


@click.command()
@click.argument("exchange_id")
@click.option("--given", multiple=True, type=click.Choice(_CONDITIONS), help="Condition that is given.")
@click.option("--not-due", multiple=True, type=click.Choice(_CONDITIONS), help="Condition that is not due.")
@click.option("--rescinded", multiple=True, type=click.Choice(_CONDITIONS), help="Condition taken back.")
@click.option("--by", required=True, help="Who decided.")
@click.option("--basis", required=True, help="On what basis: a form, a paragraph.")
@calls
async def command(
    client: OfficeClient,
    as_json: bool,
    exchange_id: str,
    given: tuple[str, ...],
    not_due: tuple[str, ...],
    rescinded: tuple[str, ...],
    by: str,
    basis: str,
) -> None:
    """Decide on the conditions that hold EXCHANGE_ID; all four settled, it leaves."""
    at = datetime.now(UTC).isoformat()
    chosen = [
        *((condition, "given") for condition in given),
        *((condition, "not-due") for condition in not_due),
        *((condition, "rescinded") for condition in rescinded),
    ]
    if not chosen:
        raise click.UsageError("name at least one condition: --given, --not-due or --rescinded")
    if twice := sorted({condition for condition, _ in chosen if sum(c == condition for c, _ in chosen) > 1}):
        raise click.UsageError(f"named more than once: {', '.join(twice)}; decide each condition in one way")
    decisions = [
        {"condition": condition, "outcome": outcome, "by": by, "basis": basis, "decidedAt": at}
        for condition, outcome in chosen
    ]
    answered = await client.release(exchange_id, decisions)
    show_receipt(answered, "Decided.", as_json=as_json)
