"""Commitments: what a leaf says of persons can be opened by who has the salt, and guessed by nobody."""

import hashlib
import hmac
import json

import pytest
from core_values import EXCHANGE_ID, NOW, XA, decision, deposit, head
from hypothesis import given
from hypothesis import strategies as st
from request_samples import SAMPLES

from gateway.core.commitment import PREFIX, commit, opens, personal_values
from gateway.core.entry import LEAF_LIMIT, make_entry
from gateway.core.exchange import Step
from gateway.core.release import Condition
from gateway.core.request import Release

SALT = bytes(range(32))


def test_a_commitment_is_what_it_always_was():
    """RFC 2104 with SHA-256; the value was computed with `openssl dgst -sha256 -mac HMAC -macopt hexkey:...`."""
    made = commit("applicant-email", b"applicant@example.org", salt=SALT)
    assert made.digest.hex() == "b66286e999694013ac3a76140a90a4e6dc11d60c604ae4c2dfae81004ab1baa2"
    assert made.digest == hmac.new(SALT, b"applicant@example.org", hashlib.sha256).digest()


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(min_size=32, max_size=32))
def test_it_opens_for_its_value_and_salt_alone(value, other, salt):
    made = commit("by", value, salt=SALT).digest.hex()
    assert opens(made, salt=SALT, value=value)
    assert opens(made, salt=SALT, value=other) is (other == value)
    assert opens(made, salt=salt, value=value) is (salt == SALT)


@pytest.mark.parametrize("salt", [b"", bytes(16), bytes(33)])
def test_a_short_salt_is_none(salt):
    with pytest.raises(ValueError, match="32 bytes"):
        commit("by", b"M. Clerk", salt=salt)


def test_a_salt_is_shown_by_no_repr():
    assert "salt" not in repr(commit("by", b"M. Clerk", salt=SALT))


def test_what_requests_say_of_persons_is_named():
    found = {name: personal_values(request) for name, request in SAMPLES.items()}
    assert personal_values(deposit(applicant_email="a@b.example")) == {"applicant-email": b"a@b.example"}
    decisions = (decision(Condition.FEE), decision(Condition.FEE, by="Ü", basis="§ 5"))
    assert personal_values(Release(head=head(), exchange_id=EXCHANGE_ID, decisions=decisions)) == {
        "decision.1.by": b"clerk",
        "decision.1.basis": b"form 7",
        "decision.2.by": "Ü".encode(),
        "decision.2.basis": "§ 5".encode(),
    }
    assert found["withdrawal in full"] == {"explanation": b"order 7"}
    assert found["withdrawal"] == found["retrieval in full"] == found["inquiry"] == {}
    told = {name for name, values in found.items() if "explanation" in values}
    assert told == {"correction", "replacement", "withdrawal in full", "hold", "hold of the office"}


def test_the_largest_release_fits_into_a_leaf():
    decisions = tuple(decision(Condition.FEE, by="x" * 200, basis="x" * 500) for _ in range(8))
    values = personal_values(Release(head=head(), exchange_id=EXCHANGE_ID, decisions=decisions))
    made = make_entry(
        entry_id=EXCHANGE_ID,
        hosted=XA,
        exchange_id=EXCHANGE_ID,
        step=Step.DECIDED,
        at=NOW,
        salt=bytes(16),
        actor="XA",
        digests={"message": "00" * 32, "documents": "00" * 32},
        commitments=[commit(name, value, salt=SALT) for name, value in {"payload": b"", **values}.items()],
    )
    assert len(made.leaf) < LEAF_LIMIT
    written = json.loads(made.leaf[1:])["digests"]
    assert {f"{PREFIX}{name}" for name in ("payload", *values)} | {"message", "documents"} == written.keys()
    assert [each.name for each in made.commitments] == ["payload", *values]
