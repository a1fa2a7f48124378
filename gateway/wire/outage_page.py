"""An outage notice as one HTML page for people: the same facts as the signed one, which it names."""

from datetime import timedelta
from typing import Final

from gateway.core.outage import Subject, Window
from gateway.core.outage_notice import STATEMENT, EntryReference, ListedDowntime, ListedOutage, OutageNotice
from gateway.wire.markup import escape, tag, wrap
from gateway.wire.outage_notice import local

__all__ = ["render_outage_page"]

_STYLE: Final = (
    "body{font-family:sans-serif;max-width:60em;margin:2em auto;line-height:1.4}"
    "table{border-collapse:collapse;width:100%;margin-bottom:1em}"
    "th,td{border:1px solid #999;padding:.3em .5em;text-align:start;vertical-align:top}th{width:14em}"
    "code{font-size:85%;overflow-wrap:anywhere}"
)
_WHO: Final = {
    Subject.DOOR: "The gateway's own front door",
    Subject.DATABASE: "The gateway's database: it lived and could keep nothing",
    Subject.LINK: "The link to a counterpart, as the gateway's attempts saw it",
}


def render_outage_page(notice: OutageNotice) -> bytes:
    """Write the page: no script, nothing that is fetched."""
    facts = (
        _row("Office", f"{notice.issuer} {notice.issuer_name}"),
        _row("System", notice.system),
        _row("From", local(notice.since, notice.zone)),
        _row("To", local(notice.until, notice.zone)),
        _row("Made at", local(notice.made_at, notice.zone)),
        _row("Time zone", notice.zone_name),
        _row("Notice", notice.notice_id),
        _row("Ledger", notice.origin),
    )
    body = (
        tag("h1", "Outage notice"),
        tag("p", STATEMENT),
        tag("p", f"The front door gives a sign of life every {notice.granularity_seconds:g} seconds."),
        wrap("table", facts),
        tag("h2", "Outages"),
        *([_outage(each, notice) for each in notice.outages] or [tag("p", "None was observed in this time.")]),
        tag("h2", "Announced downtime"),
        *([_downtime(each, notice) for each in notice.downtimes] or [tag("p", "None was announced for this time.")]),
        tag("p", "This page is for reading. The signed notice is the XML document with the same notice id."),
    )
    head = f'<meta charset="utf-8"><title>Outage notice {escape(notice.notice_id)}</title><style>{_STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>{wrap("body", body)}</html>\n'.encode()


def _outage(listed: ListedOutage, notice: OutageNotice) -> str:
    outage, now = listed.outage, notice.made_at
    who = _WHO[outage.subject]
    if outage.counterpart:
        who = f"{who}: {outage.counterpart} ({outage.adapter})"
    possible = outage.possible(now)
    longest = "not known" if possible is None else _length(possible)
    planned = "fully announced" if listed.is_planned(now) else _length(timedelta(seconds=listed.planned_seconds))
    ended = "has not ended" if outage.ended is None else _window(outage.ended, notice)
    failures = ", ".join(f"{code}: {count}" for code, count in sorted(listed.failures.items()))
    return wrap(
        "table",
        (
            _row("Who was away", who),
            _row("Began", _window(outage.began, notice)),
            _row("Ended", ended),
            _row("At the least", _length(outage.certain(now))),
            _row("At the most", longest),
            _row("Announced before", planned if listed.planned_seconds else "no: unplanned"),
            _row("Known by", outage.measured_by),
            _row("Failed attempts before it counted", failures) if failures else "",
            _entries(listed.entries),
        ),
    )


def _downtime(listed: ListedDowntime, notice: OutageNotice) -> str:
    downtime = listed.downtime
    who = downtime.counterpart or "The gateway's own front door"
    over = "" if downtime.called_off is None else _row("Ended or called off", local(downtime.called_off, notice.zone))
    return wrap(
        "table",
        (
            _row("Who", who),
            _row("From", local(downtime.starts, notice.zone)),
            _row("To", local(downtime.ends, notice.zone)),
            _row("Announced", local(downtime.announced, notice.zone)),
            over,
            _row("Why", downtime.reason),
            _entries(listed.entries),
        ),
    )


def _entries(entries: tuple[EntryReference, ...]) -> str:
    told = [
        f"{entry.event.value}: entry <code>{escape(entry.entry_id)}</code>, leaf hash "
        f"<code>{entry.leaf_hash.hex()}</code>, "
        + ("waits for its place" if entry.seq is None else f"proof/{entry.seq}.tlog-proof")
        + ("" if entry.is_bound else " <strong>does not commit to this</strong>")
        for entry in entries
    ]
    return f"<tr><th>Ledger</th><td>{'<br>'.join(told)}</td></tr>"


def _window(window: Window, notice: OutageNotice) -> str:
    after = local(window.not_after, notice.zone)
    if window.not_before is None:
        return f"not after {after}; nothing is known of the time before"
    before = local(window.not_before, notice.zone)
    return after if before == after else f"between {before} and {after}"


def _length(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h {rest // 60} min {rest % 60} s"


def _row(name: str, text: str) -> str:
    return f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>"
