"""Who was away is told once, with entries, never for a clock or a chore; the notice is signed and says what is sure."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from click.testing import CliRunner

from gateway.__main__ import main
from gateway.app.attendance import Attendance
from gateway.app.housekeeping import _measure_outages
from gateway.app.outages import read_listed
from gateway.app.watched_links import WatchedLinks
from gateway.core.outage import Subject
from gateway.core.reason import Reason
from gateway.wire import xml
from gateway.wire.outage_notice import OUTAGE_NOTICE
from gateway.wire.schema import validate
from pki.__main__ import main as pki

LINK = ("XA", "IB", "das")
AWAY = Reason.REMOTE_UNREACHABLE


class Seconds:
    """A clock of seconds since the machine's start that the test turns."""

    now = 100_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def seconds():
    return Seconds()


def links_of(house, seconds):
    return WatchedLinks(house.gateway.counterparts, house.gateway.line.clock, seconds=seconds)


@pytest.fixture
def attend(house, seconds):
    """Makes processes that say that they live."""
    made = []

    def make(links=None, *, door=True):
        links = links or links_of(house, seconds)
        made.append(Attendance(house.gateway, house.dsn, links, door=door, seconds=seconds))
        return made[-1]

    yield make
    for each in made:
        each.close()


async def listed(house, hosted="XA"):
    now = datetime.now(UTC)
    since, until = now - timedelta(days=1), now + timedelta(days=1)
    return await read_listed(house.gateway.pool, house.gateway.queries, hosted, since=since, until=until, at=now)


async def outages(house, hosted="XA"):
    return [each.outage for each in (await listed(house, hosted))[0]]


async def age(house, by):
    """Let the last sign of life have been so long ago, by both clocks."""
    await house.gateway.pool.execute(
        "UPDATE sign_of_life SET at = at - $1 * interval '1 s', seconds = seconds - $1", float(by)
    )


async def test_the_first_start_and_a_short_restart_are_no_outage(house, seconds, attend):
    for _ in range(3):
        assert await attend().beat()
        seconds.now += 15
    assert await outages(house) == []


async def test_a_gateway_that_was_away_tells_it_once_for_each_office(house, seconds, attend):
    await attend().beat()
    await age(house, 600)
    crew = [attend() for _ in range(5)]
    assert all(await asyncio.gather(*(each.beat() for each in crew)))
    for hosted in ("XA", "XB"):
        [found] = await outages(house, hosted)
        assert found.subject is Subject.DOOR and found.measured_by == "machine clock"
        assert found.possible(datetime.now(UTC)).total_seconds() == pytest.approx(600, abs=1)
        assert found.certain(datetime.now(UTC)).total_seconds() == pytest.approx(590, abs=2)
    steps = "SELECT step FROM ledger_entry WHERE hosted = 'XA' ORDER BY step"
    assert [row["step"] for row in await house.gateway.pool.fetch(steps)] == ["outage-began", "outage-ended"]
    [outage] = (await listed(house))[0]
    assert [entry.is_bound for entry in outage.entries] == [True, True]


async def test_a_stop_in_order_is_known_to_the_moment(house, seconds, attend):
    former = attend()
    await former.beat()
    await former.farewell()
    await age(house, 60)
    await attend().beat()
    [found] = await outages(house)
    assert found.began.not_before == found.began.not_after


@pytest.mark.parametrize("jump", [3600, -3600])
async def test_a_clock_that_was_set_makes_nobody_absent(house, seconds, jump, attend):
    running = attend()
    await running.beat()
    shift = "UPDATE sign_of_life SET at = at - $1 * interval '1 s'"
    await house.gateway.pool.execute(shift, float(jump))
    seconds.now += 5
    assert await running.beat()
    await house.gateway.pool.execute(shift, float(jump))
    assert await attend().beat()
    assert await outages(house) == []


async def test_a_late_beat_of_a_living_process_is_no_outage(house, seconds, attend):
    running = attend()
    await running.beat()
    for _ in range(60):
        seconds.now += 5
        running.tick()
    assert await running.beat()
    assert await outages(house) == []


