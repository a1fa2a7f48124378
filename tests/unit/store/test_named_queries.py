"""Named queries: what a file of statements may look like, and that the gateway's own is one."""

import pytest

from gateway.store.named_queries import load_queries, split_queries

TWO = """-- Head of the file.

-- name: find_exchange
-- Why it is so.
SELECT *  -- all of it
FROM exchange;

-- name: ping
SELECT 1
"""


def test_statements_are_split_by_name_and_keep_it():
    assert split_queries(TWO) == {
        "find_exchange": "/* find_exchange */ SELECT *  -- all of it\nFROM exchange",
        "ping": "/* ping */ SELECT 1",
    }


def test_the_mapping_cannot_be_changed():
    with pytest.raises(TypeError):
        split_queries(TWO)["ping"] = "DROP TABLE exchange"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SELECT 1;\n-- name: ping\nSELECT 1;", "before the first"),
        ("-- name: ping\nSELECT 1;\n-- name: ping\nSELECT 2;", "two statements are named ping"),
        ("-- name: ping\n-- nothing but a comment\n", "ping has no statement"),
        ("-- name: ping\n;\n", "ping has no statement"),
        ("-- name: Ping me\nSELECT 1;", "not a name"),
        ("-- name:\nSELECT 1;", "not a name"),
    ],
)
def test_what_is_wrong_is_told(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        split_queries(text)


def test_the_gateways_own_statements_load():
    assert load_queries()["ping"].startswith("/* ping */ SELECT")
