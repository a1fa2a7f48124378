"""A notice is canonical as written, valid by its schema, and says what is not known."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.core.office import OfficeCode
from gateway.core.outage import Downtime, Event, Outage, Subject, Window
from gateway.core.outage_notice import EntryReference, ListedDowntime, ListedOutage, OutageNotice
from gateway.wire import xml
from gateway.wire.outage_notice import OUTAGE_NOTICE, render_notice_json, render_outage_notice
from gateway.wire.outage_page import render_outage_page
from gateway.wire.schema import validate

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
AN_ID = "01920000-0000-7000-8000-000000000001"


def at(minutes):
    return NOON + timedelta(minutes=minutes)


def entry(event, seq=7, *, bound=True):
    return EntryReference(event=event, entry_id=AN_ID, leaf_hash=b"\x11" * 32, seq=seq, is_bound=bound)


def listed(subject=Subject.DOOR, *, before=0, ended=True, planned=0.0, counterpart=None, bound=True):
    outage = Outage(
        outage_id=AN_ID,
        subject=subject,
        counterpart=counterpart,
        adapter="das" if counterpart else None,
        began=Window(not_before=None if before is None else at(before), not_after=at(1)),
        ended=Window(not_before=at(59), not_after=at(60)) if ended else None,
        measured_by="machine clock",
    )
    entries = (entry(Event.BEGAN, bound=bound), entry(Event.ENDED, None)) if ended else (entry(Event.BEGAN),)
    return ListedOutage(outage=outage, planned_seconds=planned, failures={"5001": 5}, entries=entries)


def notice(*outages, name="Office <XA> & sons"):
    downtime = Downtime(
        downtime_id=AN_ID,
        subject=Subject.LINK,
        counterpart="IB",
        starts=at(0),
        ends=at(90),
        announced=at(-60),
        reason="A <new> disk",
        called_off=at(80),
    )
    return OutageNotice(
        notice_id=AN_ID,
        issuer=OfficeCode("XA"),
        issuer_name=name,
        system="https://xa.example",
        origin="xa.example/ledger",
        since=at(-60),
        until=at(120),
        made_at=at(120),
        zone=ZoneInfo("Europe/Zurich"),
        zone_name="Europe/Zurich",
        granularity_seconds=5.0,
        outages=outages,
        downtimes=(ListedDowntime(downtime=downtime, entries=(entry(Event.ANNOUNCED),)),),
    )


ALL = notice(
    listed(),
    listed(Subject.DATABASE, planned=600.0),
    listed(Subject.LINK, before=None, counterpart="IB"),
    listed(ended=False),
)


@pytest.mark.parametrize("written", [ALL, notice()])
def test_it_is_canonical_and_valid(written):
    content = render_outage_notice(written)
    root = xml.parse(content)
    assert xml.canonical(root) == content
    validate(root, OUTAGE_NOTICE)


def test_both_bounds_are_told_in_utc_and_local_time():
    content = render_outage_notice(notice(listed())).decode()
    assert "<NotBefore>2026-11-23T12:00:00.000000Z</NotBefore><NotAfter>2026-11-23T12:01:00.000000Z" in content
    assert "<LocalNotBefore>2026-11-23T13:00:00.000+01:00</LocalNotBefore>" in content
    assert "<CertainSeconds>3480</CertainSeconds><PossibleSeconds>3600</PossibleSeconds>" in content


def test_what_is_not_known_is_left_out_and_what_lasts_has_no_end():
    content = render_outage_notice(notice(listed(before=None))).decode()
    assert "<PossibleSeconds>" not in content and "<NotBefore>" not in content.partition("<Ended>")[0]
    content = render_outage_notice(notice(listed(ended=False))).decode()
    assert "<Ended>" not in content and "<CertainSeconds>7140</CertainSeconds>" in content


def test_the_page_says_the_same_in_words_and_holds_no_markup_of_others():
    page = render_outage_page(ALL).decode()
    for words in (
        "Office &lt;XA&gt; &amp; sons",
        "A &lt;new&gt; disk",
        "between 2026-11-23T13:00:00.000+01:00 and 2026-11-23T13:01:00.000+01:00",
        "nothing is known of the time before",
        "has not ended",
        "0 h 58 min 0 s",
        "proof/7.tlog-proof",
        "waits for its place",
        "no: unplanned",
        "0 h 10 min 0 s",
    ):
        assert words in page
    assert "does not commit" not in page and "<script" not in page
    assert "does not commit to this" in render_outage_page(notice(listed(bound=False))).decode()


def test_json_says_whether_all_of_it_was_planned():
    values = render_notice_json(notice(listed(planned=3600.0), listed(planned=3599.0), listed()))["outages"]
    assert [each["planned"] for each in values] == [True, False, False]
    assert values[0]["entries"][1] == {
        "event": "ended",
        "entryId": AN_ID,
        "leafHash": "11" * 32,
        "seq": None,
        "bound": True,
    }
