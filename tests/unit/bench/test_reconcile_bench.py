"""The reconcile bench: what it writes, and that it claims nothing but what it found."""

import pytest

from gateway.bench.book_rows import ACCESSING, DEPOSITING, ranges_without
from gateway.bench.plan import BenchFailed
from gateway.bench.reconcile import ReconcileFigures, expect_found, run_reconcile


@pytest.mark.parametrize(
    ("lost", "ranges"),
    [(None, [(1, 9)]), (5, [(1, 4), (6, 9)]), (1, [(2, 9)]), (9, [(1, 8)]), (10, [(1, 9)])],
)
def test_all_numbers_are_written_but_the_one_that_is_lost(lost, ranges):
    assert ranges_without(lost, 1, 9) == ranges


def test_the_two_sides_are_each_others_partners():
    assert (DEPOSITING.office, DEPOSITING.partner) == (ACCESSING.partner, ACCESSING.office)


def found(*differences):
    return {"books": [{"differences": [{"kind": kind, "number": number} for kind, number in differences]}]}


def test_exactly_the_two_differences_must_be_found():
    lost, altered = ("missing-here", "XA 2026/00000003"), ("altered", "XA 2026/00000005")
    assert expect_found(found(altered, lost), 3, 5) == {"missing-here": [lost[1]], "altered": [altered[1]]}
    for wrong in (found(lost), found(lost, altered, ("altered", "XA 2026/00000006")), found(("altered", lost[1]))):
        with pytest.raises(BenchFailed, match="found"):
            expect_found(wrong, 3, 5)


async def test_fewer_than_three_cannot_differ_in_two(tmp_path):
    with pytest.raises(BenchFailed, match="at least three"):
        await run_reconcile(2, tmp_path, lambda *_: None)


def test_figures_are_told_by_name():
    figures = ReconcileFigures(
        exchanges=9,
        seconds=1.23456,
        own_cpu_seconds=0.5,
        partner_cpu_seconds=0.25,
        traffic_bytes=36060,
        peak_rss_mib=88.04,
        partner_growth_mib=18.0,
        found={"altered": ["XA 2026/00000007"]},
    )
    told = figures.as_json()
    assert (told["seconds"], told["traffic_bytes"], told["peak_rss_mib"]) == (1.235, 36060, 88.0)
    assert told["found"] == {"altered": ["XA 2026/00000007"]}
