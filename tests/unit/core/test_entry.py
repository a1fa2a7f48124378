"""Ledger leaves: their form is for ever, they are small, and they name nobody and nothing."""

import hashlib
import json
from datetime import datetime
from pathlib import Path

import pytest
import rfc8785
from core_values import EXCHANGE_ID, NOW, XA
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.entry import LEAF_LIMIT, make_entry
from gateway.core.exchange import Step

GOLDEN = json.loads(Path(__file__).parents[2].joinpath("golden/leaf/leaves.json").read_text("utf-8"))
GIVEN = {
    "entry_id": "019abc00-0000-7000-8000-0000000000ff",
    "hosted": XA,
    "exchange_id": EXCHANGE_ID,
    "step": Step.DEPOSITED,
    "at": NOW,
    "salt": bytes(16),
    "actor": "XA",
}


def entry(**changes):
    return make_entry(**GIVEN | changes)


def remade(given):
    times_and_words = {
        "at": datetime.fromisoformat(given["at"]),
        "step": Step(given["step"]),
        "salt": bytes.fromhex(given["salt"]),
    }
    return make_entry(**given | times_and_words)


@pytest.mark.parametrize("vector", GOLDEN, ids=lambda vector: vector["name"])
def test_leaves_are_what_they_always_were(vector):
    made = remade(vector["given"])
    assert made.leaf.hex() == vector["leaf"]
    assert made.leaf_hash.hex() == vector["leaf_hash"]


@pytest.mark.parametrize("vector", GOLDEN, ids=lambda vector: vector["name"])
def test_a_leaf_can_be_checked_by_anybody_from_its_bytes(vector):
    leaf = bytes.fromhex(vector["leaf"])
    assert leaf[0] == 1, "the version of the form"
    assert rfc8785.dumps(json.loads(leaf[1:])) == leaf[1:]
    assert hashlib.sha256(b"\x00" + leaf).hexdigest() == vector["leaf_hash"], "RFC 6962, 2.1"


def test_vectors_of_many_kinds_are_frozen():
    assert {Step(vector["given"]["step"]) for vector in GOLDEN} == set(Step)


@pytest.mark.parametrize("step", Step)
def test_a_leaf_says_what_happened(step):
    made = entry(step=step, outcome="5010", digests={"payload": "00" * 32}, count=7)
    assert json.loads(made.leaf[1:]) == {
        "actor": "XA",
        "at": "2026-11-22T12:00:00.000000Z",
        "count": 7,
        "digests": {"payload": "00" * 32},
        "exchange": EXCHANGE_ID,
        "id": GIVEN["entry_id"],
        "kind": step.value,
        "office": "XA",
        "outcome": "5010",
        "salt": "00" * 16,
    }
    assert (made.entry_id, made.hosted, made.exchange_id, made.step, made.at) == (
        GIVEN["entry_id"],
        "XA",
        EXCHANGE_ID,
        step,
        NOW,
    )


def test_what_is_not_known_is_not_written():
    assert json.loads(entry(exchange_id=None).leaf[1:]).keys() == {
        "actor",
        "at",
        "id",
        "kind",
        "office",
        "outcome",
        "salt",
    }


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_the_salt_keeps_equal_happenings_apart(one, other):
    assert (entry(salt=one).leaf_hash == entry(salt=other).leaf_hash) is (one == other)


def test_a_leaf_beyond_the_limit_is_a_bug():
    shortest = len(entry(actor="").leaf)
    assert len(entry(actor="x" * (LEAF_LIMIT - shortest)).leaf) == LEAF_LIMIT
    with pytest.raises(ValueError, match="4 KiB"):
        entry(actor="x" * (LEAF_LIMIT - shortest + 1))


def test_the_hash_is_of_a_leaf_and_not_of_a_node():
    made = entry()
    assert made.leaf_hash == hashlib.sha256(b"\x00" + made.leaf).digest()
    assert made.leaf_hash != hashlib.sha256(made.leaf).digest()
