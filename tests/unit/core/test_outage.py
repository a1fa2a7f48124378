"""Silence is an outage only where nobody was alive, whatever the clocks say; planned is what was said before."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.outage import (
    Beat,
    Downtime,
    Outage,
    OwnWatch,
    Subject,
    Window,
    find_silence,
    planned_seconds,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIMIT = {"limit": 20.0, "beat": 5.0, "opened": 0.5}


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def beat(seconds, *, clock=None, boot="one", orderly=False):
    return Beat(at=at(seconds if clock is None else clock), boot=boot, seconds=float(seconds), orderly=orderly)


def own(since, *, failed=None, frozen=1.0):
    return OwnWatch(since=since, failed=failed, frozen=frozen)


def test_the_very_first_sign_of_life_ends_nothing():
    assert find_silence(None, beat(1000), None, **LIMIT) is None


def test_a_short_restart_is_no_outage():
    assert find_silence(beat(0), beat(19), None, **LIMIT) is None


def test_a_gateway_that_died_was_away_between_its_last_sign_and_its_new_door():
    found = find_silence(beat(0), beat(600), None, **LIMIT)
    assert found.subject is Subject.DOOR and found.measured_by == "machine clock"
    assert found.began == Window(not_before=at(0), not_after=at(10))
    assert found.ended == Window(not_before=at(599.5), not_after=at(600))


def test_a_gateway_that_was_stopped_in_order_knows_its_end():
    found = find_silence(beat(0, orderly=True), beat(600), None, **LIMIT)
    assert found.began == Window(not_before=at(0), not_after=at(0))


def test_a_power_cut_is_measured_by_the_database_and_says_so():
    found = find_silence(beat(5000, clock=0, boot="one"), beat(40, clock=7200, boot="two"), None, **LIMIT)
    assert found.began.not_before == at(0) and found.ended.not_after == at(7200)
    assert "restart of the machine" in found.measured_by


@pytest.mark.parametrize("jump", [3600, -3600, 86400 * 365])
def test_a_clock_that_was_set_is_no_outage(jump):
    assert find_silence(beat(0), beat(5, clock=5 + jump), own(5.0), **LIMIT) is None
    # also where the sign before came from another machine, whose seconds say nothing here
    assert find_silence(beat(7, clock=0, boot="other"), beat(900, clock=jump), own(5.0), **LIMIT) is None
    # and over a restart of the gateway on the same machine
    assert find_silence(beat(0), beat(5, clock=5 + jump), None, **LIMIT) is None


def test_a_clock_that_was_set_while_the_gateway_was_away_does_not_change_how_long_it_was():
    found = find_silence(beat(0), beat(600, clock=600 + 3600), None, **LIMIT)
    assert found.ended.not_after - found.began.not_before == timedelta(seconds=600)
    assert find_silence(beat(0), beat(600, clock=-3600), None, **LIMIT).subject is Subject.DOOR


def test_a_clock_that_went_back_over_a_restart_tells_of_no_outage():
    assert find_silence(beat(900, clock=0, boot="one"), beat(5, clock=-60, boot="two"), None, **LIMIT) is None


def test_a_late_sign_of_a_process_that_was_alive_is_no_outage():
    assert find_silence(beat(0), beat(300), own(300.0), **LIMIT) is None


def test_another_process_that_was_alive_is_enough():
    assert find_silence(beat(298), beat(300), own(300.0, failed=290.0, frozen=290.0), **LIMIT) is None


def test_a_database_that_took_nothing_was_away_not_the_door():
    found = find_silence(beat(0), beat(300), own(300.0, failed=294.0), **LIMIT)
    assert found.subject is Subject.DATABASE
    assert found.began == Window(not_before=at(0), not_after=at(6))
    assert found.ended == Window(not_before=at(290), not_after=at(300))


def test_a_process_that_did_nothing_at_all_was_not_serving():
    found = find_silence(beat(0), beat(300), own(300.0, frozen=296.0), **LIMIT)
    assert found.subject is Subject.DOOR
    assert found.began == Window(not_before=at(0), not_after=at(10)) and found.ended.not_after == at(300)


@pytest.mark.parametrize("silence", [20, 21, 25, 3600])
def test_windows_are_in_order(silence):
    for mine in (None, own(float(silence), failed=1.0), own(float(silence), frozen=float(silence))):
        found = find_silence(beat(0), beat(silence), mine, **LIMIT)
        assert found.began.not_before <= found.began.not_after <= found.ended.not_after
        assert found.ended.not_before <= found.ended.not_after


def outage(start=0, end=3600, subject=Subject.DOOR, counterpart=None):
    return Outage(
        outage_id="1",
        subject=subject,
        counterpart=counterpart,
        adapter=None,
        began=Window(not_before=at(start), not_after=at(start + 10)),
        ended=None if end is None else Window(not_before=at(end - 5), not_after=at(end)),
        measured_by="machine clock",
    )


def downtime(start, end, *, announced=-7200, called_off=None, subject=Subject.DOOR, counterpart=None):
    return Downtime(
        downtime_id="2",
        subject=subject,
        counterpart=counterpart,
        starts=at(start),
        ends=at(end),
        announced=at(announced),
        reason="a new disk",
        called_off=None if called_off is None else at(called_off),
    )


def test_certain_and_possible_length():
    assert outage().certain(at(9999)) == timedelta(seconds=3585)
    assert outage().possible(at(9999)) == timedelta(seconds=3600)
    assert outage(end=None).certain(at(50)) == timedelta(seconds=40)
    short = outage(end=6)
    assert short.certain(at(9999)) == timedelta()


@pytest.mark.parametrize(
    ("announced", "planned"),
    [
        ([], 0),
        ([downtime(-600, 7200)], 3600),
        ([downtime(0, 1800)], 1800),
        ([downtime(0, 1800), downtime(900, 2700)], 2700),  # what overlaps counts once
        ([downtime(0, 3600, announced=3000)], 600),  # said afterwards is not planned
        ([downtime(0, 3600, announced=7200)], 0),
        ([downtime(0, 3600, called_off=600)], 600),
        ([downtime(0, 3600, called_off=-600)], 0),
        ([downtime(0, 3600, subject=Subject.LINK, counterpart="IB")], 0),
    ],
)
def test_planned_is_what_was_announced_before(announced, planned):
    assert planned_seconds(outage(), announced, at(9999)) == planned


def test_a_partners_downtime_is_that_partners_and_ours_explains_our_database():
    link = outage(subject=Subject.LINK, counterpart="IB")
    assert planned_seconds(link, [downtime(0, 60, subject=Subject.LINK, counterpart="IB")], at(9999)) == 60
    assert planned_seconds(link, [downtime(0, 60, subject=Subject.LINK, counterpart="XB")], at(9999)) == 0
    assert planned_seconds(link, [downtime(0, 60)], at(9999)) == 0
    assert planned_seconds(outage(subject=Subject.DATABASE), [downtime(0, 60)], at(9999)) == 60
