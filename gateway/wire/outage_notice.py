"""Outage notices as XML, in canonical form and ready to be signed (schemas/outage-notice-1.xsd), and as JSON."""

import math
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any, Final

from gateway.core.instant import rfc3339
from gateway.core.outage import Window
from gateway.core.outage_notice import STATEMENT, EntryReference, ListedDowntime, ListedOutage, OutageNotice
from gateway.wire.markup import optional, tag, wrap

__all__ = ["OUTAGE_NOTICE", "listed_values", "local", "render_notice_json", "render_outage_notice"]

OUTAGE_NOTICE: Final = "urn:pouch:outage-notice:1"


def render_outage_notice(notice: OutageNotice) -> bytes:
    """Write an unsigned notice after schemas/outage-notice-1.xsd, in canonical form."""
    contents = (
        tag("Statement", STATEMENT),
        tag("NoticeId", notice.notice_id),
        tag("Issuer", notice.issuer),
        tag("IssuerName", notice.issuer_name),
        tag("System", notice.system),
        tag("Origin", notice.origin),
        tag("Since", rfc3339(notice.since)),
        tag("Until", rfc3339(notice.until)),
        tag("MadeAt", rfc3339(notice.made_at)),
        tag("TimeZone", notice.zone_name),
        tag("GranularitySeconds", f"{notice.granularity_seconds:.3f}"),
        *(_outage(each, notice) for each in notice.outages),
        *(_downtime(each) for each in notice.downtimes),
    )
    return f'<OutageNotice xmlns="{OUTAGE_NOTICE}">{"".join(contents)}</OutageNotice>'.encode()


def local(at: datetime, zone: tzinfo) -> str:
    """A moment in the issuer's time, to the millisecond, with its offset."""
    return at.astimezone(zone).isoformat(timespec="milliseconds")


def _outage(listed: ListedOutage, notice: OutageNotice) -> str:
    outage, now = listed.outage, notice.made_at
    possible = outage.possible(now)
    return wrap(
        "Outage",
        (
            tag("OutageId", outage.outage_id),
            tag("Subject", outage.subject.value),
            optional("Counterpart", outage.counterpart),
            optional("Adapter", outage.adapter),
            _window("Began", outage.began, notice.zone),
            "" if outage.ended is None else _window("Ended", outage.ended, notice.zone),
            tag("CertainSeconds", math.floor(outage.certain(now).total_seconds())),
            optional("PossibleSeconds", None if possible is None else math.ceil(possible.total_seconds())),
            tag("PlannedSeconds", math.floor(listed.planned_seconds)),
            tag("MeasuredBy", outage.measured_by),
            *(
                wrap("Failures", (tag("Reason", code), tag("Count", count)))
                for code, count in sorted(listed.failures.items())
            ),
            *_entries(listed.entries),
        ),
    )


def _downtime(listed: ListedDowntime) -> str:
    downtime = listed.downtime
    return wrap(
        "Downtime",
        (
            tag("DowntimeId", downtime.downtime_id),
            tag("Subject", downtime.subject.value),
            optional("Counterpart", downtime.counterpart),
            tag("Starts", rfc3339(downtime.starts)),
            tag("Ends", rfc3339(downtime.ends)),
            tag("AnnouncedAt", rfc3339(downtime.announced)),
            optional("EndedAt", None if downtime.called_off is None else rfc3339(downtime.called_off)),
            tag("Explanation", downtime.reason),
            *_entries(listed.entries),
        ),
    )


def _window(name: str, window: Window, zone: tzinfo) -> str:
    before = window.not_before
    return wrap(
        name,
        (
            optional("NotBefore", None if before is None else rfc3339(before)),
            tag("NotAfter", rfc3339(window.not_after)),
            optional("LocalNotBefore", None if before is None else local(before, zone)),
            tag("LocalNotAfter", local(window.not_after, zone)),
        ),
    )


def _entries(entries: Iterable[EntryReference]) -> list[str]:
    return [
        wrap(
            "Entry",
            (
                tag("Event", entry.event.value),
                tag("EntryId", entry.entry_id),
                tag("LeafHash", entry.leaf_hash.hex()),
                optional("Seq", entry.seq),
            ),
        )
        for entry in entries
    ]


def render_notice_json(notice: OutageNotice) -> dict[str, Any]:
    """The same as JSON, under the XML's names in lowerCamelCase; it is not signed."""
    return {
        "statement": STATEMENT,
        "noticeId": notice.notice_id,
        "issuer": notice.issuer,
        "issuerName": notice.issuer_name,
        "system": notice.system,
        "origin": notice.origin,
        "since": rfc3339(notice.since),
        "until": rfc3339(notice.until),
        "madeAt": rfc3339(notice.made_at),
        "timeZone": notice.zone_name,
        "granularitySeconds": notice.granularity_seconds,
        **listed_values(notice.outages, notice.downtimes, notice.made_at),
    }


def listed_values(
    outages: Iterable[ListedOutage], downtimes: Iterable[ListedDowntime], now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """Outages and downtimes as JSON values."""
    return {
        "outages": [_outage_value(each, now) for each in outages],
        "downtimes": [_downtime_value(each) for each in downtimes],
    }


def _outage_value(listed: ListedOutage, now: datetime) -> dict[str, Any]:
    outage = listed.outage
    possible = outage.possible(now)
    return {
        "outageId": outage.outage_id,
        "subject": outage.subject.value,
        "counterpart": outage.counterpart,
        "adapter": outage.adapter,
        "began": _window_value(outage.began),
        "ended": None if outage.ended is None else _window_value(outage.ended),
        "certainSeconds": outage.certain(now).total_seconds(),
        "possibleSeconds": None if possible is None else possible.total_seconds(),
        "plannedSeconds": listed.planned_seconds,
        "planned": listed.is_planned(now),
        "measuredBy": outage.measured_by,
        "failures": listed.failures,
        "entries": [_entry_value(entry) for entry in listed.entries],
    }


def _downtime_value(listed: ListedDowntime) -> dict[str, Any]:
    downtime = listed.downtime
    return {
        "downtimeId": downtime.downtime_id,
        "subject": downtime.subject.value,
        "counterpart": downtime.counterpart,
        "starts": rfc3339(downtime.starts),
        "ends": rfc3339(downtime.ends),
        "announcedAt": rfc3339(downtime.announced),
        "endedAt": None if downtime.called_off is None else rfc3339(downtime.called_off),
        "explanation": downtime.reason,
        "entries": [_entry_value(entry) for entry in listed.entries],
    }


def _window_value(window: Window) -> dict[str, str | None]:
    before = window.not_before
    return {"notBefore": None if before is None else rfc3339(before), "notAfter": rfc3339(window.not_after)}


def _entry_value(entry: EntryReference) -> dict[str, Any]:
    return {
        "event": entry.event.value,
        "entryId": entry.entry_id,
        "leafHash": entry.leaf_hash.hex(),
        "seq": entry.seq,
        "bound": entry.is_bound,
    }