async def test_a_process_that_was_stopped_was_not_serving(house, seconds, attend):
    running = attend()
    await running.beat()
    seconds.now += 300
    running.tick()
    await running.beat()
    assert [found.subject for found in await outages(house)] == [Subject.DOOR]


async def test_a_database_that_was_away_is_told_when_it_is_back(house, seconds, database, attend):
    running = attend()
    await running.beat()
    superuser = await asyncpg.connect(database.superuser.reveal())
    await superuser.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'pouch signs of life'"
    )
    await superuser.close()
    seconds.now += 6
    running.tick()
    assert not await running.beat()
    for _ in range(60):
        seconds.now += 5
        running.tick()
    assert await running.beat()
    [found] = await outages(house)
    assert found.subject is Subject.DATABASE
    assert (found.began.not_after - found.began.not_before).total_seconds() == pytest.approx(6, abs=0.1)
    seconds.now += 5
    assert await running.beat() and len(await outages(house)) == 1


async def test_a_link_is_away_after_failures_in_a_row_and_until_the_next_answer(house, seconds, attend):
    links = links_of(house, seconds)
    running = attend(links, door=False)
    links.saw(LINK, None)
    await running.beat()
    for _ in range(4):
        links.saw(LINK, AWAY)
        seconds.now += 100
        await running.beat()
    assert await outages(house) == []  # long enough, and not often enough
    links.saw(LINK, Reason.REMOTE_BUSY)
    await running.beat()
    [found] = await outages(house)
    assert (found.subject, found.counterpart, found.adapter, found.ended) == (Subject.LINK, "IB", "das", None)
    assert found.began.not_before < found.began.not_after
    assert (await listed(house))[0][0].failures == {"5001": 4, "5002": 1}
    await _measure_outages(house.gateway)
    registry = house.gateway.meter.registry
    assert registry.get_sample_value("pouch_outages_unplanned", {"office": "XA", "subject": "link"}) == 1
    links.saw(LINK, AWAY)
    await running.beat()
    links.saw(LINK, Reason.NOT_REGISTERED)  # an answer
    await running.beat()
    [found] = await outages(house)
    assert found.ended.not_before < found.ended.not_after
    links.saw(LINK, None)
    await running.beat()
    assert len(await outages(house)) == 1


async def test_often_is_not_long(house, seconds, attend):
    links = links_of(house, seconds)
    running = attend(links, door=False)
    for _ in range(50):
        links.saw(LINK, AWAY)
    seconds.now += 10
    await running.beat()
    assert await outages(house) == []


async def test_an_answer_to_another_process_counts(house, seconds, attend):
    ours, theirs = links_of(house, seconds), links_of(house, seconds)
    we, they = attend(ours, door=False), attend(theirs, door=False)
    for _ in range(6):
        ours.saw(LINK, AWAY)
        await we.beat()
        theirs.saw(LINK, None)
        await they.beat()
        seconds.now += 100
    assert await outages(house) == []


async def test_several_processes_begin_and_end_it_once(house, seconds, attend):
    crew = [links_of(house, seconds) for _ in range(4)]
    running = [attend(links, door=False) for links in crew]
    for reason in (AWAY, AWAY, None):
        for links in crew:
            links.saw(LINK, reason)
            links.saw(LINK, reason)
        seconds.now += 200
        await asyncio.gather(*(each.beat() for each in running))
    [found] = await outages(house)
    assert found.ended is not None
    for each in running:
        await each.farewell()


@pytest.fixture
def pouch(house, monkeypatch):
    monkeypatch.setenv("POUCH_DATABASE_DSN", house.dsn.reveal())

    async def run(*words, code=0):
        words = [*words, "-c", str(house.folder / "pouch.toml"), "--json"]
        done = await asyncio.to_thread(CliRunner().invoke, main, words)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout) if code == 0 else done.output

    return run


def moment(hours):
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


