"""pouch retrieve: ask for another office's document."""

import click

from gateway.client import OfficeClient
from gateway.commands.calling import application_options, calls, read_application, show_receipt


@click.command()
@click.option("--office", required=True, metavar="CC", help="Whose application it is (ST.3).")
@application_options
@click.option(
    "--code",
    prompt="Access code",
    hide_input=True,
    envvar="POUCH_ACCESS_CODE",
    help="The applicant's access code; asked for if not given (a command line is seen by others).",
)
@click.option("--holding-office", metavar="CC", help="The office in whose file the copy lies, if another.")
@click.option("--own-number", help="The own application in whose file it is to be laid.")
@click.option("--own-date", metavar="YYYY-MM-DD", help="Its filing date.")
@calls
async def command(
    client: OfficeClient,
    as_json: bool,
    office: str,
    right: str,
    number: str,
    filing_date: str,
    code: str,
    holding_office: str | None,
    own_number: str | None,
    own_date: str | None,
) -> None:
    """Ask for a priority document of another office; a notification tells when it is here."""
    own = {"number": own_number} if own_number else None
    if own is not None and own_date:
        own["filingDate"] = own_date
    answered = await client.retrieve(
        read_application(office, right, number, filing_date),
        code,
        holding_office=holding_office,
        own_application=own,
    )
    show_receipt(answered, "Asked for. `pouch poll` tells when it is here.", as_json=as_json)
