"""The digest over a request's business content: the same however it came, another for any other content."""

import hashlib
import json
import math
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path

import pytest
import rfc8785
from core_values import NOW, application, decision, deposit, head, listed, retrieval
from hypothesis import given
from hypothesis import strategies as st
from request_samples import OTHER_CODE, SAMPLES

from gateway.core.release import Condition
from gateway.core.request import REQUESTS, Release, canonical_json, payload_digest
from gateway.core.secret import Secret

GOLDEN = json.loads(Path(__file__).parents[2].joinpath("golden/leaf/payload_digests.json").read_text("utf-8"))

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
WRITTEN = st.recursive(
    st.one_of(st.booleans(), st.none(), st.integers(-(2**53) + 1, 2**53 - 1), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)


@given(WRITTEN)
def test_json_is_written_as_the_referee_writes_it(value):
    assert canonical_json(value) == rfc8785.dumps(value)


def test_every_kind_of_request_has_a_golden_digest():
    assert {type(request) for request in SAMPLES.values()} == set(REQUESTS)
    assert SAMPLES.keys() == GOLDEN.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_digests_are_what_they_always_were(name):
    """They stand in the ledger and in receipts: a change here breaks every honest repeat and every proof."""
    frozen = GOLDEN[name]
    assert hashlib.sha256(frozen["content"].encode()).hexdigest() == frozen["sha256"], "the file is damaged"
    assert payload_digest(SAMPLES[name]).hex() == frozen["sha256"]
    assert rfc8785.dumps(json.loads(frozen["content"])).decode() == frozen["content"]


def variations(value):
    """Every value that differs in one member, somewhere within."""
    if is_dataclass(value):
        for field in fields(value):
            for other in variations(getattr(value, field.name)):
                yield f"{field.name}.{other[0]}", replace(value, **{field.name: other[1]})
    elif isinstance(value, tuple):
        yield "less", value[1:]
        for place, item in enumerate(value):
            for other in variations(item):
                yield f"{place}.{other[0]}", (*value[:place], other[1], *value[place + 1 :])
    else:
        yield "other", another(value)


def another(value):
    match value:
        case bool():
            return not value
        case Enum():
            members = list(type(value))
            return members[(members.index(value) + 1) % len(members)] if len(members) > 1 else value
        case datetime():
            return value + timedelta(microseconds=1)
        case date():
            return value + timedelta(days=1)
        case int():
            return value + 1
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
        case str():
            return value + "x"
        case Secret():
            return Secret("Z9y8")
        case None:
            return None
    raise TypeError(value)


#: What is not the sender's word on the matter: bytes stand by their digest, a code is in no digest, a normal form is
#: ours, and of the kinds of documents there is only one yet.
SILENT = ("content.other", "access_code.other", "normal.other", "kind.other")


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith("in full") or name in ("release", "hold")])
def test_every_member_counts_but_what_is_not_said(name):
    request = SAMPLES[name]
    seen = {payload_digest(request)}
    for place, other in variations(request):
        digest = payload_digest(other)
        if other == request and not place.endswith(SILENT):
            continue  # a member that is not set
        assert (digest in seen) is place.endswith(SILENT), place
        seen.add(digest)


@pytest.mark.parametrize("name", OTHER_CODE)
def test_an_access_code_is_in_no_digest(name):
    assert payload_digest(OTHER_CODE[name]) == payload_digest(SAMPLES[name])


def test_inline_or_as_a_part_is_all_the_same():
    inline, part = deposit(), deposit(documents=(listed(content=None),))
    assert payload_digest(inline) == payload_digest(part)


def test_a_number_s_normal_form_is_ours_and_may_change():
    assert payload_digest(deposit(application=application(normal="2026/123"))) == payload_digest(deposit())


def test_a_moment_is_the_same_in_every_zone():
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    releases = [
        Release(head=head(), exchange_id="e", decisions=(decision(Condition.FEE, decided_at=at),))
        for at in (NOW, there)
    ]
    assert payload_digest(releases[0]) == payload_digest(releases[1])


def test_requests_of_different_kinds_never_meet():
    assert len({payload_digest(request) for request in SAMPLES.values()}) == len(SAMPLES)


@pytest.mark.parametrize("value", [1.5, math.nan, {"a": 1}, ["a"], object()])
def test_what_has_no_form_is_a_bug_and_not_a_digest(value):
    with pytest.raises(TypeError, match="has no place in a digest"):
        payload_digest(retrieval(own_number=value))


def test_a_time_without_zone_is_not_digested():
    naive = decision(Condition.FEE, decided_at=datetime(2026, 11, 22))
    with pytest.raises(ValueError, match="without zone"):
        payload_digest(Release(head=head(), exchange_id="e", decisions=(naive,)))
    assert NOW.tzinfo is UTC
