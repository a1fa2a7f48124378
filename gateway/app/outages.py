"""Outages and downtime as they are listed: read from their events, and put together into a notice."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.app.log_keys import origin_of
from gateway.app.outage_events import OutageWriter, is_bound, read_window
from gateway.core.instant import rfc3339
from gateway.core.office import OfficeCode
from gateway.core.outage import Downtime, Event, Outage, Subject, planned_seconds
from gateway.core.outage_notice import EntryReference, ListedDowntime, ListedOutage, OutageNotice
from gateway.ports import Clock
from gateway.settings import Settings
from gateway.store.ledger_read import Queryable
from gateway.store.outages import KeptEvent, PostgresOutages

__all__ = ["announce_downtime", "end_downtime", "make_notice", "read_listed"]

_Listed = tuple[tuple[ListedOutage, ...], tuple[ListedDowntime, ...]]


async def read_listed(
    database: Queryable,
    queries: Mapping[str, str],
    hosted: OfficeCode,
    *,
    since: datetime,
    until: datetime,
    at: datetime,
) -> _Listed:
    """Give the outages and downtimes that touch the time from `since` to `until`, oldest first.

    Deferred(DATABASE_UNAVAILABLE).
    """
    together: dict[str, dict[Event, KeptEvent]] = {}
    for event in await PostgresOutages(database, queries).events(hosted, since):
        together.setdefault(event.outage_id, {})[event.event] = event
    downtimes = [_downtime(events) for events in together.values() if Event.ANNOUNCED in events]
    told = [each.downtime for each in downtimes]
    outages = [_outage(events, told, at) for events in together.values() if Event.BEGAN in events]
    return (
        tuple(each for each in outages if _touches(each.outage, since, until)),
        tuple(each for each in downtimes if each.downtime.starts <= until and each.downtime.ends >= since),
    )


def make_notice(
    settings: Settings,
    hosted: OfficeCode,
    listed: _Listed,
    *,
    since: datetime,
    until: datetime,
    clock: Clock,
    notice_id: str,
) -> OutageNotice:
    """Put a notice together, as of now."""
    [office] = [item for item in settings.hosted if item.code == hosted]
    return OutageNotice(
        notice_id=notice_id,
        issuer=hosted,
        issuer_name=office.name,
        system=settings.front_door.public_url,
        origin=origin_of(settings, hosted),
        since=since,
        until=until,
        made_at=clock.now(),
        zone=ZoneInfo(office.time_zone),
        zone_name=office.time_zone,
        granularity_seconds=settings.outages.beat_seconds,
        outages=listed[0],
        downtimes=listed[1],
    )


async def announce_downtime(
    outages: PostgresOutages,
    writer: OutageWriter,
    hosted: OfficeCode,
    *,
    counterpart: str | None,
    starts: datetime,
    ends: datetime,
    reason: str,
    actor: str,
) -> str:
    """Say beforehand that the front door, or a counterpart, will be away; gives the downtime's id."""
    downtime_id = writer.new_id()
    members: dict[str, object] = {
        "counterpart": counterpart,
        "ends": rfc3339(ends),
        "reason": reason,
        "starts": rfc3339(starts),
        "subject": (Subject.DOOR if counterpart is None else Subject.LINK).value,
    }
    await outages.add(writer.event(hosted, downtime_id, Event.ANNOUNCED, members, actor=actor))
    return downtime_id


async def end_downtime(
    outages: PostgresOutages, writer: OutageWriter, hosted: OfficeCode, downtime_id: str, *, actor: str
) -> bool:
    """Say that a downtime is over, or does not happen; False if that was said before."""
    return await outages.add(writer.event(hosted, downtime_id, Event.CALLED_OFF, {}, actor=actor))


def _touches(outage: Outage, since: datetime, until: datetime) -> bool:
    starts = outage.began.not_before or outage.began.not_after
    return starts <= until and (outage.ended is None or outage.ended.not_after >= since)


def _outage(events: Mapping[Event, KeptEvent], downtimes: Sequence[Downtime], at: datetime) -> ListedOutage:
    began = _content(events[Event.BEGAN])
    ended = _content(events[Event.ENDED]) if Event.ENDED in events else None
    outage = Outage(
        outage_id=events[Event.BEGAN].outage_id,
        subject=Subject(began["subject"]),
        counterpart=began.get("counterpart"),
        adapter=began.get("adapter"),
        began=read_window(began),
        ended=None if ended is None else read_window(ended),
        measured_by=str(began["measuredBy"]),
    )
    return ListedOutage(
        outage=outage,
        planned_seconds=planned_seconds(outage, downtimes, at),
        failures=dict(began.get("reasons", {})),
        entries=_references(events),
    )


def _downtime(events: Mapping[Event, KeptEvent]) -> ListedDowntime:
    announced = events[Event.ANNOUNCED]
    content = _content(announced)
    return ListedDowntime(
        downtime=Downtime(
            downtime_id=announced.outage_id,
            subject=Subject(content["subject"]),
            counterpart=content["counterpart"],
            starts=datetime.fromisoformat(content["starts"]),
            ends=datetime.fromisoformat(content["ends"]),
            announced=announced.at,
            reason=str(content["reason"]),
            called_off=events[Event.CALLED_OFF].at if Event.CALLED_OFF in events else None,
        ),
        entries=_references(events),
    )


def _content(event: KeptEvent) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(event.content)
    return content


def _references(events: Mapping[Event, KeptEvent]) -> tuple[EntryReference, ...]:
    return tuple(
        EntryReference(
            event=event.event,
            entry_id=event.entry_id,
            leaf_hash=event.leaf_hash,
            seq=event.seq,
            is_bound=is_bound(event.content, event.leaf),
        )
        for event in events.values()
    )
