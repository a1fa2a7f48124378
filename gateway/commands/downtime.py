"""pouch downtime: planned downtime is announced before it happens, so that it is told apart from an outage."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from gateway.app.asking import chosen_office
from gateway.app.outage_asking import announce, call_off
from gateway.commands.answering import answer, config_option, fail, json_option, open_settings, runs
from gateway.commands.moments import read_moment
from gateway.core.instant import rfc3339

_LONGEST = 500
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_office = click.option("--office", metavar="CC", help="The hosted office; the first one without.")


@click.group()
def command() -> None:
    """Announce planned downtime, and end it; what is announced afterwards is not planned. See `pouch outages`."""


@command.command("announce")
@config_option
@_office
@click.option("--from", "starts", metavar="TIME", required=True, help="Its begin.")
@click.option("--to", "ends", metavar="TIME", required=True, help="Its end.")
@click.option("--reason", required=True, help="Why, in a sentence for whoever reads the notice.")
@click.option("--counterpart", metavar="CC", help="Downtime that this counterpart announced; else our own door's.")
@json_option
@runs
async def announce_command(
    config: Path,
    office: str | None,
    starts: str,
    ends: str,
    reason: str,
    counterpart: str | None,
    as_json: bool,
) -> None:
    """Say before it happens from when to when the gateway, or a counterpart, will be away.

    Times are 2026-11-23T10:00 in the office's time zone, or with an offset. The announcement is a ledger entry.
    """
    settings = open_settings(config)
    hosted = chosen_office(settings, office)
    [zone] = [ZoneInfo(item.time_zone) for item in settings.hosted if item.code == hosted]
    start, end = read_moment(starts, zone), read_moment(ends, zone)
    if start >= end:
        raise click.UsageError("--from lies before --to.")
    if not 1 <= len(reason) <= _LONGEST or not reason.isprintable():
        raise click.UsageError(f"--reason is one line of at most {_LONGEST} characters.")
    known = {item.code for item in settings.counterpart if item.hosted == hosted}
    if counterpart is not None and counterpart not in known:
        raise click.UsageError(f"{counterpart} is no counterpart of {hosted}.")
    downtime_id = await announce(settings, hosted, counterpart=counterpart, starts=start, ends=end, reason=reason)
    answer(
        {"downtimeId": downtime_id, "starts": rfc3339(start), "ends": rfc3339(end)},
        f"Announced as {downtime_id}. When it is over: pouch downtime end {downtime_id} -c {config}",
        as_json=as_json,
    )


@command.command("end")
@config_option
@_office
@click.argument("downtime_id", metavar="ID")
@json_option
@runs
async def end_command(config: Path, office: str | None, downtime_id: str, as_json: bool) -> None:
    """Say that a downtime is over, or does not take place; what comes after is unplanned again."""
    if not _ID.fullmatch(downtime_id):
        raise click.UsageError("ID is what `pouch downtime announce` gave.")
    settings = open_settings(config)
    ended = await call_off(settings, chosen_office(settings, office), downtime_id)
    if ended is None:
        fail("There is no such downtime that is not over; `pouch outages` lists them.")
    answer(
        {"downtimeId": downtime_id, "ended": ended},
        "It is over." if ended else "It was over already.",
        as_json=as_json,
    )
