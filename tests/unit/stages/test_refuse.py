"""Turning away is evidence: one by one for those who are known, in numbers for a crowd of strangers."""

import json
from datetime import timedelta

import pytest
from core_values import NOW, XA, XB

from gateway.core.reason import Deferred, Reason, Refused
from gateway.stages.receive import Encounter
from gateway.stages.refuse import Crowd, refuse, tell_crowd

MINUTE = timedelta(minutes=1)
UNSIGNED = Refused(Reason.SIGNATURE_MISSING)


def stranger(source="192.0.2.1", door="soap"):
    return Encounter(door=door, source=source)


def entries(bench):
    return [json.loads(entry.leaf[1:]) for entry in bench.store.entries]


@pytest.mark.parametrize("error", [Refused(Reason.NOT_ENTITLED, "/place"), Deferred(Reason.DISK_NEARLY_FULL)])
async def test_a_known_sender_s_refusals_are_all_written(bench, error):
    crowd = Crowd(per_minute=1)
    for _ in range(3):
        await refuse(error, Encounter(door="rest", source="192.0.2.1", office=XB, hosted=XB), crowd, bench.line)
    assert [(e["kind"], e["office"], e["actor"], e["outcome"]) for e in entries(bench)] == [
        ("refused", XB, XB, error.reason.code)
    ] * 3
    assert bench.meter.told.count(("refused", error.reason.code, "rest")) == 3
    assert crowd.leave(NOW, everybody=True) == []


async def test_strangers_are_written_up_to_a_rate_and_then_counted(bench):
    crowd = Crowd(per_minute=2)
    for _ in range(10):
        await refuse(UNSIGNED, stranger(), crowd, bench.line)
    assert len(entries(bench)) == 2
    assert {(e["actor"], e["office"], "count" in e) for e in entries(bench)} == {("unproven at soap", XA, False)}
    await tell_crowd(crowd, bench.line)
    assert len(entries(bench)) == 2, "their minute is not over"
    bench.clock.pass_by(MINUTE)
    await tell_crowd(crowd, bench.line)
    assert [(e["outcome"], e["count"]) for e in entries(bench)[2:]] == [("2001", 8)]
    assert ("refusals_counted", "2001", "soap", 8) in bench.meter.told
    assert bench.meter.told.count(("refused", "2001", "soap")) == 10
    await tell_crowd(crowd, bench.line, everybody=True)
    assert len(entries(bench)) == 3, "told once"


async def test_a_source_is_forgotten_after_its_minute(bench):
    crowd = Crowd(per_minute=1)
    for _ in range(2):
        await refuse(UNSIGNED, stranger(), crowd, bench.line)
        bench.clock.pass_by(MINUTE)
        await tell_crowd(crowd, bench.line)
    assert len(entries(bench)) == 2
    assert all("count" not in entry for entry in entries(bench)), "none was left uncounted, so none is told"


def test_each_source_reason_and_door_has_its_own_rate():
    crowd = Crowd(per_minute=1)
    ways = [("a", Reason.NOT_XML, "soap"), ("b", Reason.NOT_XML, "soap"), ("a", Reason.NOT_JSON, "soap")]
    ways.append(("a", Reason.NOT_XML, "rest"))
    assert [crowd.admits(*way, NOW) for way in ways] == [True] * 4
    assert [crowd.admits(*way, NOW) for way in ways] == [False] * 4
    told = crowd.leave(NOW, everybody=True)
    assert sorted((reason.code, door, count) for reason, door, count in told) == [
        ("3001", "rest", 1),
        ("3001", "soap", 2),
        ("3009", "soap", 1),
    ]


def test_however_many_sources_there_are_the_crowd_stays_small():
    crowd = Crowd(per_minute=1)
    admitted = sum(crowd.admits(f"2001:db8::{n:x}", Reason.NOT_XML, "soap", NOW) for n in range(20_000))
    assert admitted <= 4097, "beyond the limit all strangers count as one"
    ((reason, door, count),) = crowd.leave(NOW, everybody=True)
    assert (reason, door, count) == (Reason.NOT_XML, "soap", 20_000 - admitted)
    assert crowd.admits("2001:db8::1", Reason.NOT_XML, "soap", NOW), "and then it begins anew"


async def test_a_database_that_is_away_is_no_second_failure(bench):
    bench.store.away = True
    crowd = Crowd(per_minute=1)
    for _ in range(2):
        await refuse(UNSIGNED, stranger(), crowd, bench.line)
    await tell_crowd(crowd, bench.line, everybody=True)
    assert entries(bench) == []
    assert bench.meter.names() == ["refused", "refused", "refusals_counted"]


async def test_nothing_of_a_stranger_s_message_is_kept(bench):
    await refuse(Refused(Reason.SCHEMA_VIOLATION, "/secret"), stranger("198.51.100.7"), Crowd(9), bench.line)
    (entry,) = bench.store.entries
    assert b"secret" not in entry.leaf and b"198.51" not in entry.leaf
    assert (entry.exchange_id, bench.store.messages, bench.store.exchanges) == (None, {}, {})
