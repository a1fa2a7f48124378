"""The table of metrics: names that Prometheus takes, labels that are closed lists."""

import re

import pytest

from monitoring.metrics import FAMILIES, OTHER, Bounds, Limited, bounded

BOUNDS = Bounds(
    operations=frozenset({"DepositPriorityDocument"}),
    offices=frozenset({"XA"}),
    counterparts=frozenset({"IB"}),
    reasons=frozenset({"3012"}),
    tasks=frozenset({"place"}),
)


def test_a_value_off_its_list_becomes_other() -> None:
    assert bounded("IB", BOUNDS.counterparts) == "IB"
    assert bounded("QX7A", BOUNDS.counterparts) == OTHER


def test_names_are_unique_prefixed_and_well_formed() -> None:
    names = [family.name for family in FAMILIES]
    assert len(set(names)) == len(names) > 10
    assert all(re.fullmatch(r"pouch_[a-z]+(_[a-z]+)*", name) for name in names)
    assert not [name for name in names if name.endswith(("_total", "_bucket", "_sum", "_count"))]


def test_every_label_has_a_closed_list_and_every_help_is_a_sentence() -> None:
    for family in FAMILIES:
        assert family.help[0].isupper() and family.help.endswith(".")
        for label in family.labels:
            if label not in {"version", "python"}:  # ours alone: written once at start from constants
                assert "x" * 60 not in BOUNDS.of(label)


def test_a_histogram_is_named_after_its_unit_and_its_buckets_rise() -> None:
    for family in FAMILIES:
        if family.kind == "histogram":
            assert family.name.endswith("_seconds")
            assert list(family.buckets) == sorted(set(family.buckets))


@pytest.mark.parametrize("text", ["", "two words", "a\nb", "9", "x" * 41, "é", "a=b", "<html>"])
def test_a_limited_list_takes_no_free_text(text: str) -> None:
    assert text not in Limited(10)


def test_a_limited_list_is_full_at_its_limit_and_keeps_what_it_has() -> None:
    words = Limited(2)
    assert "UserdocReceive" in words and "status" in words
    assert "third" not in words
    assert "status" in words
