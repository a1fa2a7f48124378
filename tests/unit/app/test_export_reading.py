"""Entries read back from an export: in order, from any place, and none that is not ours."""

from datetime import UTC, datetime

import pytest

from gateway.app.export_reading import ExportUnusable, read_entries
from gateway.core.entry import make_entry
from gateway.core.exchange import Step
from gateway.wire.tlog_tiles import bundles_of, render_bundle

AT = datetime(2026, 11, 23, 12, 0, 0, 7, tzinfo=UTC)
AN_ID = "01920000-0000-7000-8000-{:012x}"


def entry(number, office="XA"):
    return make_entry(
        entry_id=AN_ID.format(number),
        hosted=office,
        exchange_id=AN_ID.format(9999) if number % 2 else None,
        step=Step.DEPOSITED,
        at=AT,
        salt=bytes(16),
        actor=office,
    )


ENTRIES = [entry(number) for number in range(600)]


def write(folder, entries):
    for bundle in bundles_of(len(entries)):
        first = bundle.index * 256
        path = folder / bundle.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(render_bundle([each.leaf for each in entries[first : first + bundle.width]]))


@pytest.mark.parametrize(("start", "end"), [(0, 600), (0, 0), (255, 257), (256, 512), (599, 600), (300, 580), (7, 8)])
def test_entries_are_those_that_were_written(tmp_path, start, end):
    write(tmp_path, ENTRIES)
    found = list(read_entries(tmp_path, "XA", start, end))
    assert [each.leaf for each in found] == [each.leaf for each in ENTRIES[start:end]]
    for read, written in zip(found, ENTRIES[start:end], strict=True):
        assert (read.entry_id, read.exchange_id, read.step) == (written.entry_id, written.exchange_id, "deposited")
        assert (read.at, read.leaf_hash) == (AT, written.leaf_hash)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "cannot be read"),
        (lambda path: path.write_bytes(render_bundle([entry(1, "XB").leaf] * 256)), "entry 256 is none of XA"),
        (lambda path: path.write_bytes(render_bundle([b"\x01nonsense"] * 256)), "entry 256 is none of ours"),
        (lambda path: path.write_bytes(render_bundle([b""] * 256)), "entry 256 is none of ours"),
        (lambda path: path.write_bytes(render_bundle([b'\x01{"id":"1"}'] * 256)), "entry 256 is none of ours"),
    ],
)
def test_what_is_none_of_ours_is_refused(tmp_path, spoil, says):
    write(tmp_path, ENTRIES)
    spoil(tmp_path / "tile" / "entries" / "001")
    with pytest.raises(ExportUnusable, match=says):
        list(read_entries(tmp_path, "XA", 0, 600))
