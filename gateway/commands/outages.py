"""pouch outages: who was away, and a notice of it to publish."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from gateway.app.asking import chosen_office
from gateway.app.outage_asking import make_outage_notice, sign_outage_notice
from gateway.app.system import SystemClock
from gateway.commands.answering import answer, config_option, fail, json_option, open_settings, runs
from gateway.commands.moments import read_moment
from gateway.core.outage_notice import ListedDowntime, ListedOutage, OutageNotice
from gateway.wire.outage_notice import local, render_notice_json
from gateway.wire.outage_page import render_outage_page

_USUAL = timedelta(days=30)


@click.command()
@config_option
@click.option("--office", metavar="CC", help="The hosted office that makes the notice; the first one without.")
@click.option("--from", "since", metavar="TIME", help="Begin of the time that is listed; 30 days ago without.")
@click.option("--to", "until", metavar="TIME", help="Its end; now without.")
@click.option(
    "-o",
    "--output",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a notice: signed XML for .xml, a page for people for .html, or .json.",
)
@json_option
@runs
async def command(
    config: Path, office: str | None, since: str | None, until: str | None, output: Path | None, as_json: bool
) -> None:
    """List when the front door, the database or a counterpart's link was away, and what of it was announced.

    Begin and end are given as far as they are known: "between" two moments where nobody knows better. Times are
    2026-11-23T10:00 in the office's time zone, or with an offset.
    """
    settings = open_settings(config)
    hosted = chosen_office(settings, office)
    [zone] = [ZoneInfo(item.time_zone) for item in settings.hosted if item.code == hosted]
    now = SystemClock().now()
    start = read_moment(since, zone) if since else now - _USUAL
    end = read_moment(until, zone) if until else now
    if start >= end:
        raise click.UsageError("--from lies before --to.")
    notice = await make_outage_notice(settings, hosted, start, end)
    value = render_notice_json(notice)
    written = ""
    if output is not None:
        match output.suffix:
            case ".xml":
                content = sign_outage_notice(settings, notice)
            case ".html":
                content = render_outage_page(notice)
            case ".json":
                content = json.dumps(value, ensure_ascii=False, indent=2).encode()
            case _:
                raise click.UsageError("-o takes a name that ends with .xml, .html or .json.")
        try:
            await asyncio.to_thread(output.write_bytes, content)
        except OSError as error:
            fail(f"{output} cannot be written: {error.strerror}")
        written = f"\nThe notice {notice.notice_id} is in {output}."
    answer(value, _text(notice) + written, as_json=as_json)


def _text(notice: OutageNotice) -> str:
    lines = [_outage(each, notice) for each in notice.outages] + [_downtime(each, notice) for each in notice.downtimes]
    return "\n".join(lines) or "No outage was observed and no downtime announced in this time."


def _outage(listed: ListedOutage, notice: OutageNotice) -> str:
    outage, now = listed.outage, notice.made_at
    who = outage.subject.value if outage.counterpart is None else f"link to {outage.counterpart} by {outage.adapter}"
    possible = outage.possible(now)
    most = "" if possible is None else f", at the most {possible.total_seconds():.0f} s"
    kind = "planned" if listed.is_planned(now) else "partly planned" if listed.planned_seconds else "unplanned"
    bound = "" if all(entry.is_bound for entry in listed.entries) else "; ITS ENTRY DOES NOT COMMIT TO THIS"
    end = "now" if outage.ended is None else local(outage.ended.not_after, notice.zone)
    return (
        f"{who}: {local(outage.began.not_before or outage.began.not_after, notice.zone)} to {end}, "
        f"at the least {outage.certain(now).total_seconds():.0f} s{most}, {kind}{bound}"
    )


def _downtime(listed: ListedDowntime, notice: OutageNotice) -> str:
    downtime = listed.downtime
    over = "" if downtime.called_off is None else f", ended {local(downtime.called_off, notice.zone)}"
    who = "" if downtime.counterpart is None else f" of {downtime.counterpart}"
    return (
        f"announced downtime{who} {downtime.downtime_id}: {local(downtime.starts, notice.zone)} to "
        f"{local(downtime.ends, notice.zone)}{over}: {downtime.reason}"
    )
