"""What the commands for outages and downtime do: open the database, read or write, sign the notice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from gateway.app.asking import asked_database
from gateway.app.opening import CannotOpen
from gateway.app.outage_events import OutageWriter
from gateway.app.outages import announce_downtime, end_downtime, make_notice, read_listed
from gateway.app.signing import HostSigner
from gateway.app.system import SystemClock, SystemRandomness
from gateway.core.office import OfficeCode
from gateway.core.outage_notice import OutageNotice
from gateway.settings import Settings, SettingsError
from gateway.store.outages import PostgresOutages
from gateway.wire.outage_notice import render_outage_notice
from pki.keys import UnusableKey, load_signing_key

__all__ = ["announce", "call_off", "make_outage_notice", "sign_outage_notice"]

#: Who writes a downtime's entry: whoever may run commands beside the gateway.
_ACTOR = "operator"


@contextmanager
def _readable() -> Iterator[None]:
    """CannotOpen where what is kept was changed so that it cannot even be read."""
    try:
        yield
    except (ValueError, KeyError, TypeError):
        raise CannotOpen(
            "what is kept of outages is not as it was written; `pouch ledger verify --db` names it"
        ) from None


async def make_outage_notice(settings: Settings, hosted: OfficeCode, since: datetime, until: datetime) -> OutageNotice:
    """Give what was observed in a time; CannotOpen, Deferred(DATABASE_UNAVAILABLE)."""
    clock = SystemClock()
    async with asked_database(settings) as (pool, queries):
        with _readable():
            listed = await read_listed(pool, queries, hosted, since=since, until=until, at=clock.now())
    notice_id = OutageWriter(clock, SystemRandomness()).new_id()
    return make_notice(settings, hosted, listed, since=since, until=until, clock=clock, notice_id=notice_id)


def sign_outage_notice(settings: Settings, notice: OutageNotice) -> bytes:
    """Write the notice as XML with the office's signature, by the key that signs receipts; SettingsError."""
    [office] = [item for item in settings.hosted if item.code == notice.issuer]
    try:
        key = load_signing_key(
            office.receipt_key or office.signing_key, office.receipt_certificate or office.signing_certificate
        )
    except (UnusableKey, OSError) as error:
        raise SettingsError(f"hosted.signing_key: {error}") from None
    return HostSigner(key, key).sign_document(render_outage_notice(notice))


async def announce(
    settings: Settings,
    hosted: OfficeCode,
    *,
    counterpart: str | None,
    starts: datetime,
    ends: datetime,
    reason: str,
) -> str:
    """Announce a downtime; gives its id. CannotOpen, Deferred(DATABASE_UNAVAILABLE)."""
    async with asked_database(settings) as (pool, queries):
        return await announce_downtime(
            PostgresOutages(pool, queries),
            OutageWriter(SystemClock(), SystemRandomness()),
            hosted,
            counterpart=counterpart,
            starts=starts,
            ends=ends,
            reason=reason,
            actor=_ACTOR,
        )


async def call_off(settings: Settings, hosted: OfficeCode, downtime_id: str) -> bool | None:
    """End a downtime; None if there is no such one that is not over, False if it was ended before."""
    now = SystemClock().now()
    async with asked_database(settings) as (pool, queries):
        with _readable():
            _, downtimes = await read_listed(
                pool, queries, hosted, since=now, until=datetime.max.replace(tzinfo=now.tzinfo), at=now
            )
        if downtime_id not in [each.downtime.downtime_id for each in downtimes]:
            return None
        writer = OutageWriter(SystemClock(), SystemRandomness())
        return await end_downtime(PostgresOutages(pool, queries), writer, hosted, downtime_id, actor=_ACTOR)