async def test_planned_downtime_is_told_apart_and_the_notice_is_signed(house, seconds, pouch, tmp_path, attend):
    said = await pouch(
        "downtime", "announce", "--from", moment(-0.001), "--to", moment(2), "--reason", "A new disk & more."
    )
    former = attend()
    await former.beat()
    await former.farewell()
    await age(house, 600)  # it seems to have begun before it was announced
    await attend().beat()
    [outage] = (await pouch("outages"))["outages"]
    assert not outage["planned"] and outage["plannedSeconds"] < 600
    await house.order()
    file = tmp_path / "notice.xml"
    told = await pouch("outages", "-o", str(file), "--from", moment(-5), "--to", moment(5))
    assert [each["downtimeId"] for each in told["downtimes"]] == [said["downtimeId"]]
    assert [entry["seq"] is not None and entry["bound"] for entry in told["outages"][0]["entries"]] == [True, True]
    validate(xml.parse(file.read_bytes()), OUTAGE_NOTICE)
    [certificate] = house.folder.glob("keys/*signing*.pem")
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(await asyncio.to_thread(pki, ["verify", str(file), "--certificate", str(certificate)]))
    assert ended.value.code == 0
    file.write_bytes(file.read_bytes().replace(b"A new disk", b"An old disk"))
    assert await asyncio.to_thread(pki, ["verify", str(file), "--certificate", str(certificate)]) == 1
    page = tmp_path / "notice.html"
    await pouch("outages", "-o", str(page), "--to", moment(5))
    assert "A new disk &amp; more." in page.read_text() and "proof/" in page.read_text()
    assert (await pouch("downtime", "end", said["downtimeId"]))["ended"] is True
    assert (await pouch("downtime", "end", said["downtimeId"]))["ended"] is False


async def test_an_outage_within_what_was_announced_is_planned(house, database, attend, pouch):
    await pouch("downtime", "announce", "--from", moment(-2), "--to", moment(2), "--reason", "Moving.")
    superuser = await asyncpg.connect(database.superuser.reveal())
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute("UPDATE outage_event SET at = at - interval '3 hours'")  # it was said long before
    await superuser.close()
    await attend().beat()
    await age(house, 600)
    await attend().beat()
    [found] = (await listed(house))[0]
    assert found.is_planned(datetime.now(UTC)) and found.planned_seconds >= 600
    await _measure_outages(house.gateway)
    unplanned = {"office": "XA", "subject": "door"}
    assert house.gateway.meter.registry.get_sample_value("pouch_outages_unplanned", unplanned) == 0


async def test_what_was_made_unreadable_is_told_and_no_notice_is_made_of_it(house, attend, database, pouch):
    await attend().beat()
    await age(house, 600)
    await attend().beat()
    superuser = await asyncpg.connect(database.superuser.reveal())
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute("UPDATE outage_event SET content = '{}'")
    await superuser.close()
    assert "not as it was written" in await pouch("outages", code=1)


@pytest.mark.parametrize(
    "words",
    [
        ("downtime", "announce", "--from", "tomorrow", "--to", "2026-11-24T10:00", "--reason", "x"),
        ("downtime", "announce", "--from", "2026-11-24T10:00", "--to", "2026-11-24T10:00", "--reason", "x"),
        ("downtime", "announce", "--from", "2026-11-24T10:00", "--to", "2026-11-24T11:00", "--reason", ""),
        ("downtime", "announce", "--from", "2026-11-24T10:00", "--to", "2026-11-24T11:00", "--reason", "a\nb"),
        ("downtime", "announce", "--from", "2026-11-24T10:00", "--to", "2026-11-24T11:00", "--reason", "x",
         "--counterpart", "ZZ"),
        ("downtime", "end", "1"),
        ("outages", "--from", "2026-11-24T10:00", "--to", "2026-11-23T10:00"),
        ("outages", "-o", "notice.pdf"),
    ],
)  # fmt: skip
async def test_bad_words_are_a_usage_error(pouch, words):
    await pouch(*words, code=2)


async def test_what_is_not_there_cannot_be_ended_and_who_is_not_hosted_makes_no_notice(pouch):
    assert "no such downtime" in await pouch("downtime", "end", "0192f0c1-0000-7000-8000-000000000000", code=1)
    assert "not hosted here" in await pouch("outages", "--office", "XC", code=1)
