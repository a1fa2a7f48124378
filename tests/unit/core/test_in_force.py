"""What changed is told by name; a picture tells nothing of a value."""

import hashlib
import json
from datetime import UTC, datetime

import pytest

from gateway.core.in_force import SALT_BYTES, STEPS, Kind, compare, read_picture, take_picture

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SALT, OTHER = bytes(SALT_BYTES), b"s" * SALT_BYTES
BEFORE = {"work.at_once": 16, "gateway.origin": "xa.example", "ledger.readers": ["XB"]}


def test_the_first_picture_is_a_change_of_everything():
    change = compare(Kind.TRUST, None, BEFORE, SALT)
    assert (change.before, change.added) == (None, ("gateway.origin", "ledger.readers", "work.at_once"))
    assert change.removed == change.altered == ()
    assert "before" not in change.digests(b"")


def test_nothing_changed_is_no_change_whatever_the_order_of_names():
    former = take_picture(BEFORE, SALT)
    assert compare(Kind.TRUST, former, dict(reversed(BEFORE.items())), OTHER) is None


def test_names_are_added_removed_and_altered():
    former = take_picture(BEFORE, SALT)
    now = {"work.at_once": 17, "gateway.origin": "xa.example", "ops.listen": "127.0.0.1:1"}
    change = compare(Kind.CONFIGURATION, former, now, OTHER)
    assert (change.added, change.removed, change.altered) == (("ops.listen",), ("ledger.readers",), ("work.at_once",))
    content = change.content(AT, "1.0")
    told = json.loads(content)
    assert (told["kind"], told["software"], told["before"]) == ("configuration", "1.0", former.sha256)
    digests = change.digests(content)
    assert digests == {
        "before": former.sha256,
        "after": hashlib.sha256(change.after.content).hexdigest(),
        "change": hashlib.sha256(content).hexdigest(),
    }


def test_a_value_that_moves_to_another_name_is_not_the_same():
    former = take_picture({"a": 1, "b": 2}, SALT)
    assert compare(Kind.TRUST, former, {"a": 2, "b": 1}, OTHER).altered == ("a", "b")


def test_a_picture_is_read_as_it_was_written_and_holds_no_value():
    picture = take_picture(BEFORE, OTHER)
    assert read_picture(picture.content) == picture
    assert b"xa.example" not in picture.content and hashlib.sha256(b'"xa.example"').hexdigest() not in str(picture)
    assert picture.digests != take_picture(BEFORE, SALT).digests


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"salt":"00"}', b'{"salt":"zz","digests":{}}'])
def test_what_is_no_picture_is_told(content):
    with pytest.raises(ValueError):
        read_picture(content)


def test_a_picture_takes_a_whole_salt():
    with pytest.raises(ValueError):
        take_picture({}, b"short")


def test_each_kind_has_a_step_of_its_own():
    assert STEPS.keys() == set(Kind) and len(set(STEPS.values())) == len(Kind)
