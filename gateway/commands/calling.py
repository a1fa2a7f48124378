"""What the hand commands share: the client profile, its options, and how an answer or a failure is shown."""

from collections.abc import Callable, Coroutine
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import click

from gateway.client import Answered, CallFailed, OfficeClient, Outbound, load_profile
from gateway.commands.answering import FAILED, UNCERTAIN, answer, fail, json_option, runs
from gateway.commands.inspection import check_before_sending, declared_type

__all__ = ["application_options", "calls", "document_options", "read_application", "read_documents", "show_receipt"]

_P = ParamSpec("_P")

_profile_option = click.option(
    "-p",
    "--profile",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("client.toml"),
    show_default=True,
    help="How to call the gateway; `pouch init` makes it.",
)


def calls(
    body: Callable[Concatenate[OfficeClient, bool, _P], Coroutine[Any, Any, None]],
) -> Callable[..., None]:
    """Give a command body an open client and `as_json`; a failed call ends with the gateway's remedy.

    Exit 1 if the gateway refused, 3 if it is not known what became of the call.
    """

    @_profile_option
    @json_option
    @wraps(body)
    @runs
    async def run(profile: Path, as_json: bool, *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            client = OfficeClient(load_profile(profile))
        except ValueError as error:
            fail(f"{error}\n  `pouch init` makes a profile; -p names it.", code=2)
        try:
            async with client:
                await body(client, as_json, *args, **kwargs)
        except CallFailed as failure:
            value = {"code": failure.code, "message": failure.message, "remedy": failure.remedy}
            if failure.place:
                value["place"] = failure.place
            if failure.message_id:
                value["messageId"] = failure.message_id
            if as_json:
                answer(value, "", as_json=True)
            place = f" ({failure.place})" if failure.place else ""
            text = f"{failure}{place}\n  {failure.remedy}"
            if failure.message_id and not failure.code:
                text += f"\n  Whether it was taken is not known: send the same with --message-id {failure.message_id}"
            fail(text, code=FAILED if failure.code else UNCERTAIN)

    return run


def application_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name an application."""
    for option in (
        click.option("--date", "filing_date", required=True, metavar="YYYY-MM-DD", help="Filing date."),
        click.option("--number", required=True, help="Number as the first office assigned it."),
        click.option(
            "--right",
            type=click.Choice(["patent", "utility-model", "design", "trademark"]),
            default="patent",
            show_default=True,
        ),
    ):
        command = option(command)
    return command


def document_options(command: Callable[..., None]) -> Callable[..., None]:
    """The file to send, with the facts of its certification."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    for option in (
        click.option("--certified-on", default=lambda: date.today().isoformat(), help="Date of certification."),
        click.option("--form", type=click.Choice(["digitally-signed", "sealed", "statement"]), default="sealed"),
        click.option("--no-check", is_flag=True, help="Send without looking into the files (see `pouch validate`)."),
        click.option("--bibliography", type=file, help="ST.96 or ST.36 XML."),
        click.argument("document", type=file),
    ):
        command = option(command)
    return command


def read_documents(
    office: str,
    document: Path,
    bibliography: Path | None,
    *,
    form: str,
    certified_on: str,
    no_check: bool,
    as_json: bool,
) -> list[Outbound]:
    """The certified copy as `office` certified it, and the bibliography if there is one; inspected first."""
    certification = {"certifiedBy": office, "form": form, "certifiedOn": certified_on, "filingDateCertified": True}
    documents = [
        Outbound(
            content_id="certified-copy",
            path=document,
            role="certified-copy",
            media_type=declared_type(document) or "application/pdf",
            certification=certification,
        )
    ]
    if bibliography is not None:
        documents.append(
            Outbound(content_id="bibliography", path=bibliography, role="bibliography", media_type="application/xml")
        )
    if not no_check:
        check_before_sending(documents, as_json=as_json)
    return documents


def read_application(office: str, right: str, number: str, filing_date: str) -> dict[str, str]:
    """An application as the interface writes it."""
    return {"officeCode": office, "right": right, "number": number, "filingDate": filing_date}


def show_receipt(answered: Answered, what: str, *, as_json: bool, message_id: str = "") -> None:
    """Show a receipt's exchange and state, and of a message that can be sent again its id."""
    body = {**({"messageId": message_id} if message_id else {}), **answered.body}
    lines = [what]
    if message_id:
        lines.append(f"  message   {message_id}")
    if body.get("exchangeId"):
        lines.append(f"  exchange  {body['exchangeId']}")
    if body.get("state"):
        lines.append(f"  state     {body['state']}")
    lines.append("  receipt   signed by the gateway; --json prints it")
    answer(body, "\n".join(lines), as_json=as_json)
