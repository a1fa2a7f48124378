"""Keys print as people write them, wrap as IPAS takes them, and come back as the same keys or not at all."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from adapters.ipas.keys import DocumentKey, FileKey, LogKey
from adapters.ipas.values import plain

FILE = FileKey(seq="XX", type="P", series=2026, number=123)
DOCUMENT = DocumentKey(origin="3", log="E", series=2026, number=456)


def received(wrapped):
    """What a key looks like in an answer: doubles are floats there."""
    return plain(
        {
            name: {"doubleValue": float(value["doubleValue"])} if isinstance(value, dict) else value
            for name, value in wrapped.items()
        }
    )


def test_keys_print_as_people_write_them():
    assert (str(FILE), str(DOCUMENT)) == ("XX/P/2026/123", "3/E/2026/456")
    assert DocumentKey.parse("3/E/2026/456") == DOCUMENT


@pytest.mark.parametrize("text", ["", "3/E/2026", "3/E/2026/x", "3//2026/1", "3/E/2026/456/7", "3/E/2026/-1"])
def test_what_is_no_printed_key_is_none(text):
    assert DocumentKey.parse(text) is None


def test_a_key_comes_back_as_it_went():
    assert FileKey.read(received(FILE.wrap())) == FILE
    assert DocumentKey.read(received(DOCUMENT.wrap())) == DOCUMENT


@pytest.mark.parametrize("key", [FILE, DOCUMENT])
def test_a_key_with_a_part_missing_is_no_key(key):
    whole = received(key.wrap())
    for name in whole:
        assert type(key).read(whole | {name: None}) is None
        assert type(key).read({part: whole[part] for part in whole if part != name}) is None
    assert type(key).read(None) is None


def test_a_log_begins_at_midnight_of_the_office():
    log = LogKey(day=date(2026, 7, 1), origin="3", log="E", zone=ZoneInfo("America/New_York"))
    wrapped = log.wrap()
    assert wrapped["dailyLogDate"]["dateValue"].isoformat() == "2026-07-01T00:00:00-04:00"
    assert (wrapped["docLog"], wrapped["docOrigin"]) == ("E", "3")
