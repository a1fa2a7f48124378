"""The package bench: what it measures is what a gateway would read, and it claims nothing but what it found."""

import pytest

from gateway.bench.package import Taken, run_package, write_document
from gateway.bench.plan import BenchFailed


def test_a_document_is_as_large_as_asked_and_little_more():
    for size in (3000, 5000, 20_000):
        assert size <= len(write_document(size)) <= size + 500


def test_figures_are_of_millions_of_bytes():
    told = Taken(seconds=2.0, cpu_seconds=0.5, growth_mib=1.26).rate(300_000_000)
    assert told == {"seconds": 2.0, "mb_per_second": 150.0, "cpu_mb_per_second": 600.0, "growth_mib": 1.3}


def test_every_kind_is_measured_and_leaves_nothing_behind(tmp_path):
    told = []
    figures = run_package(1 << 21, tmp_path, lambda what, done, of: told.append(what))
    assert told == ["a document", "pddp", "archive", "xml_signature", "cms_signature"]
    assert all(figures[name]["mb_per_second"] > 0 for name in told[1:])
    assert figures["document"]["bytes"] >= 5000
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_none_is_told(tmp_path):
    with pytest.raises(BenchFailed, match="--dir"):
        run_package(1 << 21, tmp_path / "missing", lambda *_: None)
