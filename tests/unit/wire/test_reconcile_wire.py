"""Reconciliation on the line: one form for each text, and no other is read."""

import hashlib
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.reconcile import Book, Standing, Statement
from gateway.wire.reconcile import (
    MOST_ASKED,
    MOST_BUCKETS,
    AnsweredBody,
    AskedBody,
    BucketsBody,
    DocumentBody,
    LeafBody,
    StandingBody,
    parse_answer,
    parse_leaves,
    parse_moment,
    parse_statement,
    render_answer,
    render_leaves,
    render_moment,
    render_statement,
)
from gateway.wire.tlog_checkpoint import parse_checkpoint
from gateway.wire.tlog_tiles import MalformedLog

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ROOT = hashlib.sha256(b"root").digest()
STATEMENT = Statement(origin="xa.example/ledger", partner="XB", book=Book.GIVEN, at=AT, documents=1_000_000, root=ROOT)
TEXT = (
    "xa.example/ledger/reconcile/XB\npouch-reconcile/v1 given 2026-11-23T09:30Z\n1000000\n"
    "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"
)
DOCUMENT = DocumentBody(kind="priority-document", office_code="XA", right="patent", normal="XA20261", sha256=ROOT.hex())
ASKED = AskedBody(documents=[DOCUMENT], leaves=[LeafBody(bucket=7, leaf=ROOT.hex())])
CAME = msgspec.json.encode(ASKED)
ANSWERED = AnsweredBody(documents=[StandingBody(standing=Standing.SAME)], leaves=[None])


def read(text, *, origin="xa.example/ledger", partner="XB"):
    return parse_statement(text, origin=origin, partner=partner)


def read_answer(text, *, book=Book.GIVEN, at=AT, asked=ASKED):
    return parse_answer(text, origin="xa.example/ledger", partner="XB", book=book, at=at, asked=asked)


def test_a_statement_has_one_form():
    assert render_statement(STATEMENT) == TEXT
    assert read(render_statement(STATEMENT)) == STATEMENT


def test_a_statement_is_no_checkpoint_of_any_log():
    with pytest.raises(MalformedLog):
        parse_checkpoint(render_statement(STATEMENT))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("/XB", "/XC"),
        lambda text: text.replace("xa.", "xz."),
        lambda text: text.replace("given", "lent"),
        lambda text: text.replace("v1", "v2"),
        lambda text: text.replace("1000000", "01000000"),
        lambda text: text.replace("09:30Z", "9:30Z"),
        lambda text: text.replace("09:30Z", "09:30:00Z"),
        lambda text: text + "more\n",
        lambda text: text[:-1],
        lambda text: text.replace("=\n", "\n"),
        lambda text: text.replace(" given ", "  given "),
    ],
)
def test_another_text_is_no_statement(change):
    changed = change(render_statement(STATEMENT))
    with pytest.raises(MalformedLog):
        read(changed)


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2100, 1, 1)))
def test_every_moment_is_read_back(at):
    at = at.replace(second=0, microsecond=0, tzinfo=UTC)
    assert parse_moment(render_moment(at)) == at


@given(st.lists(st.integers(0, 5), max_size=8))
def test_leaves_are_read_back(counts):
    buckets = [bytes([count]) * 32 * count for count in counts]
    assert parse_leaves(render_leaves(buckets), len(buckets)) == buckets


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\0", b"\0\0\0\1" + bytes(31), bytes(4) + b"x", b"\xff\xff\xff\xff" + bytes(32), bytes(8)]
)
def test_leaves_that_are_not_all_there_or_too_many_are_refused(content):
    with pytest.raises(MalformedLog):
        parse_leaves(content, 1)


def test_an_answer_is_read_back():
    text = render_answer("xa.example/ledger", "XB", Book.GIVEN, AT, CAME, ANSWERED)
    assert read_answer(text) == ANSWERED


@pytest.mark.parametrize(
    "other",
    [
        {"book": Book.TAKEN},
        {"at": AT.replace(minute=31)},
        {"asked": AskedBody(documents=[DOCUMENT])},
    ],
)
def test_the_answer_to_another_question_is_refused(other):
    text = render_answer("xa.example/ledger", "XB", Book.GIVEN, AT, CAME, ANSWERED)
    with pytest.raises(MalformedLog, match="answers another question"):
        read_answer(text, **other)


@pytest.mark.parametrize(
    "answered",
    [
        AnsweredBody(documents=[], leaves=[None]),
        AnsweredBody(documents=ANSWERED.documents * 2, leaves=[None]),
        AnsweredBody(documents=ANSWERED.documents, leaves=[]),
    ],
)
def test_an_answer_of_another_length_is_refused(answered):
    text = render_answer("xa.example/ledger", "XB", Book.GIVEN, AT, CAME, answered)
    with pytest.raises(MalformedLog, match="more or less"):
        read_answer(text)


def test_an_answer_that_is_no_json_is_refused():
    text = render_answer("xa.example/ledger", "XB", Book.GIVEN, AT, CAME, ANSWERED)
    for broken in (text.replace('"same"', '"perhaps"'), text.replace("{", "", 1), text.replace("[null]", "[7]")):
        with pytest.raises(MalformedLog, match="cannot be read"):
            read_answer(broken)


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        (BucketsBody, {"buckets": []}),
        (BucketsBody, {"buckets": list(range(MOST_BUCKETS + 1))}),
        (BucketsBody, {"buckets": [65536]}),
        (BucketsBody, {"buckets": [-1]}),
        (BucketsBody, {"buckets": [1], "more": 1}),
        (AskedBody, {"leaves": [{"bucket": 1, "leaf": "0" * 64}] * (MOST_ASKED + 1)}),
        (AskedBody, {"leaves": [{"bucket": 1, "leaf": "0" * 63}]}),
        (AskedBody, {"leaves": [{"bucket": 1, "leaf": "A" * 64}]}),
        (AskedBody, {"documents": [{"kind": "x"}]}),
    ],
)
def test_questions_are_bounded(shape, body):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(body), type=shape)
