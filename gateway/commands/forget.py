"""pouch forget: destroy the keys of an exchange and what it says of persons; its proofs stay."""

import sys
from pathlib import Path
from uuid import UUID

import click

from gateway.app.forgetting import forget_exchange
from gateway.commands.answering import FAILED, answer, config_option, json_option, open_settings, runs
from gateway.core.exchange import Exchange


@click.command()
@click.argument("exchange_id", type=UUID)
@config_option
@click.option("--basis", required=True, help="On what basis: the retention rule, the order. It is kept and shown.")
@click.option("--force", is_flag=True, help="Also an exchange that has not ended; what is under way ends with it.")
@click.option("--yes", is_flag=True, help="Do not ask; without it the exchange id is to be typed again.")
@json_option
@runs
async def command(exchange_id: UUID, config: Path, basis: str, force: bool, yes: bool, as_json: bool) -> None:
    """Forget EXCHANGE_ID, for ever: nobody can undo it, nor open what was sealed.

    Destroyed are the keys of its documents and messages, its access code, its receipts, the applicant's address, who
    decided and on what basis, and the salts of its ledger entries. What stays are states, times, numbers and digests
    of documents, and every entry with its proof. It is an entry itself. Only what has ended is forgotten: withdrawn,
    refused or confirmed, with nothing under way; and nothing that is on hold (pouch hold).

    Backups made before still hold the keys: they have an end of their own.
    """
    if not 0 < len(basis) <= 500:
        raise click.UsageError("--basis is 1 to 500 characters")
    name = str(exchange_id)
    done = await forget_exchange(
        open_settings(config), name, basis=basis, force=force, agree=lambda exchange: yes or _agrees(exchange)
    )
    if done is None:
        click.echo("pouch: not forgotten: the exchange id was not typed again.", err=True)
        sys.exit(FAILED)
    value = {"exchangeId": name, "documents": done.documents, "entryId": done.entry_id}
    lines = [f"Forgotten: {done.documents} documents cannot be opened any more."]
    lines += [f"  exchange  {name}", f"  entry     {done.entry_id}"]
    answer(value, "\n".join(lines), as_json=as_json)


def _agrees(exchange: Exchange) -> bool:
    application = exchange.application
    click.echo(
        f"{application.office} {application.number} of {application.filing_date} ({application.right.value}), "
        f"{exchange.state.value}. It cannot be undone.",
        err=True,
    )
    return bool(click.prompt("Type the exchange id to forget it", err=True).strip() == exchange.exchange_id)
