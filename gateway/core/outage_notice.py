"""An outage notice: what a hosted office's gateway observed of outages in a time, for whoever has to decide."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from gateway.core.office import OfficeCode
from gateway.core.outage import Downtime, Event, Outage

__all__ = ["STATEMENT", "EntryReference", "ListedDowntime", "ListedOutage", "OutageNotice"]

#: All that a notice claims.
STATEMENT = (
    "This is what the gateway observed. An outage is certain between the inner bounds of its begin and its end, and "
    "possible between the outer ones. It decides nothing about any time limit."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReference:
    """The ledger entry of one event; `seq` is its place in the log, None while it waits for one.

    `is_bound` says whether the entry commits to what is told here.
    """

    event: Event
    entry_id: str
    leaf_hash: bytes
    seq: int | None
    is_bound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOutage:
    """An outage with what is known of it; `failures` are attempts by Reason code before it counted as one."""

    outage: Outage
    planned_seconds: float
    failures: dict[str, int]
    entries: tuple[EntryReference, ...]

    def is_planned(self, now: datetime) -> bool:
        """Whether all of it was announced before."""
        possible = self.outage.possible(now)
        longest = (possible or self.outage.certain(now)).total_seconds()
        return self.planned_seconds > 0 and self.planned_seconds >= longest


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDowntime:
    """A downtime that was announced, with its entries."""

    downtime: Downtime
    entries: tuple[EntryReference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageNotice:
    """A notice: who makes it, of which system, for which time, in whose local time as well; `origin` names the log."""

    notice_id: str
    issuer: OfficeCode
    issuer_name: str
    system: str
    origin: str
    since: datetime
    until: datetime
    made_at: datetime
    zone: tzinfo
    zone_name: str
    granularity_seconds: float
    outages: tuple[ListedOutage, ...]
    downtimes: tuple[ListedDowntime, ...]
